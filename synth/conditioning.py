"""Conditioning: the note table written as the numbers that the spectrogram stage reads, one row a slot.

Third link of the chain. The layout is part of a bundle's contract: `FEATURES` names the columns in order.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .chord import Chord
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


BEND, AGE, RELEASE_AGE, LEVEL = map(
    FEATURES.index, ("bend_semitones", "age_samples", "release_age_samples", "level_db")
)


def write_conditioning(stretch: Stretch, out: NDArray[np.float32]) -> None:
    """Write each hop of the stretch as it stands at its end into `out`, `(streams, hops, slots,
    len(FEATURES))`, or without `streams` for a single one.

    Rows of slots that are not in use stay as they are: hand over zeros.
    """
    chord = stretch.chord
    rows = np.empty((len(chord), stretch.hops, len(FEATURES)), np.float32)
    rows[:] = chord.kept(_lasting)
    if stretch.vibrato is not None:
        rows[..., BEND] = (chord.bend + stretch.vibrato).T
    rows[..., AGE : RELEASE_AGE + 1] = np.maximum(stretch.ages[:, 1:], -1).T
    rows[..., LEVEL] = stretch.levels_db[1:].T
    out.reshape(-1, *out.shape[-3:])[chord.streams, :, chord.places] = rows


def _lasting(chord: Chord) -> NDArray[np.float32]:
    """A row for each note with what lasts as long as the chord, `(notes, 1, len(FEATURES))`."""
    slots = chord.slots
    rows = np.empty((len(chord), 1, len(FEATURES)), np.float32)
    columns = (
        1.0,
        slots["program"],
        slots["key"],
        chord.bend,
        slots["velocity"],
        0.0,
        -1.0,
        chord.gain_db,
        chord.modulation,
        chord.pressure,
        chord.sustain,
        0.0,
    )
    for number, column in enumerate(columns):
        rows[:, 0, number] = column
    return rows
