"""What a song has left set and pressed, up to some point of it, and the events that bring channels there.

Beside the transport's source: it tells what to let go of on a pause, and what to set after a jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..channels import RPN_NULL
from ..events import (
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
    SystemReset,
)
from ..rack.channel_memory import ChannelMemory
from ..rack.standing import (
    BANK_LSB,
    BANK_MSB,
    BEND,
    LIFTED_BY_PANIC,
    PRESSURE,
    RPN_MSB,
    Standing,
    events_anew,
    events_between,
)
from ..takes.periodic import give_way
from .song import Song

ADDRESSING: Final = (98, 99, 100, 101)  # numbers of parameters, NRPN and RPN
DATA_ENTRY: Final = (6, 38, 96, 97)
KEYS_UP: Final = (120, 123, 124, 125, 126, 127)
RESET_CONTROLLERS: Final = 121
SPRINGS: Final = (*LIFTED_BY_PANIC, BEND, PRESSURE)  # what a player's hands and feet hold beside keys
NO_ADDRESS: Final = (RPN_MSB, *RPN_NULL)


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel stands: its controllers, and the parameter that data entries are for."""

    values: Standing
    address: tuple[int, int, int] = NO_ADDRESS  # controller of the MSB, then MSB and LSB


Channels: TypeAlias = Mapping[int, Channel]  # those of which something was said
FRESH: Final = Channel({})


class Following:
    """The state after all followed events. Not thread-safe. `held` are channel and key of keys down."""

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], None] = {}
        self._memory = ChannelMemory()

    def follow(self, event: MidiEvent) -> None:
        match event:
            case NoteOn():
                self.held[event.channel, event.key] = None
            case NoteOff():
                self.held.pop((event.channel, event.key), None)
            case ControlChange():
                self._control(event.channel, event.controller, event.value)
            case ProgramChange():
                self._memory.choose_program(event.channel, event.program)
            case PitchBend():
                self._memory.say(event.channel, BEND, event.value)
            case ChannelPressure():
                self._memory.say(event.channel, PRESSURE, event.value)
            case SystemReset():
                self.held.clear()
                self._memory.clear()

    def channels(self) -> Channels:
        state = self._memory.state()
        values: dict[int, dict[int, int]] = {channel: {} for channel in state.addresses}
        for (channel, controller), value in state.said.items():
            values.setdefault(channel, {})[controller] = value
        return {
            channel: Channel(said, state.addresses.get(channel, NO_ADDRESS))
            for channel, said in values.items()
        }

    def release(self, frame: int) -> list[MidiEvent]:
        """What lets go of all that is held: keys, pedals, bend and pressure. The keys are forgotten."""
        events: list[MidiEvent] = [NoteOff(frame, *key) for key in self.held]
        self.held.clear()
        channels = self.channels()
        return events + list(_told(channels, lifted(channels), frame, anew=False))

    def _control(self, channel: int, controller: int, value: int) -> None:
        if controller in KEYS_UP:
            self.held = {key: None for key in self.held if key[0] != channel}
        elif controller == RESET_CONTROLLERS:
            self._memory.reset_controllers(channel)
        elif controller in (BANK_MSB, BANK_LSB):
            self._memory.select_bank(channel, controller, value)
        elif controller in ADDRESSING:
            self._memory.address(channel, controller, value)
        elif controller in DATA_ENTRY:
            self._memory.enter_data(channel, controller, value)
        else:
            self._memory.say(channel, controller, value)


def chased(song: Song, frame: int) -> Following:
    """The state with which a song goes on at `frame`; notes that would sound there are not begun."""
    following = Following()
    for event in give_way(song.chosen(_telling(song, song.index_at(frame)))):
        following.follow(event)
    return following


def lifted(channels: Channels) -> Channels:
    """The channels after a release."""
    return {
        number: Channel(
            {key: 0 if key in SPRINGS else value for key, value in channel.values.items()}, channel.address
        )
        for number, channel in channels.items()
    }


def events_to(told: Channels, wanted: Channels, frame: int, *, anew: bool) -> list[MidiEvent]:
    """What brings channels from how they were `told` to stand to how they are `wanted`, at `frame`.

    `anew` also tells what should be so already: somebody else may have changed it since.
    """
    return list(_told(told, wanted, frame, anew=anew))


def _told(told: Channels, wanted: Channels, frame: int, *, anew: bool) -> Iterator[MidiEvent]:
    telling = events_anew if anew else events_between
    for number in sorted(told.keys() | wanted.keys()):
        before, after = told.get(number, FRESH), wanted.get(number, FRESH)
        events = list(telling(before.values, after.values, number, frame))
        yield from events
        if _addresses(events) or before.address != after.address:
            high, msb, lsb = after.address
            yield ControlChange(frame, number, high, msb)
            yield ControlChange(frame, number, high - 1, lsb)


def _addresses(events: Iterable[MidiEvent]) -> bool:
    return any(isinstance(event, ControlChange) and event.controller in ADDRESSING for event in events)


def _telling(song: Song, end: int) -> NDArray[np.int64]:
    """The indices before `end` of all that decides how channels stand.

    Of plain controllers, bends and pressures the last one of each is enough. What banks, programs, parameters
    and resets mean depends on what was said before them.
    """
    kinds, numbers = song.messages[:end, 0] >> 4, song.messages[:end, 1]
    bound = np.isin(numbers, (BANK_MSB, BANK_LSB, *ADDRESSING, *DATA_ENTRY))
    ordered = np.flatnonzero((kinds == 0xB) & bound | (kinds == 0xC) | (kinds == 0xF))
    plain = np.flatnonzero((kinds == 0xB) & ~bound | (kinds == 0xD) | (kinds == 0xE))
    what = np.where(kinds[plain] == 0xB, numbers[plain], 0)
    names = song.messages[plain, 0].astype(np.int64) << 8 | what
    _, from_the_end = np.unique(names[::-1], return_index=True)
    return np.sort(np.concatenate([ordered, plain[len(plain) - 1 - from_the_end]]))
