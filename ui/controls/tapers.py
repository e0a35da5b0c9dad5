"""How a value lies along the way of a control: position 0 to 1 ↔ value. `quantity` names the ends."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Protocol


class Taper(Protocol):
    """Strictly rising and continuous, so that each position has one value and each value one position."""

    def value(self, position: float, low: float, high: float) -> float:
        """The value at a position, 0 to 1."""
        ...

    def position(self, value: float, low: float, high: float) -> float:
        """The position of a value from `low` to `high`."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """Equal ways for equal differences."""

    def value(self, position: float, low: float, high: float) -> float:
        return low + position * (high - low)

    def position(self, value: float, low: float, high: float) -> float:
        return (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """Equal ways for equal ratios, as ears hear frequencies and times; `low` is above 0."""

    def value(self, position: float, low: float, high: float) -> float:
        return low * math.pow(high / low, position)

    def position(self, value: float, low: float, high: float) -> float:
        return math.log(value / low) / math.log(high / low)


@dataclass(frozen=True, slots=True)
class Broken:
    """Straight pieces between knots (value, position), both rising from the lowest to the highest."""

    knots: tuple[tuple[float, float], ...]

    def value(self, position: float, low: float, high: float) -> float:
        return _between(position, [(place, value) for value, place in self.knots])

    def position(self, value: float, low: float, high: float) -> float:
        return _between(value, self.knots)


def _between(x: float, knots: list[tuple[float, float]] | tuple[tuple[float, float], ...]) -> float:
    right = min(max(bisect_right(knots, x, key=lambda knot: knot[0]), 1), len(knots) - 1)
    (x0, y0), (x1, y1) = knots[right - 1], knots[right]
    return y0 + (x - x0) / (x1 - x0) * (y1 - y0)


LINEAR: Final = Linear()
LOGARITHMIC: Final = Logarithmic()
# Of mixing desks: half of the way is for the 20 dB around 0, where hands work; below -40 dB it is soon over.
FADER: Final = Broken(
    (
        (-60.0, 0.0),
        (-50.0, 0.06),
        (-40.0, 0.13),
        (-30.0, 0.23),
        (-20.0, 0.37),
        (-10.0, 0.55),
        (0.0, 0.77),
        (12.0, 1.0),
    )
)
