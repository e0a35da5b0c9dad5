"""Pitches: how the notes of a chord move from pitch to pitch in a stretch, and which wavetables sound them.

Beside the excitation. The pitch that a note has reached is kept in its slot, so that bends glide on from it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chord import Chord
from .stretch import Stretch
from .voices import KEYS

OCTAVE_BELOW: Final = -6.0  # semitones: a tuning below this is an organ's low stop


class Glide(NamedTuple):
    """The notes' pitches in the hops of a stretch, `(notes, hops)`, or `(notes, 1)` for all hops alike."""

    hz: NDArray[np.float64]  # at each hop's begin
    change_hz: NDArray[np.float64] | None  # over each hop, None if nothing glides
    rows: NDArray[np.int32]  # of the wavetables: the highest key that the note touches; organs behind keys


class _Rest:
    """Of a chord: its pitches while nothing moves them, vibrato left out. `reached`: whether the notes are
    there already."""

    def __init__(self, chord: Chord) -> None:
        slots = chord.slots
        self.organ = (slots["tuning"] < OCTAVE_BELOW) & ~slots["drum"]
        self.base = slots["key"] + slots["tuning"]
        self.pitch = pitch = (self.base + chord.bend)[:, None]
        self.glide = Glide(_hz(pitch), None, _rows(pitch, self.organ))
        self.reached = False


def advance_pitches(stretch: Stretch) -> Glide:
    """How the pitches move during a stretch; what they reach is kept in the note tables."""
    chord, kept = stretch.chord, stretch.chord.ensemble.slots["pitch"]
    rest = chord.kept(_Rest)
    if rest.reached and stretch.vibrato is None:
        return rest.glide
    pitch = np.empty((len(chord), stretch.hops))
    pitch[:] = rest.pitch if stretch.vibrato is None else (rest.base + (chord.bend + stretch.vibrato)).T
    before = np.empty_like(pitch)
    first = kept[chord.index]
    before[:, 0] = np.where(np.isnan(first), pitch[:, 0], first)
    before[:, 1:] = pitch[:, :-1]
    kept[chord.index] = pitch[:, -1]
    if stretch.vibrato is None:
        rest.reached = True
        if (before[:, 0] == pitch[:, 0]).all():
            return rest.glide
    hz = _hz(before)
    return Glide(hz, _hz(pitch) - hz, _rows(np.maximum(before, pitch), rest.organ))


def _hz(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def _rows(pitch: NDArray[np.float64], organ: NDArray[np.bool_]) -> NDArray[np.int32]:
    key = np.minimum(np.maximum(np.ceil(pitch), 0), KEYS - 1)
    return np.asarray(key + KEYS * organ[:, None], np.int32)
