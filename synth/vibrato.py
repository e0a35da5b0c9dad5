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
    used = {channel: notes.channels[channel] for channel in set(channels)}
    if not any(state.modulation or state.pressure for state in used.values()) and not slots["pressure"].any():
        return 0.0
    wheel = np.array([used[channel].modulation for channel in channels]) / 127.0
    pressure = np.array([used[channel].pressure for channel in channels]) / 127.0
    depth = DEPTH_SEMITONES * (wheel + np.maximum(pressure, slots["pressure"]))
    return np.asarray(depth * _triangle((frames - slots["onset"]) * (RATE_HZ / notes.rate_hz)))


def _triangle(cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """A triangle wave between -1 and 1 that rises from 0."""
    return np.asarray(1.0 - np.abs(4.0 * ((cycles + 0.25) % 1.0) - 2.0))
