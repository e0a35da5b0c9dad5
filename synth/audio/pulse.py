"""The device's pulse, between callback and outlet: when it called back last, how often it was late."""

from __future__ import annotations

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..audio_device import Fill
from .priority import Priority, raise_priority
from .shared import Row, SharedAudio, shared_number

LATE_PERIODS: Final = 2.0  # a callback this many periods after the one before is late


class Pulse:
    """Passes callbacks on to `fill` and notes them in shared memory.

    Threads: the device's thread calls `beat`; any thread of any process reads the attributes.
    """

    _row: memoryview[int] | None = None
    beat_ns = shared_number(0)  # of the monotonic clock, which all processes share
    callbacks = shared_number(1)
    late = shared_number(2)
    longest_ns = shared_number(3)  # between two callbacks
    device_underruns = shared_number(4)  # that PortAudio tells of
    _realtime = shared_number(5, bool)
    _level = shared_number(6)

    def __init__(self, shared: SharedAudio, rate_hz: int = 0, fill: Fill | None = None) -> None:
        """`rate_hz` of the device and `fill` are for the side that plays."""
        self._row = shared.counters(Row.PULSE)
        self._fill = fill
        self._late_ns = LATE_PERIODS * 1e9 / rate_hz if rate_hz else 0.0  # for each frame of a block
        self._last_ns = 0

    @property
    def priority(self) -> Priority:
        """Of the thread that calls back, from its first callback on."""
        return Priority(self._realtime, self._level)

    def beat(self, out: NDArray[np.float32]) -> None:
        """The callback: write the next frames into `out`, shape `(frames, 2)`."""
        now_ns = time.monotonic_ns()
        self.beat_ns = now_ns
        self.callbacks += 1
        if self._last_ns:
            self._note_gap(now_ns - self._last_ns, len(out))
        else:
            self._begin()
        self._last_ns = now_ns
        assert self._fill is not None
        self._fill(out)

    def _begin(self) -> None:
        """Audio servers make the thread that calls back, some of them without any priority."""
        priority = raise_priority()
        self._realtime, self._level = priority.realtime, priority.level

    def _note_gap(self, gap_ns: int, frames: int) -> None:
        if gap_ns > self._late_ns * frames:
            self.late += 1
        if gap_ns > self.longest_ns:
            self.longest_ns = gap_ns
