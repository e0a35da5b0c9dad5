"""Where each part of a rack plays, and where it has left something ringing: seats, and trails behind them.

In the rack's chain between the router and the sections. A part that moves to another stream or bundle begins
new notes there; those that sound ring on where they are, and still hear their part's keys and controllers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from .channels import ALL_NOTES_OFF
from .events import CHANNELS, ControlChange, MidiEvent, NoteOn, Panic
from .notes import NoteTable
from .rack.standing import PEDALS
from .rack_sections import Section
from .renderer import StreamEvent

Routed: TypeAlias = tuple[int, MidiEvent]  # the part it is for, and what happened


class Seat(NamedTuple):
    """A stream of a section."""

    section: Section
    stream: int

    @property
    def notes(self) -> NoteTable:
        return self.section.renderer.notes[self.stream]


class Seats:
    """The seat of each part by its number, which is the channel that it speaks on; guests have none.

    A part that is gone keeps its seat, so that the keys that it left down can let go. The render thread owns
    it.
    """

    def __init__(self) -> None:
        self._now: list[Seat | None] = [None] * CHANNELS
        self._trails: dict[int, tuple[Seat, ...]] = {}

    def __getitem__(self, part: int) -> Seat | None:
        return self._now[part]

    @property
    def trails(self) -> Iterator[tuple[int, Seat]]:
        """Where parts have left something ringing."""
        return ((part, seat) for part, seats in self._trails.items() for seat in seats)

    def move(self, part: int, seat: Seat | None, frame: int, *, keeps_notes: bool) -> bool:
        """Give a part another seat; returns whether it must be told there how its controllers stand.

        Without `keeps_notes`, all that it holds is let go at `frame`, also where it stays.
        """
        before = self._now[part]
        if not keeps_notes:
            self._let_go(part, frame)
        if seat == before:
            return False
        trail = self._trails.pop(part, ())
        left = (*trail, before) if before is not None else trail
        ringing = tuple(old for old in left if old != seat and _sounds(old, part))
        if ringing:
            self._trails[part] = ringing
        self._now[part] = seat
        return seat is not None and seat not in trail

    def queues(
        self, routed: Sequence[Routed], sections: Iterable[Section]
    ) -> dict[Section, list[StreamEvent]]:
        """The events for each section; a panic goes to every stream, so that whatever rings is silenced."""
        queues: dict[Section, list[StreamEvent]] = {section: [] for section in sections}
        told: MidiEvent | None = None
        for part, event in routed:
            if isinstance(event, Panic):
                if event is not told:
                    for section, queue in queues.items():
                        queue += [(stream, event) for stream in range(section.streams)]
                told = event
                continue
            seat = self._now[part]
            if seat is not None:
                queues[seat.section].append((seat.stream, event))
            if self._trails and not isinstance(event, NoteOn):
                for old in self._trails.get(part, ()):
                    queues[old.section].append((old.stream, event))
        return queues

    def forget_silent(self) -> None:
        """Drop the trails that have faded."""
        for part, seats in list(self._trails.items()):
            ringing = tuple(seat for seat in seats if _sounds(seat, part))
            if ringing:
                self._trails[part] = ringing
            else:
                del self._trails[part]

    def forget_section(self, section: Section) -> None:
        """Nothing plays there any more."""
        self._now = [None if seat is None or seat.section is section else seat for seat in self._now]
        for part, seats in list(self._trails.items()):
            self._trails[part] = tuple(seat for seat in seats if seat.section is not section)

    def _let_go(self, part: int, frame: int) -> None:
        for seat in (self._now[part], *self._trails.get(part, ())):
            if seat is not None:
                for controller in (*PEDALS, ALL_NOTES_OFF):
                    seat.notes.apply(ControlChange(frame, part, controller, 0))


def _sounds(seat: Seat, part: int) -> bool:
    """Whether notes of the part ring there, those of members of MPE zones too (see `channels.home_of`)."""
    slots = seat.notes.slots
    return bool((slots["active"] & (slots["channel"] % CHANNELS == part)).any())
