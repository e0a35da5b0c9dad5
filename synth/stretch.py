"""Stretches: hops in a row in which no note comes or goes and no controller moves.

Between the note table and the arrays that are written from it. Events fall into few hops; all hops up to the
next one are worked out together, which is what keeps a block's Python part short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .events import MidiEvent
from .notes import SILENT_DB, NoteTable, slot_levels_db
from .vibrato import vibrato_semitones

LONGEST_HOPS: Final = 16  # bounds the memory of a stretch, whatever the song


@dataclass(frozen=True, slots=True)
class Stretch:
    """The `notes` that sound during some hops, one entry a note in every array but `borders`.

    borders: `(hops + 1,)` int64, first sample of each hop and of the one after; index: slots of the table;
    slots: the slots themselves, as they are at the first border; levels_db: `(hops + 1, notes)` float32 at
    the borders, without channel gain; bends: `(hops, notes)` float64, semitones at the end of each hop,
    vibrato included.
    """

    table: NoteTable
    borders: NDArray[np.int64]
    index: NDArray[np.int64]
    slots: NDArray[np.void]
    channels: list[int]
    levels_db: NDArray[np.float32]
    bends: NDArray[np.float64]

    @property
    def hops(self) -> int:
        return len(self.borders) - 1

    def of_channels(self, name: str) -> NDArray[np.float64]:
        """A property of each note's channel, `(notes,)`."""
        values = {channel: float(getattr(self.table.channels[channel], name)) for channel in {*self.channels}}
        return np.array([values[channel] for channel in self.channels])


def stretches(
    table: NoteTable, events: Sequence[MidiEvent], start: int, hop: int, hops: int
) -> Iterator[tuple[int, Stretch]]:
    """Play `events` into the table and yield, before the next of them, each stretch and its first hop.

    Covers `hops` hops of `hop` samples from sample `start` on; hops in which nothing sounds are left out.
    An event acts on the whole hop that it is in, one from before `start` on the first.
    """
    first, upcoming = 0, 0
    while first < hops:
        begin = start + first * hop
        if upcoming < len(events) and events[upcoming].frame < begin + hop:
            table.retire(begin)  # a new note may need the slot
        while upcoming < len(events) and events[upcoming].frame < begin + hop:
            table.apply(events[upcoming])
            upcoming += 1
        count = hops - first
        if upcoming < len(events):
            count = min(count, (events[upcoming].frame - start) // hop - first)
        stretch = sounding_stretch(table, begin, hop, min(count, LONGEST_HOPS))
        if stretch is not None:
            count = stretch.hops
            yield first, stretch
        first += count


def sounding_stretch(table: NoteTable, begin: int, hop: int, most: int) -> Stretch | None:
    """Up to `most` hops from sample `begin` on, fewer if a note fades away; None if nothing sounds.

    Notes that have faded by `begin` are retired.
    """
    index = table.slots["active"].nonzero()[0]
    if not index.size:
        return None
    slots = table.slots[index]
    borders = np.arange(begin, begin + (most + 1) * hop, hop)
    levels_db = slot_levels_db(slots, borders[:, None], table.rate_hz)
    faded = levels_db[:-1].min(axis=1) < SILENT_DB
    if faded[0]:
        table.retire(begin)
        return sounding_stretch(table, begin, hop, most)
    if faded.any():
        most = int(faded.argmax())
        borders, levels_db = borders[: most + 1], levels_db[: most + 1]
    channels = slots["channel"].tolist()
    bend = {channel: table.channels[channel].bend_semitones for channel in {*channels}}
    bends = np.empty((most, index.size))
    bends[:] = [bend[channel] for channel in channels]
    bends += vibrato_semitones(table, slots, channels, borders[1:, None])
    return Stretch(table, borders, index, slots, channels, levels_db, bends)
