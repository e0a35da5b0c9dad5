"""Conditioning: the numbers that the spectrogram stage reads of each slot of the note table, one row a slot.

The layout is part of a bundle's contract: `FEATURES` names the columns in order. `hop_kernel` writes them.
"""

from __future__ import annotations

from typing import Final

FEATURES: Final = (
    "active",  # 1 for a slot in use; a slot that is not has zeros everywhere
    "program",  # 0 to 127; 128 is the drum kit
    "key",  # 0 to 127
    "bend_semitones",  # with vibrato
    "velocity",  # 1 to 127
    "age_samples",  # from the onset to the end of the frame, or until the voice has settled; at least 1
    "release_age_samples",  # from the release to the end of the frame; -1 while held
    "gain_db",  # channel volume and expression
    "modulation",  # 0 to 1
    "pressure",  # 0 to 1, the larger of channel and key pressure
    "sustain",  # 0 to 1, pedal position
    "level_db",  # the voice table's estimate: velocity, decay and release, without gain
)
