"""The transport: MIDI files through the rack, recording, keeping, rendering."""
