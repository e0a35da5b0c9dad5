"""Where recordings get their audio: the real-time side, which only copies, and what feeds all of them.

Behind the device's outlet. Every frame has a position in the stream that the device plays; position n is
sample n of the ring, which holds the sound of the renderer's frame n - look-ahead.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..ring import Ring

Float32 = NDArray[np.float32]
BUFFER_S: Final = 10  # a disk may stall that long


class Sink(Protocol):
    """Records what is played. `put` is called in a real-time thread: it must copy and return."""

    def put(self, played: Float32, position: int) -> None: ...


class Feed:
    """A `Tap` that counts the device's stream from its first frame on and feeds any number of recordings.

    Threads: one real-time thread calls `put`, one owner `add` and `remove`, at any time. `position` is that
    of the next frame.
    """

    def __init__(self) -> None:
        self.position = 0
        self._sinks: tuple[Sink, ...] = ()  # replaced as a whole

    def put(self, played: Float32, position: int | None = None) -> None:
        """Take frames, shape `(frames, 2)`. `position` of the first one; None: they follow the last ones."""
        if position is not None:
            self.position = position
        for sink in self._sinks:
            sink.put(played, self.position)
        self.position += len(played)

    def add(self, sink: Sink) -> None:
        self._sinks = (*self._sinks, sink)

    def remove(self, sink: Sink) -> None:
        """A `put` that is under way may still reach the sink."""
        self._sinks = tuple(other for other in self._sinks if other is not sink)


class Intake:
    """A stream of frames without gaps from position `first` on: frames that were lost are silent.

    Threads: one real-time thread calls `put`, one writer at a time calls `read`; neither waits for the other.
    `lost_frames` found no room, because the disk was too slow, or never came.
    """

    def __init__(self, rate_hz: int, first: int) -> None:
        self.position = first  # of the next frame to be read
        self.lost_frames = 0
        self._ring = Ring(BUFFER_S * rate_hz)
        self._expected = first  # position of the next frame to come
        self._gaps: deque[tuple[int, int]] = deque()  # frames written before the gap, frames missing

    def put(self, played: Float32, position: int) -> None:
        """Take frames, shape `(frames, 2)`; those before `first` are left out."""
        known = self._expected - position
        if known >= len(played):
            return
        if known < 0:
            self._lose(-known)
        fresh = played[known:] if known > 0 else played
        self._expected = position + len(played)
        taken = self._ring.write(fresh)
        if taken < len(fresh):
            self._lose(len(fresh) - taken)

    def read(self, out: Float32) -> int:
        """Move waiting frames to the front of `out`, shape `(frames, 2)`; returns how many."""
        limit = min(len(out), self._ring.readable)  # looked at first: a gap is told before what follows it
        if self._gaps:
            before, missing = self._gaps[0]
            if self._ring.taken == before:
                return self._read_gap(out, missing)
            limit = min(limit, before - self._ring.taken)
        count = self._ring.read(out[:limit])
        self.position += count
        return count

    def _read_gap(self, out: Float32, missing: int) -> int:
        count = min(len(out), missing)
        out[:count] = 0.0
        if count == missing:
            self._gaps.popleft()
        else:
            self._gaps[0] = self._ring.taken, missing - count
        self.position += count
        return count

    def _lose(self, frames: int) -> None:
        self.lost_frames += frames
        self._gaps.append((self._ring.written, frames))
