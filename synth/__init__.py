"""The player: MIDI events in, audio blocks out. Imports no other room and never torch."""
