"""The panel. Imports `neume.synth` only."""
