"""Changes of a rack that the panel offers beyond those of `synth.rack.part`: each a pure function of a rack.

Given to `EngineModel.edit`, so that each can be undone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from neume.synth.errors import UsageError
from neume.synth.events import CHANNELS
from neume.synth.rack.curves import FIXED, VelocityCurve
from neume.synth.rack.part import OMNI, Part, Rack, added, moved, with_part
from neume.synth.rack.preset_read import MAX_NAME

FIXED_VELOCITY: Final = 100  # of a curve that becomes a fixed one
_NUMBERED: Final = re.compile(r"(.*?)\s*(\d+)")


def part_at(rack: Rack, index: int) -> Part:
    """One part. Raises UsageError if the rack has no such part (any more)."""
    if not 0 <= index < len(rack.parts):
        raise UsageError(f"there is no part {index + 1}: the rack has {len(rack.parts)}")
    return rack.parts[index]


def with_fields(rack: Rack, index: int, **fields: Any) -> Rack:
    """The rack with some fields of one part changed."""
    return with_part(rack, index, replace(part_at(rack, index), **fields))


def with_name(rack: Rack, index: int, name: str) -> Rack:
    """The part under another name; one without letters is refused."""
    fitting = " ".join(name.split())[:MAX_NAME].strip()
    if not fitting:
        raise UsageError("a part needs a name of at least one letter")
    return with_fields(rack, index, name=fitting)


def with_instrument(rack: Rack, index: int, bundle: str, program: int | None, name: str = "") -> Rack:
    """The part played by another instrument, of whatever version is there, and called `name` if one is
    given."""
    named = {"name": " ".join(name.split())[:MAX_NAME]} if name.strip() else {}
    return with_fields(rack, index, instrument=bundle, bundle_version="", program=program, **named)


def with_new_part(rack: Rack, name: str) -> Rack:
    """One part more, the last: the default instrument's first program on all channels."""
    return added(rack, Part(name, program=0))


def duplicated(rack: Rack, index: int) -> Rack:
    """The part once more, behind itself; the learnt controllers stay with the first."""
    part = part_at(rack, index)
    names = {other.name for other in rack.parts}
    grown = added(rack, replace(part, name=next_name(part.name, names)))
    return moved(grown, len(rack.parts), index + 1)


def next_name(name: str, taken: set[str]) -> str:
    """`Piano` → `Piano 2`, or the next number that is free; no longer than a name may be."""
    found = _NUMBERED.fullmatch(name)
    stem = found[1] if found and found[1] else name
    for number in range(2, len(taken) + 3):
        ending = f" {number}"
        candidate = f"{stem[: MAX_NAME - len(ending)]}{ending}"
        if candidate not in taken:
            return candidate
    raise AssertionError("one number more than there are names is free")


def with_low(rack: Rack, index: int, kind: str, low: int) -> Rack:
    """Another lower end of the range of `kind`, key or velocity; the upper end is pushed up if need be."""
    high = max(low, getattr(part_at(rack, index), f"high_{kind}"))
    return with_fields(rack, index, **{f"low_{kind}": low, f"high_{kind}": high})


def with_high(rack: Rack, index: int, kind: str, high: int) -> Rack:
    """Another upper end; the lower end is pushed down if need be."""
    low = min(high, getattr(part_at(rack, index), f"low_{kind}"))
    return with_fields(rack, index, **{f"low_{kind}": low, f"high_{kind}": high})


def with_curve(rack: Rack, index: int, shape: str) -> Rack:
    """Another velocity curve; a fixed one keeps the velocity that it had."""
    part = part_at(rack, index)
    if shape != FIXED:
        return with_fields(rack, index, curve=VelocityCurve(shape))
    velocity = part.curve.fixed_velocity or FIXED_VELOCITY
    return with_fields(rack, index, curve=VelocityCurve(FIXED, velocity))


def with_channel_toggled(channels: frozenset[int], channel: int) -> frozenset[int]:
    """What a press on a channel makes of those that are heard: of all sixteen, that one alone; without the
    last, all again."""
    assert 0 <= channel < CHANNELS
    if channels == OMNI:
        return frozenset((channel,))
    return channels ^ {channel} or OMNI
