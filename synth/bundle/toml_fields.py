"""TOML tables read field by field: every value is checked, every fault collected, nothing raised half-way.

A reader always returns a value of the promised type, a placeholder after a fault, so that reading goes on to
the next fault. Whoever owns the list of faults throws the result away unless the list stayed empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeGuard, TypeVar

TEXT_LONGEST: Final = 200

_Placeholder = TypeVar("_Placeholder")


class Table:
    """One TOML table while it is read; `path` names it in faults, `faults` is shared with its sub-tables."""

    def __init__(self, values: Mapping[str, object], path: str, faults: list[str]) -> None:
        self._values = values
        self._path = path
        self._faults = faults
        self._asked: set[str] = set()
        self.clean = True  # no fault in this table itself: rules between its fields make sense

    def fault(self, key: str, text: str) -> None:
        """Note a fault of one field."""
        self.clean = False
        self._faults.append(f"{self._name(key)}: {text}")

    def has(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> list[str]:
        """The table's own keys, for tables whose keys are data."""
        return list(self._values)

    def close(self) -> None:
        """Report the keys that no reader asked for: mistyped names and leftovers."""
        for key in self._values:
            if key not in self._asked:
                self.fault(key, "unknown key, remove it")

    def text(
        self,
        key: str,
        pattern: re.Pattern[str] | None = None,
        *,
        empty: bool = False,
        longest: int = TEXT_LONGEST,
    ) -> str:
        """One line of printable text, matching `pattern` from end to end if there is one."""
        value = self._value(key)
        if not isinstance(value, str):
            return self._wrong(key, value, "a text", "")
        if not value and not empty:
            self.fault(key, "is empty")
        elif len(value) > longest or not value.isprintable():
            self.fault(key, f"must be one printable line of at most {longest} characters")
        elif pattern and not pattern.fullmatch(value):
            self.fault(key, f"{value!r} does not match {pattern.pattern}")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(key, value, "an integer", low)
        if not low <= value <= high:
            self.fault(key, f"{_short(value)} is outside {low} to {high}")
            return low
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """A finite number; TOML integers are taken too. NaN lies outside every range."""
        value = self._value(key)
        if not _is_number(value):
            return self._wrong(key, value, "a number", low)
        if not low <= value <= high:
            self.fault(key, f"{_short(value)} is outside {low:g} to {high:g}")
            return low
        return float(value)

    def integers(self, key: str, low: int, high: int, longest: int) -> tuple[int, ...]:
        values = self._array(key, longest)
        chosen = [v for v in values if isinstance(v, int) and not isinstance(v, bool) and low <= v <= high]
        if len(chosen) < len(values):
            self.fault(key, f"must be an array of integers from {low} to {high}")
        return tuple(chosen)

    def numbers(self, key: str, low: float, high: float, longest: int) -> tuple[float, ...]:
        values = self._array(key, longest)
        chosen = [float(v) for v in values if _is_number(v) and low <= v <= high]
        if len(chosen) < len(values):
            self.fault(key, f"must be an array of numbers from {low:g} to {high:g}")
        return tuple(chosen)

    def texts(self, key: str, longest: int) -> tuple[str, ...]:
        values = self._array(key, longest)
        chosen = [v for v in values if isinstance(v, str) and v.isprintable()]
        if len(chosen) < len(values):
            self.fault(key, "must be an array of printable texts")
        return tuple(chosen)

    def choice(self, key: str, choices: Collection[str]) -> str:
        """A text that is one of `choices`; none to choose from means that their own fault is told already."""
        value = self.text(key)
        if value and choices and value not in choices:
            self.fault(key, f"{_short(value)} is none of {listed(choices)}")
        return value

    def table(self, key: str) -> Table:
        """The sub-table of that name, an empty one after a fault."""
        value = self._value(key)
        if isinstance(value, dict):
            return Table(value, self._name(key), self._faults)
        self._wrong(key, value, "a table", None)
        return Table({}, self._name(key), [])  # its fields are not reported one by one as missing

    def tables(self, key: str, longest: int) -> list[Table]:
        """An array of tables; absent means none."""
        if not self.has(key):
            return []
        values = self._array(key, longest)
        chosen = [(f"{self._name(key)}[{index}]", v) for index, v in enumerate(values) if isinstance(v, dict)]
        if len(chosen) < len(values):
            self.fault(key, "must be an array of tables")
        return [Table(value, path, self._faults) for path, value in chosen]

    def _name(self, key: str) -> str:
        shown = key if key.isprintable() else repr(key)
        return f"{self._path}.{shown}" if self._path else shown

    def _value(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    def _wrong(self, key: str, value: object, wanted: str, placeholder: _Placeholder) -> _Placeholder:
        self.fault(
            key, f"is {_short(value)}, must be {wanted}" if self.has(key) else f"is missing, must be {wanted}"
        )
        return placeholder

    def _array(self, key: str, longest: int) -> Sequence[object]:
        value = self._value(key)
        if not isinstance(value, list):
            return self._wrong(key, value, "an array", [])
        if len(value) > longest:
            self.fault(key, f"has {len(value)} entries, at most {longest} are allowed")
            return []
        return value


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge integer"  # printing one may itself be refused
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "a table"
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def ascending(values: Sequence[int]) -> bool:
    """Whether there is at least one value and each is larger than the one before."""
    return bool(values) and all(a < b for a, b in pairwise(values))


def listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
