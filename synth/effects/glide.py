"""Values that move without a click: in a straight line, counted in samples and not in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .effect import Float32

GLIDE_S: Final = 0.01  # about a block: quick to the hand, too slow to click


@dataclass(frozen=True, slots=True)
class GlideState:
    begin: Float32
    target: Float32
    passed: int


class Glide:
    """A column of values, `(rows, 1)` float32, on its way from `begin` to `target`."""

    def __init__(self, value: Float32, rate_hz: int, glide_s: float = GLIDE_S) -> None:
        self.samples = max(1, round(glide_s * rate_hz))
        self._begin = self._target = value
        self._passed = self.samples

    @property
    def moving(self) -> bool:
        return self._passed < self.samples

    @property
    def value(self) -> Float32:
        """Where it is now."""
        return self._at(self._passed / self.samples) if self.moving else self._target

    def to(self, target: Float32) -> None:
        """Set off for `target`, from where it is now."""
        if not np.array_equal(target, self._target):
            self._begin, self._target, self._passed = self.value, target, 0

    def clear(self) -> None:
        """Arrive at once."""
        self._passed = self.samples

    def take(self, count: int) -> Float32:
        """The values of the next `count` samples: `(rows, 1)` at rest, `(rows, count)` on the way."""
        if not self.moving:
            return self._target
        steps = np.arange(self._passed + 1, self._passed + 1 + count, dtype=np.float32)
        self._passed = min(self.samples, self._passed + count)
        return self._at(np.minimum(steps / np.float32(self.samples), np.float32(1.0)))

    def state(self) -> GlideState:
        return GlideState(self._begin, self._target, self._passed)

    def restore(self, state: GlideState) -> None:
        self._begin, self._target, self._passed = state.begin, state.target, state.passed

    def _at(self, way: Float32 | float) -> Float32:
        """Exactly the target at the end, whatever rounding does on the way."""
        part = np.asarray(way, np.float32)
        return np.asarray(self._begin * (np.float32(1.0) - part) + self._target * part, np.float32)
