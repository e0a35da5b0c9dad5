"""One rack after another: which parts stay, and what the channels of the parts have to be told.

Used by the router when it is given another rack while notes are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from ..events import MidiEvent
from .channel_memory import ChannelMemory
from .held_keys import Note
from .part import Part, Rack
from .ranges import PARTS
from .standing import LIFTED_BY_PANIC, Standing, events_anew, events_between

LIFTED: Final = dict.fromkeys(LIFTED_BY_PANIC, 0)

Routed: TypeAlias = tuple[int, MidiEvent]  # the part it is for, and what it hears


def part_places(old: Rack, new: Rack) -> dict[int, int]:
    """Number in the old rack → number in the new one, of each part that stays.

    A part stays if an equal one is in the new rack, best at its own number, or if the part that has its
    number now is played by the same instrument: the same part, edited, or its successor in another preset.
    """
    places: dict[int, int] = {}
    for was, part in enumerate(old.parts):
        if was < len(new.parts) and new.parts[was] == part:
            places[was] = was
    for was, part in enumerate(old.parts):
        taken = set(places.values())
        equal = (now for now, other in enumerate(new.parts) if now not in taken and other == part)
        now = next(equal, None)
        if was not in places and now is not None:
            places[was] = now
    for was, part in enumerate(old.parts):
        free = was not in places and was not in places.values() and was < len(new.parts)
        if free and part.instrument_id == new.parts[was].instrument_id:
            places[was] = was
    return places


def part_after(places: Mapping[int, int], new: Rack, note: Note) -> int | None:
    """The number in the new rack of the part that a held note is of; None for a note that ends now.

    A note ends if its part does not stay, if its part is silent now, or if another instrument has its home.
    """
    now = places.get(note.part)
    if now is None or not new.audible(now):
        return None
    resident = _part(new, note.home)
    same = resident is None or resident.instrument_id == new.parts[now].instrument_id
    return now if same else None


def retold(
    memory: ChannelMemory, old: Rack, new: Rack, vacated: Mapping[int, Standing], frame: int
) -> tuple[list[Routed], dict[int, Standing]]:
    """What the channels are told when one rack follows another, and how those stand that have no part then.

    `vacated` is the same of the rack before. A channel that loses its part has its pedals lifted; keys that
    are down may still sound there. One whose instrument is another now is told everything.
    """
    changed = [home for home in range(PARTS) if not _hears_alike(old, new, home)]
    told = {**vacated, **_standings(memory, old, changed)}
    empty: dict[int, Standing] = {home: {**told[home], **LIFTED} for home in told if home >= len(new.parts)}
    routed: list[Routed] = []
    for home, wanted in sorted((empty | _standings(memory, new, changed)).items()):
        known = home not in told or _keeps_instrument(_part(old, home), _part(new, home))
        events = (events_between if known else events_anew)(told.get(home, {}), wanted, home, frame)
        routed += [(home, event) for event in events]
    return routed, empty


def _hears_alike(old: Rack, new: Rack, home: int) -> bool:
    """Whether what the part at `home` is told stays the same, whatever has been said."""
    before, after = _part(old, home), _part(new, home)
    if before is None or after is None:
        return before is after
    same = before.channels == after.channels and before.program == after.program
    return same and _keeps_instrument(before, after) and old.audible(home) == new.audible(home)


def _standings(memory: ChannelMemory, rack: Rack, homes: Iterable[int]) -> dict[int, Standing]:
    """Of those of the channels that the rack has a part for."""
    return {home: memory.standing(rack, home) for home in homes if home < len(rack.parts)}


def _keeps_instrument(before: Part | None, after: Part | None) -> bool:
    """Whether what sounds on a channel goes on: a channel without a part keeps the instrument it had."""
    return after is None or (before is not None and before.instrument_id == after.instrument_id)


def _part(rack: Rack, index: int) -> Part | None:
    return rack.parts[index] if index < len(rack.parts) else None
