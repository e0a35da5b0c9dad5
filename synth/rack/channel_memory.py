"""What each MIDI channel has said so far, so that a part that comes to hear it later is told.

Used by the router. Bank selects and parameter numbers are kept back until the message that they belong to, so
that channels merged into one part cannot mix them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..channels import RPN_BEND_RANGE, RPN_NULL
from ..events import DRUM_CHANNEL
from .part import DRUMS_ONLY, Part, Rack
from .standing import (
    BANK_LSB,
    BANK_MSB,
    BEND_RANGE,
    DATA,
    DATA_LSB,
    DEFAULTS,
    LIFTED_BY_PANIC,
    NRPN_MSB,
    PEDALS,
    PROGRAM,
    RESET_CONTROLLERS,
    RPN_LSB,
    RPN_MSB,
    Standing,
    at_home,
    choice_of,
    fixed_choice,
)


@dataclass(frozen=True, slots=True)
class ChannelMemoryState:
    said: Mapping[tuple[int, int], int]
    banks: Mapping[tuple[int, int], int]
    addresses: Mapping[int, tuple[int, int, int]]


class ChannelMemory:
    """How all sixteen channels stand. Keys are channel and controller, as `standing` numbers them."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Every channel back to its defaults."""
        self._said: dict[tuple[int, int], int] = {}  # what was said last comes last
        self._banks: dict[tuple[int, int], int] = {}
        self._addresses: dict[int, tuple[int, int, int]] = {}  # controller of the MSB, then MSB and LSB

    def state(self) -> ChannelMemoryState:
        return ChannelMemoryState(dict(self._said), dict(self._banks), dict(self._addresses))

    def restore(self, state: ChannelMemoryState) -> None:
        self._said, self._banks = dict(state.said), dict(state.banks)
        self._addresses = dict(state.addresses)

    def say(self, channel: int, controller: int, value: int) -> None:
        said = self._said
        said.pop((channel, controller), None)
        said[channel, controller] = value

    def select_bank(self, channel: int, controller: int, value: int) -> None:
        self._banks[channel, controller] = value

    def choose_program(self, channel: int, program: int) -> int:
        """The whole choice, bank and program, that a program change on a channel makes."""
        msb, lsb = self._banks.get((channel, BANK_MSB), 0), self._banks.get((channel, BANK_LSB), 0)
        choice = choice_of(msb, lsb, program)
        self.say(channel, PROGRAM, choice)
        return choice

    def address(self, channel: int, controller: int, value: int) -> None:
        """One half of the number of the parameter that the next data entries are for."""
        high = RPN_MSB if controller in (RPN_MSB, RPN_LSB) else NRPN_MSB
        before, msb, lsb = self._addresses.get(channel, (high, *RPN_NULL))
        if before != high:
            msb, lsb = RPN_NULL
        msb, lsb = (value, lsb) if controller == high else (msb, value)
        self._addresses[channel] = high, msb, lsb

    def enter_data(self, channel: int, controller: int, value: int) -> tuple[tuple[int, int], ...]:
        """A data entry with its parameter's number, as controllers and values; empty if none is addressed."""
        high, msb, lsb = self._addresses.get(channel, (RPN_MSB, *RPN_NULL))
        if (msb, lsb) == RPN_NULL:
            return ()
        if (high, msb, lsb) == (RPN_MSB, *RPN_BEND_RANGE) and controller in (DATA, DATA_LSB):
            cents = self._said.get((channel, BEND_RANGE), DEFAULTS[BEND_RANGE])
            cents = value * 100 + cents % 100 if controller == DATA else cents // 100 * 100 + min(value, 99)
            self.say(channel, BEND_RANGE, cents)
        return (high, msb), (high - 1, lsb), (controller, value)

    def reset_controllers(self, channel: int) -> None:
        """CC121."""
        for controller, value in RESET_CONTROLLERS.items():
            self.say(channel, controller, value)
        self._addresses.pop(channel, None)

    def controllers(self) -> set[int]:
        """Everything that any channel has said something of."""
        return {controller for _, controller in self._said}

    def lift_pedals(self) -> None:
        """Panic."""
        for channel, controller in self._said:
            if controller in LIFTED_BY_PANIC:
                self._said[channel, controller] = 0

    def standing(self, rack: Rack, index: int) -> Standing:
        """How the channel of a rack's part stands if the part has been told all that concerns it.

        Of several channels that a part hears the last one that spoke counts. A silent part hears of no pedal.
        """
        part = rack.parts[index]
        told = {controller: value for (ch, controller), value in self._said.items() if ch in part.channels}
        told[PROGRAM] = fixed_choice(part.program) if part.program is not None else self._chosen(part, index)
        if not rack.audible(index):
            told.update(dict.fromkeys(PEDALS, 0))
        return told

    def _chosen(self, part: Part, home: int) -> int:
        """The choice that a part follows; drums before there is one if it hears the drum channel alone."""
        choice = at_home(0, DRUM_CHANNEL if part.channels == DRUMS_ONLY else 0, home)
        for (channel, controller), said in self._said.items():
            if controller == PROGRAM and channel in part.channels:
                choice = at_home(said, channel, home)
        return choice
