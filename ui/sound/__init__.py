"""See the sound: scrolling mel frames, spectrum and waveform, meters."""
