"""Real recordings as training data: published data sets, and folders of MIDI files with their recordings."""
