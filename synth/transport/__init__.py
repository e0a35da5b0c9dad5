"""The transport: a MIDI file that plays through the live rack, beside whoever plays along."""
