"""What a control turns: range, default, taper, steps and wording as one record. `quantities`: the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from .tapers import LINEAR, LOGARITHMIC, Taper
from .wordings import Plain, Wording

LOG_STEP: Final = 0.02  # of the whole way, an arrow key on a logarithmic taper
FINE: Final = 0.1  # of a step
PLAIN: Final = Plain()


@dataclass(frozen=True, slots=True)
class Quantity:
    """All in the unit of the rack. `step` is an arrow key's, `big` times that a page key's."""

    low: float
    high: float
    default: float
    wording: Wording = PLAIN
    taper: Taper = LINEAR
    step: float = 1.0
    big: int = 10
    whole: bool = False
    centre: float | None = None  # where a knob's arc begins, None: at `low`
    detent: float | None = None  # a value that a drag holds on to

    def held(self, value: float) -> float:
        """The value within the range, and whole if it has to be."""
        inside = min(self.high, max(self.low, value))
        return float(round(inside)) if self.whole else inside

    def position(self, value: float) -> float:
        """0 to 1."""
        return min(1.0, max(0.0, self.taper.position(self.held(value), self.low, self.high)))

    def at(self, position: float) -> float:
        """The value at a position; one outside 0 to 1 is taken as the end."""
        inside = min(1.0, max(0.0, position))
        return self.held(self.taper.value(inside, self.low, self.high))

    def stepped(self, value: float, steps: float, fine: bool = False) -> float:
        """`steps` further; whole quantities know no fine steps."""
        size = FINE if fine and not self.whole else 1.0
        if self.taper is LOGARITHMIC:
            return self.at(self.position(value) + steps * size * LOG_STEP)
        return self.held(_tidy(value + steps * size * self.step, self.step * FINE))

    def parsed(self, text: str) -> float | None:
        """What was typed, held within the range; None if it cannot be read."""
        value = self.wording.parsed(text)
        return None if value is None else self.held(value)

    def text(self, value: float) -> str:
        return self.wording.text(value)


def _tidy(value: float, grain: float) -> float:
    """Without the dust of binary fractions: 0.30000000000000004 is 0.3."""
    digits = max(0, 2 - math.floor(math.log10(grain)))
    return round(value, digits)
