"""Vibrato: how far modulation wheel and pressure move a note's pitch at one moment.

The conditioning tells the models of it, the excitation sounds it. The oscillator starts with each note and
has the shape and rate of a SoundFont player's vibrato, which the models are trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .notes import NoteTable

RATE_HZ: Final = 8.176  # SoundFont 2.04, section 8.1.3: the default of freqVibLFO
DEPTH_SEMITONES: Final = 0.5  # of wheel and pressure each, at full (SoundFont 2.04, sections 8.4.2 and 8.4.3)


def vibrato_semitones(
    notes: NoteTable, slots: NDArray[np.void], channels: Sequence[int], frames: NDArray[np.int64]
) -> NDArray[np.float64] | float:
    """Offset of the pitch of each of `slots`, played on `channels`, at samples `frames` `(frames, 1)`:
    `(frames, notes)`, or 0 if nothing moves."""
    controls = [notes.controls(channel) for channel in channels]
    modulation = np.array([said.modulation for said in controls])
    pressure = np.array([said.pressure for said in controls])
    depths = vibrato_depths(modulation, np.maximum(pressure, slots["pressure"]))
    return (
        0.0
        if depths is None
        else offsets_semitones(depths, np.asarray(frames - slots["onset"], np.float64), notes.rate_hz)
    )


def vibrato_depths(
    modulation: NDArray[np.float64], pressure: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """How far wheel and pressure, 0 to 1, move each note's pitch, in semitones; None if nothing moves."""
    if not (modulation.any() or pressure.any()):
        return None
    return DEPTH_SEMITONES * (modulation + pressure)


def offsets_semitones(
    depths: NDArray[np.float64], ages: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float64]:
    """Offset of each note's pitch at so many samples from its onset; `ages` is `(frames, notes)`."""
    return np.asarray(depths * _triangle(ages * (RATE_HZ / rate_hz)))


def _triangle(cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """A triangle wave between -1 and 1 that rises from 0."""
    return np.asarray(1.0 - np.abs(4.0 * ((cycles + 0.25) % 1.0) - 2.0))
