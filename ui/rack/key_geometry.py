"""Where keys are on a small keyboard of 128 keys: one octave as wide as another. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEYS: Final = 128
OCTAVE: Final = 12
WHITE: Final = (0, 2, 4, 5, 7, 9, 11)  # keys of an octave
LOWEST_KEY, HIGHEST_KEY = 21, 108  # of a piano: what lies beyond shares the ends
END: Final = 0.04  # of the width, each end


@dataclass(frozen=True, slots=True)
class KeyGeometry:
    """A keyboard `width` pixels wide: a piano's 88 keys, and at its ends a little for all keys beyond."""

    width: float

    def left(self, key: int) -> float:
        """Where a key begins, 0 for the first; `key` 128 is the end of the last."""
        if key >= KEYS:
            return self.width
        if key < LOWEST_KEY:
            return key / LOWEST_KEY * END * self.width
        beyond = HIGHEST_KEY + 1
        if key > HIGHEST_KEY:
            return (1.0 - END * (1.0 - (key - beyond) / (KEYS - beyond))) * self.width
        share = (key - LOWEST_KEY) / (beyond - LOWEST_KEY)
        return (END + share * (1.0 - 2.0 * END)) * self.width

    def key_at(self, x: float) -> int:
        """The key at a place; beyond the ends, the first and the last."""
        low, high = 0, KEYS - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.left(middle) <= x else (low, middle - 1)
        return low

    def near(self, x: float, low_key: int, high_key: int) -> str:
        """Which end of a range a hand at `x` takes: `low` or `high`."""
        low_x, high_x = self.left(low_key), self.left(high_key + 1)
        if abs(x - low_x) == abs(x - high_x):
            return "low" if x < low_x else "high"
        return "low" if abs(x - low_x) < abs(x - high_x) else "high"


def is_white(key: int) -> bool:
    return key % OCTAVE in WHITE
