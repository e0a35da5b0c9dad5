"""What a knob can turn: the texts that name a value or an action of a rack, and what kind each is.

`gain_db`, `insert.0.mix`, `part.2.volume_db`, `part.0.insert.1.mix`, `part.3.muted`, `panic`, `preset.next`.
Parts and inserts are counted from 0. MIDI learn and the panel speak of values by these texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .ranges import MASTER_GAIN_DB, PART_INTEGERS, PART_NUMBERS

PARAMETER_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
BYPASSED: Final = "bypassed"  # the switch of every insert, so no parameter of an effect
TRIGGERS: Final = ("panic", "preset.next", "preset.previous")
_INDEX: Final = r"(0|[1-9]\d?)"
_ADDRESS: Final = re.compile(
    rf"(?:part\.{_INDEX}\.)?(?:insert\.{_INDEX}\.)?({PARAMETER_ID.pattern})", re.ASCII
)


class Kind(Enum):
    """How a controller acts on a target."""

    NUMBER = "number"  # turned
    WHOLE = "whole"  # turned in whole steps
    SWITCH = "switch"  # each press of a button turns it over
    TRIGGER = "trigger"  # each press of a button does it once


_MASTER_KINDS: Final = {"gain_db": Kind.NUMBER}
_PART_KINDS: Final = {
    "volume_db": Kind.NUMBER,
    "pan": Kind.NUMBER,
    "transpose_semitones": Kind.WHOLE,
    "muted": Kind.SWITCH,
    "soloed": Kind.SWITCH,
}
_RANGES: Final[dict[str, tuple[float, float]]] = {"gain_db": MASTER_GAIN_DB, **PART_NUMBERS, **PART_INTEGERS}


@dataclass(frozen=True, slots=True)
class Target:
    """A target taken apart. `part` and `insert` are None where the text names none."""

    kind: Kind
    name: str
    part: int | None = None
    insert: int | None = None

    @property
    def text(self) -> str:
        part = "" if self.part is None else f"part.{self.part}."
        insert = "" if self.insert is None else f"insert.{self.insert}."
        return f"{part}{insert}{self.name}"

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lowest and the highest value; None for an effect's parameter, whose range the effect knows."""
        if self.kind in (Kind.SWITCH, Kind.TRIGGER):
            return 0.0, 1.0
        return None if self.insert is not None else _RANGES[self.name]


def parse_target(text: str) -> Target | None:
    """The target that `text` names; None if it names none. Whether a rack has it is the rack's to say."""
    if text in TRIGGERS:
        return Target(Kind.TRIGGER, text)
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    part, insert = (None if number is None else int(number) for number in match.groups()[:2])
    kind = _kind(match[3], part, insert)
    return None if kind is None else Target(kind, match[3], part, insert)


def usual_range(text: str) -> tuple[float, float]:
    """The range of a controller that is told none: all of the target's, 0 to 1 if only an effect knows it."""
    target = parse_target(text)
    return (target and target.bounds) or (0.0, 1.0)


def _kind(name: str, part: int | None, insert: int | None) -> Kind | None:
    if insert is not None:
        return Kind.SWITCH if name == BYPASSED else Kind.NUMBER
    return (_MASTER_KINDS if part is None else _PART_KINDS).get(name)
