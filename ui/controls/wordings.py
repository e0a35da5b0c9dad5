"""How a value is written and read: `-6.0 dB`, `L 30`, `5.0 kHz`, `C4`. What users see, type and hear."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Protocol

from neume.synth.midi_words import note_name

MINUS: Final = "\N{MINUS SIGN}"
_NUMBER: Final = re.compile(r"([+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+)\s*([a-z%]*)", re.ASCII)
_NOTE: Final = re.compile(r"([a-g])\s*(#|b|♯|♭)?\s*(-?\d{1,2})")
_STEPS: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS: Final = {"#": 1, "♯": 1, "b": -1, "♭": -1, None: 0}


class Wording(Protocol):
    """Values in the unit of the rack, texts for people. `whole`: what a screen reader says."""

    def text(self, value: float) -> str:
        """With its unit."""
        ...

    def parsed(self, text: str) -> float | None:
        """What a person has typed, with or without a unit; None if it is no such value."""
        ...

    def whole(self, value: float) -> int: ...

    def from_whole(self, whole: int) -> float: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A number and a unit. `scale`: what is shown of a value of 1, such as 100 for percent."""

    unit: str = ""
    decimals: int = 1
    signed: bool = False
    scale: float = 1.0

    def text(self, value: float) -> str:
        return f"{_written(value * self.scale, self.decimals, self.signed)} {self.unit}".rstrip()

    def parsed(self, text: str) -> float | None:
        number = _number(text, self.unit)
        return None if number is None else number / self.scale

    def whole(self, value: float) -> int:
        return round(value * self.scale)

    def from_whole(self, whole: int) -> float:
        return whole / self.scale


@dataclass(frozen=True, slots=True)
class Pan:
    """-1 is `L 100`, 0 is `C`, 1 is `R 100`."""

    def text(self, value: float) -> str:
        percent = round(100 * value)
        return "C" if percent == 0 else f"{'L' if percent < 0 else 'R'} {abs(percent)}"

    def parsed(self, text: str) -> float | None:
        said = text.strip().lower()
        if said in ("c", "0"):
            return 0.0
        side = {"l": -1.0, "r": 1.0}.get(said[:1] or " ") or {"l": -1.0, "r": 1.0}.get(said[-1:] or " ")
        number = _number(said.strip("lr "), "%")
        return None if number is None else number * (side or 1.0) / 100

    def whole(self, value: float) -> int:
        return round(100 * value)

    def from_whole(self, whole: int) -> float:
        return whole / 100


@dataclass(frozen=True, slots=True)
class Hertz:
    """`120 Hz`, `5.00 kHz`; the `k` may be typed, too."""

    def text(self, value: float) -> str:
        if value >= 999.5:
            return f"{value / 1000:.2f} kHz" if value < 9_995 else f"{value / 1000:.1f} kHz"
        return f"{value:.0f} Hz" if value >= 9.95 else f"{value:.2f} Hz"

    def parsed(self, text: str) -> float | None:
        return _number(text, "Hz", thousands=True)

    def whole(self, value: float) -> int:
        return round(value)

    def from_whole(self, whole: int) -> float:
        return float(whole)


@dataclass(frozen=True, slots=True)
class Note:
    """A key as `C4`, which is 60; its number and flats may be typed, too."""

    def text(self, value: float) -> str:
        return note_name(round(value))

    def parsed(self, text: str) -> float | None:
        said = _NOTE.fullmatch(text.strip().lower().replace(MINUS, "-"))
        if said is None:
            return _number(text, "")
        letter, sign, octave = said.groups()
        return float(12 * (int(octave) + 1) + _STEPS[letter] + _SIGNS[sign])

    def whole(self, value: float) -> int:
        return round(value)

    def from_whole(self, whole: int) -> float:
        return float(whole)


def _written(number: float, decimals: int, signed: bool) -> str:
    """With a true minus; nothing is written as minus zero."""
    rounded = round(number, decimals)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):.{decimals}f}"


def _number(text: str, unit: str, thousands: bool = False) -> float | None:
    """A number with all, the beginning or none of its unit behind it; `thousands`: and a k before that."""
    said = _NUMBER.fullmatch(text.strip().lower().replace(MINUS, "-"))
    if said is None:
        return None
    number, suffix = float(said[1].replace(",", ".")), said[2]
    if thousands and suffix.startswith("k"):
        number, suffix = number * 1000, suffix[1:]
    return number if unit.lower().startswith(suffix) and math.isfinite(number) else None
