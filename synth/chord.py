"""The chord: the notes of all streams that sound together, with all that stays as it is until the next event.

Between the note tables and the stretches that are written from them. Most blocks bring no event, so what is
gathered here once serves many blocks; and what is worked out for a note is worked out for all streams at
once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from .notes import HELD, SILENT_DB, SLOT, Controls, NoteTable
from .scratch import Scratch
from .vibrato import vibrato_depths
from .voices import velocity_db

AS_BYTES: Final = np.dtype((np.void, SLOT.itemsize))  # copied so: field by field takes several times as long
MANY_CHANNELS: Final = 1024  # more than a table knows, members of MPE zones included
NEVER: Final = 2.0**62
ROUNDING_DB: Final = 0.01  # more than levels are off by as float32
FLAT_DB_PER_S: Final = 0.01  # to divide by
Kept = TypeVar("Kept")


class Chord:
    """The notes of an ensemble, one entry a note in every array, in order of streams and slots. Once it is
    made, only `heard_until` changes, and what is `kept` with it.

    index: slots of the ensemble; streams, places: the same as streams and slots of their tables; slots:
    copies of them, of which `phase` and `pitch` go out of date; parts: the streams that have notes, and where
    these are; onset: as in `slots`, float64; latest_onset: the largest; heard_until: a frame until which no
    note fades away, as far as is known; bend: semitones, without vibrato; gain_db, modulation, pressure,
    sustain: of the notes' channels, float64; vibrato: its depth in semitones, None if nothing moves.
    """

    def __init__(self, ensemble: Ensemble, index: NDArray[np.int64]) -> None:
        self.ensemble, self.index = ensemble, index
        self.slots = slots = ensemble.slots.view(AS_BYTES)[index].view(SLOT)
        self.streams = ensemble.stream_of[index]
        self.places = index - self.streams * ensemble.slots_each
        self.parts = _parts(index, len(ensemble.tables), ensemble.slots_each)
        self._since, self._oldest, self._falls_db_per_s = np.empty((3, 2, 1, len(index)))
        self.onset, held = self._since[0, 0], slots["release"] == HELD
        self._since[0], self._since[1] = slots["onset"], np.where(held, NEVER, slots["release"])
        self._oldest[0], self._oldest[1] = slots["settle"], NEVER
        self._falls_db_per_s[0] = slots["decay_db_per_s"]
        self._falls_db_per_s[1] = np.where(held, 0.0, slots["release_db_per_s"])
        self._loudest_db = velocity_db(slots["velocity"])
        self.latest_onset = float(self.onset.max())
        self.heard_until = -math.inf
        self.bend, self.gain_db, self.modulation, pressure, self.sustain = self._controls()
        self.pressure = np.maximum(pressure, slots["pressure"])
        self.vibrato = vibrato_depths(self.modulation, self.pressure)
        self._kept: dict[Callable[[Chord], Any], Any] = {}

    def __len__(self) -> int:
        return len(self.index)

    def kept(self, make: Callable[[Chord], Kept]) -> Kept:
        """What `make` makes of this chord, made once."""
        if make not in self._kept:
            self._kept[make] = make(self)
        known: Kept = self._kept[make]
        return known

    def ages(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Samples since each note's onset, until it has settled, and since its release, `(2, frames, notes)`;
        negative before that, and far so while a note is held."""
        ages = frames[:, None] - self._since
        return np.minimum(ages, self._oldest, out=ages)

    def levels_db(self, ages: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `notes.slot_levels_db`, `(frames, notes)`, when the notes are so old."""
        falls_db = np.maximum(ages, 0) / self.ensemble.rate_hz
        falls_db *= self._falls_db_per_s
        return np.asarray(self._loudest_db - (falls_db[0] + falls_db[1]), np.float32)

    def heard_at(self, frame: float, least_db: float) -> None:
        """Take note that at `frame` the quietest note has a level that is heard: with that, it is known until
        when none can fade."""
        steepest_db_per_s = float((self._falls_db_per_s[0] + self._falls_db_per_s[1]).max())
        spare_db = max(0.0, least_db - SILENT_DB - ROUNDING_DB)
        self.heard_until = frame + spare_db * self.ensemble.rate_hz / max(steepest_db_per_s, FLAT_DB_PER_S)

    def _controls(self) -> NDArray[np.float64]:
        """What `NoteTable.controls` says to each note, `(5, notes)`."""
        places = self.streams * MANY_CHANNELS + self.slots["channel"]
        used = sorted({*places.tolist()})
        told = np.array([self.ensemble.controls(*divmod(place, MANY_CHANNELS)) for place in used])
        return told[np.searchsorted(used, places)].T if len(used) > 1 else told.T.repeat(len(places), axis=1)


class Ensemble:
    """The note tables of all streams, which must be alike, their slots in one array; and the chord in them.

    A table that joins gets other memory for its `slots`. The render thread owns it.
    """

    def __init__(self, tables: Sequence[NoteTable]) -> None:
        self.tables = tuple(tables)
        self.rate_hz = self.tables[0].rate_hz if self.tables else 1
        self.slots_each = len(self.tables[0].slots) if self.tables else 1
        self.stream_of = np.arange(len(self.tables) * self.slots_each) // self.slots_each  # by slot
        self.slots = self.tables[0].slots if len(self.tables) == 1 else self._side_by_side()
        self.scratch = Scratch()
        self._chord: Chord | None = None
        self._changes = -1  # that the tables had seen when the chord was made

    def controls(self, stream: int, channel: int) -> Controls:
        return self.tables[stream].controls(channel)

    def chord(self) -> Chord | None:
        """What sounds now, None for silence. The same one as long as nothing changes."""
        changes = sum([table.changes for table in self.tables])
        if changes != self._changes:
            index = self.slots["active"].nonzero()[0]
            self._chord = Chord(self, index) if index.size else None
            self._changes = changes
        return self._chord

    def retire(self, frame: int) -> None:
        """`NoteTable.retire` of all."""
        chord = self.chord()
        if chord is None or frame <= chord.heard_until:
            return
        levels_db = chord.levels_db(chord.ages(np.array([frame], np.float64)))[0]
        over = chord.index[levels_db < SILENT_DB]
        self.slots[over] = 0
        for stream in {*self.stream_of[over].tolist()}:
            self.tables[stream].changes += 1

    def _side_by_side(self) -> NDArray[np.void]:
        slots = np.zeros(len(self.tables) * self.slots_each, SLOT)
        for stream, table in enumerate(self.tables):
            table.move_to(slots[stream * self.slots_each :][: self.slots_each])
        return slots


def _parts(index: NDArray[np.int64], streams: int, slots_each: int) -> list[tuple[int, slice]]:
    if streams == 1:
        return [(0, slice(0, len(index)))]
    bounds = np.searchsorted(index, np.arange(0, (streams + 1) * slots_each, slots_each)).tolist()
    return [(stream, slice(*notes)) for stream, notes in enumerate(pairwise(bounds)) if notes[0] < notes[1]]
