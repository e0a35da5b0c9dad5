"""Notes of MPE zones as plug-ins hear them: on the manager's channel, as any note is.

Between the rack's router and a guarded instrument. Where two members hold one key, a plug-in hears one note,
which ends with the second. A pressure of a member becomes that of its keys; its bend becomes a `KeyBend` for
an instrument that takes those, and is not heard by others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..channels import BEND_STEPS, MEMBER_BEND_SEMITONES, NOTES_OFF, home_of
from ..events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    SystemReset,
)


@dataclass(frozen=True, slots=True)
class KeyBend:
    """From now on the notes of a key, those that sound too, are bent so far beside their channel's bend."""

    frame: int
    channel: int
    key: int
    semitones: float


GuestEvent: TypeAlias = MidiEvent | KeyBend


class MembersAtHome:
    """Follows one instrument's events. The render thread owns it."""

    def __init__(self, *, bends_keys: bool) -> None:
        self._bends_keys = bends_keys
        self._bends: dict[int, float] = {}  # of each member's channel, in semitones
        self._bent: set[tuple[int, int]] = set()  # homes and keys
        self.reset()

    def reset(self) -> None:
        """Nothing is held any more; what is bent stays so."""
        self._keys: dict[int, int] = {}  # the key that each member's channel played last
        self._holders: dict[tuple[int, int], set[int]] = {}  # home and key: the members that hold it

    def heard(self, events: Sequence[MidiEvent]) -> Sequence[GuestEvent]:
        """The events for the instrument, in order; the same ones where no zone has been heard."""
        untouched = not self._bent and not self._holders
        if untouched and all(event.channel < CHANNELS for event in events):
            return events
        return [heard for event in events for heard in self._heard(event)]

    def _heard(self, event: MidiEvent) -> Iterator[GuestEvent]:
        channel, home = event.channel, home_of(event.channel)
        match event:
            case NoteOn():
                yield from self._bend(event.frame, home, event.key, self._bends.get(channel, 0.0))
                if channel != home:
                    self._keys[channel] = event.key
                    self._holders.setdefault((home, event.key), set()).add(channel)
                yield replace(event, channel=home)
            case _ if channel == home:
                if isinstance(event, SystemReset) or (
                    isinstance(event, ControlChange) and event.controller in NOTES_OFF
                ):
                    self.reset()  # an instrument has one home
                yield event
            case NoteOff():
                yield from self._released(event.frame, channel, event.key)
            case PolyPressure():
                yield replace(event, channel=home)
            case PitchBend():
                self._bends[channel] = event.value / BEND_STEPS * MEMBER_BEND_SEMITONES
                if channel in self._keys:
                    yield from self._bend(event.frame, home, self._keys[channel], self._bends[channel])
            case ChannelPressure() if channel in self._keys:
                yield PolyPressure(event.frame, home, self._keys[channel], event.value)
            case ControlChange() if event.controller in NOTES_OFF:
                for key in [key for (_, key), members in self._holders.items() if channel in members]:
                    yield from self._released(event.frame, channel, key)

    def _released(self, frame: int, channel: int, key: int) -> Iterator[GuestEvent]:
        home = home_of(channel)
        holders = self._holders.get((home, key), set())
        holders.discard(channel)
        if not holders:
            self._holders.pop((home, key), None)
            yield NoteOff(frame, home, key)

    def _bend(self, frame: int, home: int, key: int, semitones: float) -> Iterator[GuestEvent]:
        """A key that was bent goes back when it is played without a bend."""
        if self._bends_keys and (semitones or (home, key) in self._bent):
            self._bent.add((home, key))
            if not semitones:
                self._bent.discard((home, key))
            yield KeyBend(frame, home, key, semitones)
