"""The channels on which parts speak: the one of a part's number, and beside it those of members of MPE zones.

Used by the router, to tell what one channel has said on the channels of the parts that hear it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..channels import home_of
from ..events import CHANNELS, ControlChange, NoteOff
from .held_keys import Note
from .rack_change import Routed


def releases(notes: Iterable[Note], frame: int) -> list[Routed]:
    """What ends these notes."""
    return [(home_of(note.home), NoteOff(frame, note.home, note.key)) for note in notes]


def copies(event: ControlChange, parts: Iterable[int]) -> list[Routed]:
    """The same for each of these parts, on its channel."""
    frame, controller, value = event.frame, event.controller, event.value
    origin, member = parted(event.channel)
    return [(i, event if i == origin else ControlChange(frame, i + member, controller, value)) for i in parts]


def parted(channel: int) -> tuple[int, int]:
    """The one of the sixteen channels that is heard, and what a member of it adds to that number."""
    return home_of(channel), channel - home_of(channel)


def with_members(homes: Iterable[int]) -> Iterator[int]:
    """These channels, and those of all notes that are played for them."""
    return (home + CHANNELS * member for home in homes for member in range(CHANNELS + 1))
