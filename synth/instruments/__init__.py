"""Instruments besides bundles: the door for installed packages, and the SoundFont player behind it."""
