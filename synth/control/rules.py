"""What the fields of commands may hold beyond their type: rules that stand in the type hints as `Annotated`.

Each rule accepts or refuses a value of the right type; its text goes on after "allowed: a text, ".
"""

from __future__ import annotations

import re
from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

PATH_LONGEST: Final = 4096  # characters; Linux takes no longer ones


class Rule(Protocol):
    """`str(rule)` says what is allowed."""

    def accepts(self, value: Any) -> bool: ...


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def accepts(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        low, high = (f"{end:g}" if isinstance(end, float) else str(end) for end in (self.low, self.high))
        return f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class Line:
    """One printable line of 1 to `longest` characters; `pattern` matches all of it, `form` describes it."""

    longest: int
    pattern: re.Pattern[str] | None = None
    form: str = ""

    def accepts(self, value: str) -> bool:
        if not 0 < len(value) <= self.longest or not value.isprintable():
            return False
        return self.pattern is None or self.pattern.fullmatch(value) is not None

    def __str__(self) -> str:
        line = f"one printable line of 1 to {self.longest} characters"
        return f"{line}, {self.form}" if self.form else line


@dataclass(frozen=True, slots=True)
class Text:
    """Any number of lines, together at most `longest` characters, of which each can be written as UTF-8."""

    longest: int

    def accepts(self, value: str) -> bool:
        return len(value) <= self.longest and not any("\ud800" <= sign <= "\udfff" for sign in value)

    def __str__(self) -> str:
        return f"in UTF-8, at most {self.longest} characters"


@dataclass(frozen=True, slots=True)
class AtMost:
    """A list or a coded text of at most `longest` entries or characters."""

    longest: int

    def accepts(self, value: Sized) -> bool:
        return len(value) <= self.longest

    def __str__(self) -> str:
        return f"at most {self.longest} long"


@dataclass(frozen=True, slots=True)
class Absolute:
    """A path that means the same file in every process, whatever its current folder."""

    def accepts(self, value: Path) -> bool:
        text = str(value)
        return value.is_absolute() and "\0" not in text and len(text) <= PATH_LONGEST

    def __str__(self) -> str:
        return f"absolute, at most {PATH_LONGEST} characters"
