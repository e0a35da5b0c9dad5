"""Stretches: hops in a row in which no note comes or goes and no controller moves.

Between the chord and the arrays that are written from it. Events fall into few hops; all hops up to the next
one are worked out together, which is what keeps a block's Python part short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .chord import Chord, Ensemble
from .events import MidiEvent
from .notes import SILENT_DB, NoteTable
from .vibrato import offsets_semitones

LONGEST_HOPS: Final = 16  # bounds the memory of a stretch, whatever the song,
LARGEST_NOTE_HOPS: Final = 1024  # with so many hops of single notes, or one hop of more notes


@dataclass(frozen=True, slots=True)
class Stretch:
    """The notes of `chord` during some hops.

    borders: `(hops + 1,)` float64, first sample of each hop and of the one after; ages: float64,
    `(2, hops + 1, notes)`, as `Chord.ages` at the borders; levels_db: `(hops + 1, notes)` float32 at the
    borders, without channel gain; vibrato: `(hops, notes)` float64, semitones at the end of each hop, None if
    nothing moves.
    """

    chord: Chord
    borders: NDArray[np.float64]
    ages: NDArray[np.float64]
    levels_db: NDArray[np.float32]
    vibrato: NDArray[np.float64] | None

    @property
    def hops(self) -> int:
        return len(self.borders) - 1

    @property
    def index(self) -> NDArray[np.int64]:
        """Slots of the notes."""
        return self.chord.index


def stretches(
    table: NoteTable, events: Sequence[MidiEvent], start: int, hop: int, hops: int
) -> Iterator[tuple[int, Stretch]]:
    """`joint_stretches` of a single table."""
    return joint_stretches(Ensemble([table]), [(0, event) for event in events], start, hop, hops)


def joint_stretches(
    ensemble: Ensemble, events: Sequence[tuple[int, MidiEvent]], start: int, hop: int, hops: int
) -> Iterator[tuple[int, Stretch]]:
    """Play `events` into the tables of their streams and yield, before the next of them, each stretch and its
    first hop.

    Covers `hops` hops of `hop` samples from sample `start` on; hops in which nothing sounds are left out.
    An event acts on the whole hop that it is in, one from before `start` on the first.
    """
    first, upcoming = 0, 0
    while first < hops:
        begin = start + first * hop
        if upcoming < len(events) and events[upcoming][1].frame < begin + hop:
            ensemble.retire(begin)  # a new note may need the slot
        while upcoming < len(events) and events[upcoming][1].frame < begin + hop:
            stream, event = events[upcoming]
            ensemble.tables[stream].apply(event)
            upcoming += 1
        count = hops - first
        if upcoming < len(events):
            count = min(count, (events[upcoming][1].frame - start) // hop - first)
        stretch = joint_stretch(ensemble, begin, hop, count)
        if stretch is not None:
            count = stretch.hops
            yield first, stretch
        first += count


def sounding_stretch(table: NoteTable, begin: int, hop: int, most: int) -> Stretch | None:
    """`joint_stretch` of a single table."""
    return joint_stretch(Ensemble([table]), begin, hop, most)


def joint_stretch(ensemble: Ensemble, begin: int, hop: int, most: int) -> Stretch | None:
    """Up to `most` hops from sample `begin` on, fewer if a note fades away or memory asks for it; None if
    nothing sounds.

    Notes that have faded by `begin` are retired.
    """
    chord = ensemble.chord()
    if chord is None:
        return None
    most = min(most, LONGEST_HOPS, max(1, LARGEST_NOTE_HOPS // len(chord)))
    borders = begin + _multiples(hop)[: most + 1]
    ages = chord.ages(borders)
    levels_db = chord.levels_db(ages)
    if borders[-1] > chord.heard_until:
        least_db = levels_db.min(axis=1).tolist()
        faded = [number for number, level_db in enumerate(least_db[:-1]) if level_db < SILENT_DB]
        if faded and faded[0] == 0:
            ensemble.retire(begin)
            return joint_stretch(ensemble, begin, hop, most)
        if faded:
            last = faded[0] + 1
            borders, ages, levels_db = borders[:last], ages[:, :last], levels_db[:last]
        elif least_db[-1] >= SILENT_DB:
            chord.heard_at(float(borders[-1]), least_db[-1])
    vibrato = None
    if chord.vibrato is not None:
        played = borders[1:, None] - chord.onset
        vibrato = offsets_semitones(chord.vibrato, played, ensemble.rate_hz)
    return Stretch(chord, borders, ages, levels_db, vibrato)


@lru_cache(maxsize=4)
def _multiples(hop: int) -> NDArray[np.float64]:
    return np.arange(LONGEST_HOPS + 1.0) * hop
