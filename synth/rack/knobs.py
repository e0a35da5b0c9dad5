"""Reading and setting one value of a rack by its target text: what a learnt knob or the panel's turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from .part import Insert, Part, Rack, with_part
from .ranges import INSERT_VALUE
from .targets import BYPASSED, Kind, Target, parse_target


def value_of(rack: Rack, text: str) -> float | None:
    """The value that a target names, a switch as 0 or 1.

    None if there is none to read: an action, a part or insert that the rack lacks, or an effect's parameter
    that the rack leaves at its default.
    """
    target = parse_target(text)
    if target is None or target.kind is Kind.TRIGGER or not rack.holds(target):
        return None
    if target.insert is None:
        return float(getattr(_owner(rack, target), target.name))
    insert = _owner(rack, target).inserts[target.insert]
    return float(insert.bypassed) if target.name == BYPASSED else insert.values.get(target.name)


def with_value(rack: Rack, text: str, value: float) -> Rack:
    """The rack with one value set, held within the target's range; a switch is on from 0.5 upwards.

    Raises UsageError for a text that names no value of the rack, and for a value that is not finite.
    """
    if not math.isfinite(value):
        raise UsageError(f"{text}: {value} came, must be a finite number")
    target = parse_target(text)
    if target is None or target.kind is Kind.TRIGGER or not rack.holds(target):
        raise UsageError(f"{text!r} names no value of the rack {rack.name!r}")
    changed = _changed(_owner(rack, target), target, _fitted(target, value))
    if isinstance(changed, Rack):
        return changed
    assert target.part is not None, "a part is the owner of a part's target"
    return with_part(rack, target.part, changed)


def _owner(rack: Rack, target: Target) -> Rack | Part:
    return rack if target.part is None else rack.parts[target.part]


def _changed(owner: Rack | Part, target: Target, value: float) -> Rack | Part:
    if target.insert is not None:
        return replace(owner, inserts=_with_insert(owner.inserts, target.insert, target, value))
    field: dict[str, Any] = {target.name: value}
    return replace(owner, **field)


def _with_insert(inserts: Sequence[Insert], index: int, target: Target, value: float) -> tuple[Insert, ...]:
    insert = inserts[index]
    if target.name == BYPASSED:
        changed = replace(insert, bypassed=bool(value))
    else:
        changed = replace(insert, values={**insert.values, target.name: value})
    return (*inserts[:index], changed, *inserts[index + 1 :])


def _fitted(target: Target, value: float) -> float:
    """The value within the target's range and of its type."""
    if target.kind is Kind.SWITCH:
        return value >= 0.5
    low, high = target.bounds or INSERT_VALUE
    held = min(high, max(low, value))
    return round(held) if target.kind is Kind.WHOLE else float(held)
