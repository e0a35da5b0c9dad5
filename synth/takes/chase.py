"""What earlier events have left set: the controllers, programs and held keys with which a take begins.

Keeps what was said last of each kind, in the order in which it was said: a part of a rack may hear several
channels, and then the last one that spoke counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Final

from ..channels import ADDRESSING, DATA_ENTRY, NOTES_OFF, Channels
from ..events import (
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SystemReset,
)
from ..rack.channel_memory import ChannelMemory
from ..rack.standing import BANK_LSB, BANK_MSB, LIFTED_BY_PANIC

MAX_SAID: Final = 4096  # beyond, what was said longest ago is forgotten


class Chase:
    """The state after all followed events; `channels` are what a note table knows of it. Not thread-safe."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.channels = Channels()
        self.held: dict[tuple[int, int], int] = {}  # channel and key: velocity
        self._addresses = ChannelMemory()
        self._said: dict[Hashable, tuple[MidiEvent, ...]] = {}  # what was said last comes last

    def copy(self) -> Chase:
        other = Chase()
        other.channels.restore(self.channels.state())
        other._addresses.restore(self._addresses.state())
        other.held, other._said = dict(self.held), dict(self._said)
        return other

    def follow(self, event: MidiEvent) -> None:
        match event:
            case NoteOn():
                self.held[event.channel, event.key] = event.velocity
            case NoteOff():
                self.held.pop((event.channel, event.key), None)
            case ControlChange():
                self._control(event)
            case ProgramChange():
                self._say(("program", event.channel), *self._banks(event.channel), event)
                self.channels[event.channel].select_program(event.program)
            case PitchBend():
                self._say(("bend", event.channel), event)
                self.channels[event.channel].bend = event.value
            case ChannelPressure():
                self._say(("pressure", event.channel), event)
                self.channels[event.channel].pressure = event.value
            case SystemReset():
                self.reset()
                self._say("reset", event)
            case Panic():
                self.channels.lift_pedals()
                self.held = {}
                self._said = {key: said for key, said in self._said.items() if not _is_pedal(said[0])}

    def controllers(self, frame: int) -> Iterator[MidiEvent]:
        """Events at `frame` that set on fresh channels, or in a fresh rack, what is set here."""
        for said in self._said.values():
            for event in said:
                yield replace(event, frame=frame)

    def keys(self, frame: int) -> Iterator[MidiEvent]:
        """The held keys, pressed again at `frame`."""
        for (channel, key), velocity in self.held.items():
            yield NoteOn(frame, channel, key, velocity)

    def _control(self, event: ControlChange) -> None:
        channel, controller = event.channel, event.controller
        self.channels[channel].control(controller, event.value)
        if controller in NOTES_OFF:
            self.held = {key: velocity for key, velocity in self.held.items() if key[0] != channel}
        elif controller in DATA_ENTRY:
            entry = self._addresses.enter_data(channel, controller, event.value)
            if entry:
                told = (ControlChange(event.frame, channel, *pair) for pair in entry)
                self._say(("data", channel, entry[:2], controller), *told)
        else:
            if controller in ADDRESSING:
                self._addresses.address(channel, controller, event.value)
            self._say((controller, channel), event)

    def _banks(self, channel: int) -> tuple[MidiEvent, MidiEvent]:
        """The bank that a program change is made in."""
        state = self.channels[channel]
        return (
            ControlChange(0, channel, BANK_MSB, state.bank_msb),
            ControlChange(0, channel, BANK_LSB, state.bank_lsb),
        )

    def _say(self, key: Hashable, *events: MidiEvent) -> None:
        self._said.pop(key, None)
        self._said[key] = events
        if len(self._said) > MAX_SAID:
            del self._said[next(iter(self._said))]


def _is_pedal(event: MidiEvent) -> bool:
    return isinstance(event, ControlChange) and event.controller in LIFTED_BY_PANIC
