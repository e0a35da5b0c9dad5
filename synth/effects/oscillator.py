"""A slow oscillator whose phase is counted in integers, so that blocks of any size see the same wave."""

from __future__ import annotations

from typing import Final

import numpy as np

from .effect import Float32

TURN: Final = 1 << 32  # phase units of one period


class Oscillator:
    """A row for each of `offsets`, in periods. Its frequency may change: the wave bends, nothing breaks."""

    def __init__(self, frequency_hz: float, offsets: tuple[float, ...], rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._offsets = np.array([round(offset * TURN) for offset in offsets], np.int64)[:, None]
        self._phase = 0
        self.to(frequency_hz)

    def to(self, frequency_hz: float) -> None:
        self._step = round(frequency_hz * TURN / self._rate_hz)

    def take(self, count: int) -> Float32:
        """The next `count` values of each row, -1 to 1, `(rows, count)`: parabolas, close to a sine."""
        phases = self._phase + self._step * np.arange(count, dtype=np.int64)
        self._phase = (self._phase + self._step * count) % TURN
        half_turns = ((self._offsets + phases) % TURN).astype(np.float32) / np.float32(
            TURN // 2
        ) - np.float32(1)
        return np.asarray(np.float32(4.0) * half_turns * (np.float32(1.0) - np.abs(half_turns)), np.float32)

    def clear(self) -> None:
        self._phase = 0

    def state(self) -> int:
        return self._phase

    def restore(self, state: int) -> None:
        self._phase = state
