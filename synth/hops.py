"""Hops: a stream's events played into its note table, and what sounds written out for the models.

Third link of the chain, behind the note table. Events fall into few hops; all hops up to the next one are
written in one go.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .events import MidiEvent
from .excitation import flat_tables
from .hop_kernel import write_hops
from .notes import NoteTable

Float32 = NDArray[np.float32]


def play_hops(
    table: NoteTable,
    events: Sequence[MidiEvent],
    start: int,
    conditioning: Float32,
    excitation: Float32,
    sounding: NDArray[np.bool_],
) -> int:
    """Play `events` into the table and write the hops from sample `start` on; returns how many slots they
    use.

    The arrays, zeros, are those of `hop_kernel.write_hops`. An event acts on the whole hop that it is in, one
    from before `start` on the first; none is past the last.
    """
    hops, hop = excitation.shape[:2]
    first = upcoming = used = 0
    while first < hops:
        begin = start + first * hop
        if upcoming < len(events) and events[upcoming].frame < begin + hop:
            table.retire(begin)  # a new note may need the slot
            while upcoming < len(events) and events[upcoming].frame < begin + hop:
                table.apply(events[upcoming])
                upcoming += 1
        after = hops if upcoming == len(events) else min(hops, (events[upcoming].frame - start) // hop)
        used = max(
            used,
            write_hops(
                table.slots,
                table.standing(),
                flat_tables(table.rate_hz),
                begin,
                table.rate_hz,
                conditioning[first:after],
                excitation[first:after],
                sounding[first:after],
            ),
        )
        first = after
    return used
