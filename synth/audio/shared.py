"""The memory that the engine and the audio process share: two sample rings, counters, the clock's reading.

Between the render thread and the device's callback. The memory has no name: the audio process inherits its
file descriptor. So it cannot be left behind: the system frees it when the last of the two has ended, however.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..audio_out import CHANNELS

Float32 = NDArray[np.float32]
NUMBER_BYTES: Final = 8  # every counter is an int64, every number of the clock's reading a float64
ROW_NUMBERS: Final = 8  # a row is a cache line, so that two writers do not wait for each other's
FRAME_BYTES: Final = CHANNELS * 4


class Row(IntEnum):
    """Eight numbers of one owner each; which is which stands beside the class that uses the row."""

    RING = 0
    PLAYED_RING = 1
    OUTLET = 2
    PULSE = 3
    TAP = 4
    CLOCK_TURN = 5
    CLOCK_READING = 6


@dataclass(frozen=True, slots=True)
class Sizes:
    """Frames of the ring to the device, and of the ring that brings back what was played."""

    ring_frames: int
    played_frames: int

    @property
    def ring_at(self) -> int:
        """Bytes before the first ring: a page, so that the rings begin on one."""
        return mmap.PAGESIZE

    @property
    def played_at(self) -> int:
        return self.ring_at + self.ring_frames * FRAME_BYTES

    @property
    def total_bytes(self) -> int:
        return self.played_at + self.played_frames * FRAME_BYTES


class SharedAudio:
    """One mapping of the memory; `create` makes it, `attach` maps what another process has made.

    Threads: any may read; each row has one writer at a time (`neume.synth.audio.line` says who). The views
    keep the mapping alive after `close`.
    """

    def __init__(self, descriptor: int, sizes: Sizes) -> None:
        self.descriptor = descriptor
        self.sizes = sizes
        self._map = mmap.mmap(descriptor, sizes.total_bytes)
        self._bytes = memoryview(self._map)

    @classmethod
    def create(cls, sizes: Sizes) -> SharedAudio:
        """Memory that is all zeros."""
        descriptor = _nameless_file()
        os.ftruncate(descriptor, sizes.total_bytes)
        return cls(descriptor, sizes)

    @classmethod
    def attach(cls, descriptor: int, sizes: Sizes) -> SharedAudio:
        """Map an inherited file descriptor, which is closed: the mapping is enough."""
        shared = cls(descriptor, sizes)
        shared.close()
        return shared

    def counters(self, row: Row) -> memoryview[int]:
        """Eight int64; reading or writing one of them is never torn."""
        return self._row(row).cast("q")

    def numbers(self, row: Row) -> memoryview[float]:
        """Eight float64."""
        return self._row(row).cast("d")

    @property
    def ring_samples(self) -> Float32:
        """Shape `(ring_frames, 2)`: what the device is to play."""
        return self._samples(self.sizes.ring_at, self.sizes.ring_frames)

    @property
    def played_samples(self) -> Float32:
        """Shape `(played_frames, 2)`: what the device has played."""
        return self._samples(self.sizes.played_at, self.sizes.played_frames)

    def close(self) -> None:
        """No other process can inherit it afterwards."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _row(self, row: Row) -> memoryview[int]:
        begin = row * ROW_NUMBERS * NUMBER_BYTES
        return self._bytes[begin : begin + ROW_NUMBERS * NUMBER_BYTES]

    def _samples(self, begin: int, frames: int) -> Float32:
        flat = np.frombuffer(self._map, np.float32, frames * CHANNELS, begin)
        return flat.reshape(frames, CHANNELS)


def shared_number(index: int, kind: Callable[[int], Any] = int) -> Any:
    """An attribute that is number `index` of the object's `_row`.

    What the base class sets while it is made is dropped: a line that is joined later has counted already.
    """

    def read(line: Any) -> Any:
        return kind(line._row[index])

    def write(line: Any, value: int) -> None:
        if line._row is not None:
            line._row[index] = int(value)

    return property(read, write)


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("neume-audio")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
