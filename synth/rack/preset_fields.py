"""TOML tables of a preset while they are read: fields may be left out, and some are true or false."""

from __future__ import annotations

from typing import Any

from ..bundle.toml_fields import Table
from .ranges import PART_FLAGS, PART_INTEGERS, PART_NUMBERS


class Fields(Table):
    """A `Table` whose fields have defaults."""

    def flag(self, key: str) -> bool:
        """true or false; false if it is left out."""
        if not self.has(key):
            return False
        value = self._value(key)
        return value if isinstance(value, bool) else self._wrong(key, value, "true or false", False)

    def number_or(self, default: float, key: str, low: float, high: float) -> float:
        return self.number(key, low, high) if self.has(key) else default

    def text_or_empty(self, key: str, longest: int) -> str:
        return self.text(key, empty=True, longest=longest) if self.has(key) else ""

    def rows(self, key: str, longest: int, least: int = 0) -> list[Fields]:
        """`tables`, with defaults too, `least` of them at least."""
        faults = len(self._faults)
        rows = [Fields(table._values, table._path, table._faults) for table in self.tables(key, longest)]
        if len(rows) < least and len(self._faults) == faults:
            self.fault(key, f"has {len(rows)} entries, at least {least} must be there")
        return rows

    def ranged(self) -> dict[str, Any]:
        """Those of a part's fields that are there and whose rule is a row of a table, by name."""
        values: dict[str, Any] = {}
        for key, (low, high) in PART_INTEGERS.items():
            if self.has(key):
                values[key] = self.integer(key, low, high)
        for key, limits in PART_NUMBERS.items():
            if self.has(key):
                values[key] = self.number(key, *limits)
        return values | {key: self.flag(key) for key in PART_FLAGS}
