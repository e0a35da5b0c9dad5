"""Delay lines, several at once: what feedback delay networks, echoes and choruses remember."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .effect import Float32


class DelayLines:
    """The last `longest` samples of `rows` signals.

    They lie in one stretch of memory that the writing walks through; at its end the last samples move back to
    the start, so that every delayed block is one slice.
    """

    def __init__(self, rows: int, longest: int) -> None:
        self.rows = rows
        self._longest = longest
        self._past = np.zeros((rows, 0), np.float32)
        self._position = 0
        self._clear = True  # nothing has been written
        self._make_room(1)

    def write(self, block: Float32) -> None:
        """Append `block`, `(rows, samples)`."""
        count = block.shape[1]
        if self._position + count > self._past.shape[1]:
            self._make_room(count)
        self._past[:, self._position : self._position + count] = block
        self._position += count
        self._clear = False

    def read(self, delays: Sequence[int], count: int) -> Float32:
        """What was written `delays[i]` samples before each of the next `count` samples, `(delays, count)`.

        Delays are `count` to `longest` samples. Each row has as many taps as the others, one after another.
        """
        delayed = np.empty((len(delays), count), np.float32)
        taps = len(delays) // self.rows
        for tap, delay in enumerate(delays):
            begin = self._position - delay
            delayed[tap] = self._past[tap // taps, begin : begin + count]
        return delayed

    def through(self, block: Float32, delays: Sequence[int]) -> Float32:
        """Write `block` `(rows, samples)`, read it delayed by 0 to `longest` samples: `(delays, samples)`."""
        count = block.shape[1]
        self.write(block)
        return self.read([delay + count for delay in delays], count)

    def taps(self, delays: NDArray[np.int64]) -> Float32:
        """What was written `delays` samples before each of the last samples; the same shape.

        `delays` ends in the axes `(taps, samples)`, as many taps for each row as for the others, one after
        another.
        """
        taps, count = delays.shape[-2:]
        rows = np.arange(taps)[:, None] // (taps // self.rows)
        begins = rows * self._past.shape[1] + self._position - count + np.arange(count)
        return np.asarray(self._past.reshape(-1)[begins - delays], np.float32)

    def clear(self) -> None:
        if not self._clear:
            self._past[:] = 0.0
            self._position = self._longest
            self._clear = True

    def state(self) -> Float32:
        """The last `longest` samples, `(rows, longest)`."""
        return self._past[:, self._position - self._longest : self._position].copy()

    def restore(self, state: Float32) -> None:
        self._past[:, : self._longest] = state
        self._position = self._longest
        self._clear = False

    def _make_room(self, count: int) -> None:
        """Move the past to the start of the memory, which grows if `count` more samples need it."""
        width = max(self._past.shape[1], 2 * self._longest + count)
        past = np.zeros((len(self._past), width), np.float32) if width > self._past.shape[1] else self._past
        if self._position:
            past[:, : self._longest] = self._past[:, self._position - self._longest : self._position]
        self._past, self._position = past, self._longest
