"""The controls that all views share: knobs, faders, switches, meters, the learning of MIDI controllers."""
