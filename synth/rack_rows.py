"""The levels of the mixer's rows: the strips of the rack's parts, moved by the pan that a channel asks for.

With them goes how much the channels send to reverb and chorus. In the rack's chain beside the sections. Parts
that share a stream share its row; a row that no part plays on any more keeps the strip and the sends of what
rings on there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrangement import UNUSED
from .channels import Channels, pan_position
from .effects.sends import SENDS
from .events import CHANNELS
from .mixer import Strip, strip_gains
from .rack.part import Rack
from .rack.strips import part_strips, stream_strips
from .rack_mixer import RowLevels
from .rack_seats import Seats
from .rack_sends import NEUTRAL

Float32: TypeAlias = NDArray[np.float32]
Asked: TypeAlias = tuple[int, int, int]  # of a channel: pan, reverb's and chorus' depth, as MIDI says them
SILENT: Final = Strip(muted=True)


class Rows:
    """The render thread owns it."""

    def __init__(self, rows: int) -> None:
        self._base = [Strip()] * rows
        self._speakers: list[tuple[int, int, Channels]] = []  # part, stream, and who knows what it asks for
        self._asked: tuple[Asked, ...] | None = None  # what the levels are of; None: the strips have changed
        self._levels = RowLevels(np.zeros((rows, 2), np.float32), _neutral(rows), NEUTRAL)

    def settle(self, rack: Rack, streams: Sequence[int], seats: Seats, rows: int) -> None:
        """Stand as the rack says, its parts on `streams`, of which there are `rows`."""
        before = self._base + [SILENT] * (rows - len(self._base))
        self._base = [SILENT] * rows
        depths = _neutral(rows)
        known = min(rows, len(self._levels.depths))
        for stream, strip in _ringing_strips(rack, seats, before):
            self._base[stream] = strip
            if stream < known:
                depths[stream] = self._levels.depths[stream]
        self._levels = self._levels._replace(depths=depths)
        for stream, strip in _playing_strips(rack, streams):
            self._base[stream] = strip
        taken = [(part, stream, seats[part]) for part, stream in enumerate(streams)]
        self._speakers = [
            (part, stream, seat.notes.channels) for part, stream, seat in taken if seat is not None
        ]
        self._asked = None

    def gains(self) -> RowLevels:
        """Of each row at the next block's end."""
        states = [channels[part] for part, _, channels in self._speakers]
        asked = tuple([(state.pan, state.reverb_depth, state.chorus_depth) for state in states])
        if asked != self._asked:
            self._asked = asked
            means = self._means([(pan_position(state.pan), *state.send_depths) for state in states])
            depths = self._levels.depths.copy()
            for stream, (_, *sent) in means.items():
                depths[stream] = sent
            gains = strip_gains([_moved(strip, means.get(row)) for row, strip in enumerate(self._base)])
            least = depths[list(means)].min(axis=0) if means else NEUTRAL
            self._levels = RowLevels(gains, depths, least)
        return self._levels

    def _means(self, asked: Sequence[Sequence[float]]) -> dict[int, NDArray[np.float64]]:
        """What the parts on each stream ask for, at their mean."""
        of_stream: dict[int, list[Sequence[float]]] = {}
        for own, (_, stream, _) in zip(asked, self._speakers, strict=True):
            of_stream.setdefault(stream, []).append(own)
        return {stream: np.mean(own, axis=0) for stream, own in of_stream.items()}


def _neutral(rows: int) -> Float32:
    return np.ones((rows, len(SENDS)), np.float32)


def _moved(strip: Strip, asked: NDArray[np.float64] | None) -> Strip:
    """The strip where what is asked for, pan first, moves it."""
    moved = strip.pan + (0.0 if asked is None else float(asked[0]))
    return Strip(strip.gain_db, min(1.0, max(-1.0, moved)), strip.muted)


def _playing_strips(rack: Rack, streams: Sequence[int]) -> Iterator[tuple[int, Strip]]:
    """The strip of each stream that parts play on; the numbers of streams may have gaps."""
    used = sorted(set(streams) - {UNUSED})
    dense = [UNUSED if stream == UNUSED else used.index(stream) for stream in streams]
    if used:
        yield from zip(used, stream_strips(rack, dense), strict=True)


def _ringing_strips(rack: Rack, seats: Seats, before: Sequence[Strip]) -> Iterator[tuple[int, Strip]]:
    """The strips of what parts have left behind, and of parts that are gone."""
    for part in range(len(rack.parts), CHANNELS):
        seat = seats[part]
        if seat is not None:
            yield seat.stream, before[seat.stream]
    strips = part_strips(rack)
    for part, seat in seats.trails:
        yield seat.stream, strips[part] if part < len(strips) else before[seat.stream]
