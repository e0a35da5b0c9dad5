"""How much of each part goes into the reverbs and choruses of a rack: the depths, and what a block sends.

Used by the rack's mixer while some channel asks for more or less than usual. Depths run in straight lines
over a block, as gains do, and are of `SENDS`, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .effects.sends import SENDS, Send, Sends

Float32: TypeAlias = NDArray[np.float32]
NEUTRAL: Final = np.ones(len(SENDS), np.float32)


@dataclass(frozen=True, slots=True)
class Depths:
    """At a block's end: of the rows `(rows, SENDS)`, of guests by part `(SENDS,)`, and the least that any
    part asks for, `(SENDS,)`."""

    rows: Float32
    guests: Mapping[int, Float32]
    least: Float32

    @property
    def neutral(self) -> bool:
        return bool((self.rows == 1).all()) and all((depth == 1).all() for depth in self.guests.values())

    def neutral_alike(self) -> Depths:
        """Depths of 1 for the same rows and guests."""
        return Depths(np.ones_like(self.rows), dict.fromkeys(self.guests, NEUTRAL), NEUTRAL)


class BlockSends:
    """What one block sends, collected while the parts are mixed.

    The least depth is common to all: so much of what reaches an effect of the master goes in. What parts ask
    for beyond that goes there past the effects in front. The render thread owns it.
    """

    def __init__(self, last: Depths, now: Depths, samples: int) -> None:
        new = now.rows[len(last.rows) :]
        self._begin, self._end = np.concatenate([last.rows, new]), now.rows
        self._last, self._now = last, now
        self._way = (np.arange(1, samples + 1, dtype=np.float32) / np.float32(samples))[:, None]
        self._least = self._line(last.least, now.least)
        self._more = np.zeros((samples, len(SENDS) * 2), np.float32)  # left and right of each send

    def of_stream(self, stream: int) -> Sends:
        """For a stream's own inserts."""
        return _own(self._line(self._begin[stream], self._end[stream]))

    def of_guest(self, part: int) -> Sends:
        """For a guest's own inserts."""
        return _own(self._guest_line(part))

    def add_streams(self, audio: Float32, last: Float32, gains: Float32) -> None:
        """Streams without inserts, `(streams, samples)`; gains `(streams, 2)` at the block's two ends."""
        begin = _past(last, self._begin - self._last.least)
        step = _past(gains, self._end - self._now.least) - begin
        if begin.any():
            self._more += audio.T @ begin
        if step.any():
            self._more += audio.T @ step * self._way

    def add_stream(self, stream: int, made: Float32) -> None:
        """A stream behind its inserts, `(samples, 2)`."""
        self._add(self._line(self._begin[stream], self._end[stream]), made)

    def add_guest(self, part: int, made: Float32) -> None:
        """A guest behind its inserts, `(samples, 2)`."""
        self._add(self._guest_line(part), made)

    def to_master(self, gain: Float32) -> Sends:
        """For the master's inserts, whose gain `(samples, 2)` is on the mix already."""
        more = self._more.reshape(len(gain), len(SENDS), 2) * gain[:, None, :]
        return {
            effect: Send(self._least[:, index : index + 1], more[:, index])
            for index, effect in enumerate(SENDS)
        }

    def _add(self, depth: Float32, made: Float32) -> None:
        beyond = depth - self._least
        if beyond.any():
            self._more += (beyond[:, :, None] * made[:, None, :]).reshape(self._more.shape)

    def _guest_line(self, part: int) -> Float32:
        now = self._now.guests[part]
        return self._line(self._last.guests.get(part, now), now)

    def _line(self, begin: Float32, end: Float32) -> Float32:
        """Depths of each sample, `(samples, SENDS)`, or `(1, SENDS)` at rest; exactly `end` at the end."""
        if np.array_equal(begin, end):
            return end[None]
        return np.asarray(begin * (np.float32(1.0) - self._way) + end * self._way, np.float32)


def _own(depth: Float32) -> Sends:
    return {effect: Send(depth[:, index : index + 1]) for index, effect in enumerate(SENDS)}


def _past(gains: Float32, depths: Float32) -> Float32:
    """Gains `(streams, 2)` times depths `(streams, SENDS)`: `(streams, SENDS * 2)`."""
    return (depths[:, :, None] * gains[:, None, :]).reshape(len(gains), -1)
