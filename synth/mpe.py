"""MPE: a channel for each note, so that every note bends, swells and brightens by itself.

Between the MIDI events and the rack's router. Notes of a zone's member channels leave as notes of their
manager, on channels beyond the sixteen (`channels.member_channel`), where their bend and pressure are their
own; parts hear a zone where they hear its manager. MIDI Polyphonic Expression, M1-100-UM, version 1.1. A
switch: without it, nothing here is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .channels import (
    ADDRESSING,
    ALL_NOTES_OFF,
    DATA_ENTRY,
    NOTES_OFF,
    RESET_ALL_CONTROLLERS,
    RPN_BEND_RANGE,
    member_channel,
)
from .events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    SystemReset,
)
from .mpe_zones import ALL_CHANNELS, RANGE_CENTS, Zone, configured, with_range
from .rack.channel_memory import ChannelMemory, ChannelMemoryState
from .rack.standing import DATA, DATA_LSB, RPN_LSB, RPN_MSB

RPN_CONFIGURATION: Final = (0, 6)
TIMBRE: Final = 74
TIMBRE_CENTRE: Final = 64
MANAGER_RANGE: Final = ((RPN_MSB, 0), (RPN_LSB, 0), (DATA, 2), (DATA_LSB, 0))  # 2 semitones


@dataclass(frozen=True, slots=True)
class Touch:
    """What a member channel has said of its notes."""

    bend: int = 0
    pressure: int = 0
    timbre: int = TIMBRE_CENTRE


@dataclass(frozen=True, slots=True)
class MpeState:
    """A copy of everything an `Mpe` knows."""

    zones: Mapping[int, Zone]
    touches: tuple[Touch, ...]
    addresses: ChannelMemoryState


class Mpe:
    """Turns the events of MPE zones into those of their managers. Not thread-safe: the render thread owns it.

    Begins with a lower zone of all channels, which is what controllers are that never say how they are set.
    """

    def __init__(self) -> None:
        self._addresses = ChannelMemory()
        self.reset()

    def reset(self) -> None:
        self._addresses.clear()
        self._touches = [Touch()] * CHANNELS
        self._take(ALL_CHANNELS)

    def state(self) -> MpeState:
        return MpeState(dict(self._zones), tuple(self._touches), self._addresses.state())

    def restore(self, state: MpeState) -> None:
        self._touches = list(state.touches)
        self._addresses.restore(state.addresses)
        self._take(state.zones)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Those that have members, the lower one first."""
        return tuple(self._zones.values())

    def translate(self, events: Iterable[MidiEvent]) -> Iterator[MidiEvent]:
        """The events as the router hears them, in order."""
        for event in events:
            home = self._goes_to(event.channel)
            if isinstance(event, SystemReset):
                self.reset()
                yield event
            elif home != event.channel and not isinstance(event, Panic):
                if (rule := _OF_MEMBERS.get(type(event))) is not None:
                    yield from rule(self, event, home)
            elif isinstance(event, ControlChange):
                yield from self._control(event)
            else:
                yield event

    def _take(self, zones: Mapping[int, Zone]) -> None:
        self._zones = dict(sorted(zones.items()))
        self._zone_of: list[Zone | None] = [None] * CHANNELS
        for zone in zones.values():
            for channel in zone.channels:
                self._zone_of[channel] = zone

    def _goes_to(self, channel: int) -> int:
        """The channel on which the notes of a channel leave."""
        zone = self._zone_of[channel]
        return channel if zone is None else member_channel(zone.manager, channel)

    # --- what members say

    def _note_on(self, event: NoteOn, home: int) -> Iterator[MidiEvent]:
        """Bend, pressure and timbre come first: a part that has just begun to hear the zone knows none."""
        yield from self._touched(event.frame, event.channel, home)
        yield replace(event, channel=home)

    def _moved(self, event: NoteOff | PolyPressure, home: int) -> Iterator[MidiEvent]:
        yield replace(event, channel=home)

    def _bend(self, event: PitchBend, home: int) -> Iterator[MidiEvent]:
        self._touch(event.channel, bend=event.value)
        yield PitchBend(event.frame, home, self._scaled(event.channel))

    def _pressure(self, event: ChannelPressure, home: int) -> Iterator[MidiEvent]:
        self._touch(event.channel, pressure=event.value)
        yield replace(event, channel=home)

    def _member_control(self, event: ControlChange, home: int) -> Iterator[MidiEvent]:
        """All but these are the manager's to say, and not heard from a member."""
        channel, controller, value = event.channel, event.controller, event.value
        if controller in ADDRESSING:
            self._addresses.address(channel, controller, value)
        elif controller in DATA_ENTRY:
            yield from self._member_data(event)
        elif controller == TIMBRE:
            self._touch(channel, timbre=value)
            yield replace(event, channel=home)
        elif controller in NOTES_OFF:
            yield replace(event, channel=home)
        elif controller == RESET_ALL_CONTROLLERS:
            yield from self._untouched(event.frame, channel)

    def _member_data(self, event: ControlChange) -> Iterator[MidiEvent]:
        """The bend range of one member is that of all members."""
        number, zone = self._entered(event), self._zone_of[event.channel]
        if number == RPN_CONFIGURATION:  # by what was no manager until now
            yield from self._configured(event)
        if zone is None or number != RPN_BEND_RANGE or event.controller not in (DATA, DATA_LSB):
            return
        semitones, cents = divmod(zone.range_cents, 100)
        if event.controller == DATA:
            semitones = event.value
        else:
            cents = min(event.value, 99)
        yield from self._rezoned(event.frame, with_range(self._zones, zone, 100 * semitones + cents))

    # --- what managers say, and channels of no zone

    def _control(self, event: ControlChange) -> Iterator[MidiEvent]:
        if event.controller in ADDRESSING:
            self._addresses.address(event.channel, event.controller, event.value)
        elif event.controller in DATA_ENTRY and self._entered(event) == RPN_CONFIGURATION:
            yield from self._configured(event)
            return
        yield event
        if event.controller == RESET_ALL_CONTROLLERS and event.channel in self._zones:
            for channel in self._zones[event.channel].channels:
                yield from self._untouched(event.frame, channel)

    def _configured(self, event: ControlChange) -> Iterator[MidiEvent]:
        """An MPE configuration message: so many members for the manager that it comes from."""
        zones = configured(self._zones, event.channel, event.value)
        if event.controller != DATA or zones is None:
            return
        yield from self._rezoned(event.frame, zones)
        for controller, value in MANAGER_RANGE:
            yield ControlChange(event.frame, event.channel, controller, value)

    def _rezoned(self, frame: int, zones: Mapping[int, Zone]) -> Iterator[MidiEvent]:
        """Channels that are played for another one now let go of all; bends are told where their range is
        another."""
        channels = range(CHANNELS)
        before = [(self._goes_to(channel), self._scaled(channel)) for channel in channels]
        self._take(zones)
        for channel, (home, bend) in zip(channels, before, strict=True):
            if self._goes_to(channel) != home:
                self._touches[channel] = Touch()
                if home == channel:  # pedals and bends of no note of the zone
                    yield ControlChange(frame, home, RESET_ALL_CONTROLLERS, 0)
                yield ControlChange(frame, home, ALL_NOTES_OFF, 0)
            elif home != channel and self._scaled(channel) != bend:
                yield PitchBend(frame, home, self._scaled(channel))

    def _entered(self, event: ControlChange) -> tuple[int, int] | None:
        """The number of the registered parameter that a data entry is for, MSB and LSB; None for another."""
        entry = dict(self._addresses.enter_data(event.channel, event.controller, event.value))
        return (entry[RPN_MSB], entry[RPN_LSB]) if RPN_MSB in entry else None

    # --- touches

    def _touch(self, channel: int, **said: int) -> None:
        self._touches[channel] = replace(self._touches[channel], **said)

    def _scaled(self, channel: int) -> int:
        """A member's bend in steps of `MEMBER_BEND_SEMITONES`, whatever its zone's range: -8192 to 8191."""
        zone, bend = self._zone_of[channel], self._touches[channel].bend
        if zone is None or zone.range_cents == RANGE_CENTS:
            return bend
        return min(max(round(bend * zone.range_cents / RANGE_CENTS), -8192), 8191)

    def _touched(self, frame: int, channel: int, home: int) -> Iterator[MidiEvent]:
        touch = self._touches[channel]
        yield PitchBend(frame, home, self._scaled(channel))
        yield ChannelPressure(frame, home, touch.pressure)
        yield ControlChange(frame, home, TIMBRE, touch.timbre)

    def _untouched(self, frame: int, channel: int) -> Iterator[MidiEvent]:
        if self._touches[channel] != Touch():
            self._touches[channel] = Touch()
            yield from self._touched(frame, channel, self._goes_to(channel))


# Programs and the reset of the whole system are not a member's to say.
_OF_MEMBERS: Final[dict[type[Any], Callable[[Mpe, Any, int], Iterator[MidiEvent]]]] = {
    NoteOn: Mpe._note_on,
    NoteOff: Mpe._moved,
    PolyPressure: Mpe._moved,
    PitchBend: Mpe._bend,
    ChannelPressure: Mpe._pressure,
    ControlChange: Mpe._member_control,
}
