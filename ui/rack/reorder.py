"""Where a strip would go that is dragged sideways: places between strips, no widgets here."""

from __future__ import annotations

from collections.abc import Sequence


def gap_at(x: float, middles: Sequence[float]) -> int:
    """The gap that a hand at `x` points at: 0 before the first strip, their number behind the last.

    `middles` are those of the strips, from left to right.
    """
    return sum(1 for middle in middles if x > middle)


def place_of(gap: int, index: int) -> int:
    """The number that the strip of `index` has once it is in the gap; its own gaps leave it where it is."""
    return gap - 1 if gap > index else gap
