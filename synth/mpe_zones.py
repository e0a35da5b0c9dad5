"""The zones of MPE: which channels are members of which manager, and how a configuration message changes it.

Beside `mpe`. MIDI Polyphonic Expression, M1-100-UM, version 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from .channels import MEMBER_BEND_SEMITONES
from .events import CHANNELS

LOWER, UPPER = 0, CHANNELS - 1  # the managers: channels 1 and 16
MOST_MEMBERS: Final = CHANNELS - 1
RANGE_CENTS: Final = round(100 * MEMBER_BEND_SEMITONES)
MOST_RANGE_CENTS: Final = 9600  # the most that MPE allows


@dataclass(frozen=True, slots=True)
class Zone:
    """`members` channels next to the manager, upwards from the lower one and downwards from the upper one."""

    manager: int
    members: int
    range_cents: int = RANGE_CENTS  # of the members' bends at full

    @property
    def channels(self) -> range:
        step = 1 if self.manager == LOWER else -1
        return range(self.manager + step, self.manager + step * (self.members + 1), step)


Zones: TypeAlias = Mapping[int, Zone]  # those that have members, by manager

ALL_CHANNELS: Final[Zones] = {LOWER: Zone(LOWER, MOST_MEMBERS)}


def configured(zones: Zones, manager: int, members: int) -> dict[int, Zone] | None:
    """The zones after a configuration message; None for one that means nothing.

    The zone is made anew, or taken away if it has no members; the other one gives way to it.
    """
    if manager not in (LOWER, UPPER) or members > MOST_MEMBERS:
        return None
    room = MOST_MEMBERS - 1 - members if members else MOST_MEMBERS
    others = (zone for zone in zones.values() if zone.manager != manager)
    made = [Zone(manager, members), *(replace(zone, members=min(zone.members, room)) for zone in others)]
    return {zone.manager: zone for zone in made if zone.members > 0}


def with_range(zones: Zones, zone: Zone, range_cents: int) -> dict[int, Zone]:
    """The zones with another bend range for the members of one."""
    return {**zones, zone.manager: replace(zone, range_cents=min(range_cents, MOST_RANGE_CENTS))}
