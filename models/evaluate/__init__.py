"""Evaluation: how close a bundle comes to the reference rendering of the same MIDI."""
