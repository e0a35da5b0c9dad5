"""The settings: audio device, MIDI inputs, the sampler, the look."""
