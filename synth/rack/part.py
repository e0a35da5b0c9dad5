"""The rack as a value: parts, what each listens to and how it sounds, and the pure functions that change it.

`preset_read` makes these records and is the one place that checks them; the router, the strips and the panel
take them as they are.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..errors import UsageError
from ..events import CHANNELS, DRUM_CHANNEL
from ..voices import DRUM_PROGRAM
from .curves import LINEAR, VelocityCurve
from .learn import Mapping
from .ranges import PARTS
from .targets import Target, parse_target

OMNI: Final = frozenset(range(CHANNELS))
PLUGIN_PREFIX: Final = "plugin:"
DRUMS_ONLY: Final = frozenset((DRUM_CHANNEL,))


@dataclass(frozen=True, slots=True)
class Insert:
    """One effect of a chain. `values`: by parameter id, in the parameter's own unit; others at default."""

    effect: str
    values: abc.Mapping[str, float] = field(default_factory=dict)
    bypassed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One player of the rack: an instrument, the MIDI it hears, and its place in the mix.

    A key is heard if its channel is in `channels` and key and velocity lie in their ranges, ends included.
    """

    name: str
    instrument: str = ""  # a bundle's id or `plugin:NAME`; empty: the bundle that the engine plays by default
    bundle_version: str = ""  # of the bundle named; empty: whichever is there
    program: int | None = None  # 128 is the drum kit; None follows the program changes that the part hears
    channels: frozenset[int] = OMNI  # 0 to 15
    low_key: int = 0
    high_key: int = 127
    low_velocity: int = 1
    high_velocity: int = 127
    transpose_semitones: int = 0
    curve: VelocityCurve = LINEAR
    volume_db: float = 0.0
    pan: float = 0.0  # -1 left, 1 right
    muted: bool = False
    soloed: bool = False
    inserts: tuple[Insert, ...] = ()

    @property
    def instrument_id(self) -> tuple[str, str]:
        """What tells one instrument from another: a part that changes it starts over."""
        return self.instrument, self.bundle_version

    @property
    def drums(self) -> bool:
        """Whether the part plays drums: the kit, or the programs of MIDI's drum channel."""
        return self.program == DRUM_PROGRAM or (self.program is None and self.channels == DRUMS_ONLY)


@dataclass(frozen=True, slots=True)
class Rack:
    """Up to sixteen parts, the master behind them, and the controllers that turn its values."""

    name: str
    parts: tuple[Part, ...]
    description: str = ""
    gain_db: float = 0.0
    inserts: tuple[Insert, ...] = ()  # of the master
    mappings: tuple[Mapping, ...] = ()

    def audible(self, index: int) -> bool:
        """Whether a part may be heard: not muted, and soloed itself if any part is."""
        part = self.parts[index]
        return not part.muted and (part.soloed or not any(other.soloed for other in self.parts))

    def holds(self, target: Target) -> bool:
        """Whether there is the part and the insert that a target names."""
        if target.part is not None and target.part >= len(self.parts):
            return False
        inserts = self.inserts if target.part is None else self.parts[target.part].inserts
        return target.insert is None or target.insert < len(inserts)


def with_part(rack: Rack, index: int, part: Part) -> Rack:
    """The rack with another part at `index`; mappings to inserts that it does not have are dropped."""
    _check_index(rack, index)
    changed = replace(rack, parts=(*rack.parts[:index], part, *rack.parts[index + 1 :]))
    return replace(changed, mappings=tuple(m for m in rack.mappings if _held(changed, m)))


def added(rack: Rack, part: Part) -> Rack:
    """The rack with one part more, the last one. Raises UsageError for a seventeenth."""
    if len(rack.parts) == PARTS:
        raise UsageError(f"the rack has {PARTS} parts already: remove one first")
    return replace(rack, parts=(*rack.parts, part))


def removed(rack: Rack, index: int) -> Rack:
    """The rack without a part and its mappings. Raises UsageError for the only part."""
    _check_index(rack, index)
    if len(rack.parts) == 1:
        raise UsageError("the only part of a rack stays: change it, or load another preset")
    return _rearranged(rack, [other for other in range(len(rack.parts)) if other != index])


def moved(rack: Rack, index: int, to: int) -> Rack:
    """The rack with the part of `index` at `to`, the others in their order; mappings follow their parts."""
    _check_index(rack, index)
    _check_index(rack, to)
    order = [other for other in range(len(rack.parts)) if other != index]
    order.insert(to, index)
    return _rearranged(rack, order)


def _rearranged(rack: Rack, order: Sequence[int]) -> Rack:
    """The parts of `order` in that order; mappings to other parts are dropped."""
    places = {old: new for new, old in enumerate(order)}
    mappings = []
    for mapping in rack.mappings:
        target = parse_target(mapping.target)
        if target is None or target.part is None:
            mappings.append(mapping)
        elif target.part in places:
            moved_target = replace(target, part=places[target.part])
            mappings.append(replace(mapping, target=moved_target.text))
    return replace(rack, parts=tuple(rack.parts[old] for old in order), mappings=tuple(mappings))


def _held(rack: Rack, mapping: Mapping) -> bool:
    target = parse_target(mapping.target)
    return target is not None and rack.holds(target)


def _check_index(rack: Rack, index: int) -> None:
    if not 0 <= index < len(rack.parts):
        raise UsageError(f"there is no part {index}: the rack has {len(rack.parts)}, counted from 0")
