"""Ring, clock and outlet over shared memory: the same classes as in one process, with their state shared.

The engine holds one line to render into, the audio process another one to play from. Whoever plays (the audio
process, or the engine's paced clock while there is none) goes on where the one before has stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..outlet import Outlet
from ..ring import Ring
from ..sample_clock import Reading, SampleClock
from .shared import Row, SharedAudio, shared_number

Float32 = NDArray[np.float32]
READ_TRIES: Final = 8  # a reading is written within microseconds, unless its writer was interrupted or killed


class SharedRing(Ring):
    """A ring whose samples and counters are shared.

    Threads: as `Ring`, with the two threads in two processes. A counter is written long after its samples
    (hundreds of instructions), and x86 shows stores to other cores in order.
    """

    _row: memoryview[int] | None = None
    written = shared_number(0)
    taken = shared_number(1)

    def __init__(self, samples: Float32, row: memoryview[int]) -> None:
        """`samples`: shape `(frames, channels)`."""
        super().__init__(0, samples.shape[1])
        self._samples = samples
        self._row = row


class SharedClock(SampleClock):
    """A sample clock that the playing process updates and any process reads.

    The reading is three numbers; a turn that is odd while they are written tells readers to look again.
    """

    def __init__(self, rate_hz: int, shared: SharedAudio) -> None:
        self._turns = shared.counters(Row.CLOCK_TURN)
        self._numbers = shared.numbers(Row.CLOCK_READING)
        self._kept: Reading | None = None  # what is told when a killed writer has left half a reading
        super().__init__(rate_hz)

    @property
    def _reading(self) -> Reading | None:
        for _ in range(READ_TRIES):
            turn = self._turns[0]
            if turn == 0:
                return None
            time_ns, frame, sample_s = self._numbers[0], self._numbers[1], self._numbers[2]
            if turn % 2 == 0 and self._turns[0] == turn:
                self._kept = Reading(time_ns, int(frame), sample_s)
                break
        return self._kept

    @_reading.setter
    def _reading(self, reading: Reading | None) -> None:
        if reading is None:  # from the base class: no reading of this process yet
            return
        turn = self._turns[0] | 1
        self._turns[0] = turn
        self._numbers[0] = reading.time_ns
        self._numbers[1] = reading.frame
        self._numbers[2] = reading.sample_s
        self._turns[0] = turn + 1


class SharedOutlet(Outlet):
    """An outlet whose counters are shared: the engine writes `armed`, whoever plays writes the others."""

    _row: memoryview[int] | None = None
    armed = shared_number(0, bool)
    position = shared_number(1)
    underruns = shared_number(2)
    missing_frames = shared_number(3)

    def __init__(
        self, ring: Ring, clock: SampleClock, now_ns: Callable[[], int], tap: PlayedTap, row: memoryview[int]
    ) -> None:
        super().__init__(ring, clock, now_ns, tap)
        self._row = row
        if self.position:
            self._risen = 0  # joined while the music plays: fade in


class PlayedTap:
    """Hands what is played back to the engine, if it wants it. Never waits: what does not fit is counted."""

    _row: memoryview[int] | None = None
    wanted = shared_number(0, bool)  # written by the engine
    lost_frames = shared_number(1)  # written by the playing process

    def __init__(self, ring: SharedRing, row: memoryview[int]) -> None:
        self._ring = ring
        self._row = row

    def put(self, played: Float32) -> None:
        """Take frames, shape `(frames, 2)`."""
        if self.wanted:
            missing = len(played) - self._ring.write(played)
            if missing:
                self.lost_frames += missing


@dataclass(frozen=True, slots=True)
class AudioLine:
    """What lies between renderer and device: the engine writes `ring`, reads `clock`, arms `outlet`."""

    ring: SharedRing
    clock: SharedClock
    outlet: SharedOutlet
    played: SharedRing
    tap: PlayedTap

    @classmethod
    def join(
        cls, shared: SharedAudio, rate_hz: int, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> AudioLine:
        """This process's view of the line; `rate_hz` is that of the ring."""
        ring = SharedRing(shared.ring_samples, shared.counters(Row.RING))
        played = SharedRing(shared.played_samples, shared.counters(Row.PLAYED_RING))
        clock = SharedClock(rate_hz, shared)
        tap = PlayedTap(played, shared.counters(Row.TAP))
        outlet = SharedOutlet(ring, clock, now_ns, tap, shared.counters(Row.OUTLET))
        return cls(ring, clock, outlet, played, tap)
