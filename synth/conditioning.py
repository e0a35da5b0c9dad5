"""Conditioning: the note table written as the numbers that the spectrogram stage reads, one row a slot.

Third link of the chain. The layout is part of a bundle's contract: `FEATURES` names the columns in order.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .notes import HELD
from .stretch import Stretch

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


def write_conditioning(stretch: Stretch, out: NDArray[np.float32]) -> None:
    """Write each hop of the stretch as it stands at its end into `out`, `(hops, slots, len(FEATURES))`.

    Rows of slots that are not in use stay as they are: hand over zeros.
    """
    slots, ends = stretch.slots, stretch.borders[1:, None]
    rows = np.empty((stretch.hops, len(slots), len(FEATURES)), np.float32)
    pressure = np.maximum(stretch.of_channels("pressure") / 127.0, slots["pressure"])
    columns = (
        1.0,
        slots["program"],
        slots["key"],
        stretch.bends,
        slots["velocity"],
        np.minimum(ends - slots["onset"], slots["settle"]),
        np.where(slots["release"] == HELD, -1, ends - slots["release"]),
        stretch.of_channels("gain_db"),
        stretch.of_channels("modulation") / 127.0,
        pressure,
        stretch.of_channels("sustain") / 127.0,
        stretch.levels_db[1:],
    )
    for number, column in enumerate(columns):
        rows[..., number] = column
    out[:, stretch.index] = rows
