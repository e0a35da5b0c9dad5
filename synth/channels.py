"""The sixteen MIDI channels' controllers, programs and pitch-bend ranges, and the members of MPE zones.

A note that a member channel plays has a channel beyond the sixteen, which tells its home, the channel that it
is played for, and its member: `member_channel`. It has bend and pressure of its own, all else is its home's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from .events import CHANNELS, DRUM_CHANNEL
from .voices import DRUM_PROGRAM

WITH_MEMBERS: Final = CHANNELS * (CHANNELS + 1)  # the sixteen, and sixteen members of each
SUSTAIN: Final = 64  # the controller
PEDAL_DOWN: Final = 64  # and the value from which on a pedal is down
PAN_CENTRE: Final = 64  # CC10; 0 and 1 are both hard left, 127 is hard right (MMA RP-036)
REVERB_SEND, CHORUS_SEND = 91, 93
NEUTRAL_SEND: Final = 40  # where GM 2 begins with the reverb; with the chorus it begins at 0
BEND_STEPS: Final = 8192
ADDRESSING: Final = (98, 99, 100, 101)  # numbers of parameters, NRPN and RPN
DATA_ENTRY: Final = (6, 38, 96, 97)
RESET_ALL_CONTROLLERS: Final = 121
ALL_NOTES_OFF: Final = 123
NOTES_OFF: Final = (120, ALL_NOTES_OFF, 124, 125, 126, 127)  # the modes too end all notes
RPN_NULL: Final = (127, 127)
RPN_BEND_RANGE: Final = (0, 0)
MAX_BEND_RANGE_SEMITONES: Final = 24.0  # GM 2 asks for 12; wider ranges leave what the models were trained on
MEMBER_BEND_SEMITONES: Final = 48.0  # of a member's own bend at full (MPE 1.1)
DRUM_BANKS_MSB: Final = (120, 127)  # GM 2 and XG rhythm banks
MELODIC_BANK_MSB: Final = 121  # GM 2


@dataclass(slots=True)
class ChannelState:
    """Controllers of one channel, in MIDI's own units (0 to 127 unless noted)."""

    drum: bool = False
    drum_home: bool = False  # the channel is a drum channel unless a bank says otherwise
    program: int = 0
    bank_msb: int = 0
    bank_lsb: int = 0
    volume: int = 100
    expression: int = 127
    modulation: int = 0
    pressure: int = 0
    sustain: int = 0
    sostenuto: int = 0
    soft_pedal: int = 0
    pan: int = PAN_CENTRE
    reverb_depth: int = NEUTRAL_SEND
    chorus_depth: int = NEUTRAL_SEND
    bend: int = 0  # -8192 to 8191
    bend_range_semitones: float = 2.0
    rpn_msb: int = 127
    rpn_lsb: int = 127

    @property
    def sustain_down(self) -> bool:
        return self.sustain >= PEDAL_DOWN

    @property
    def sostenuto_down(self) -> bool:
        return self.sostenuto >= PEDAL_DOWN

    @property
    def soft(self) -> bool:
        return self.soft_pedal >= PEDAL_DOWN

    @property
    def sounding_program(self) -> int:
        """The program that a new note gets: the drum kit's row on a drum channel."""
        return DRUM_PROGRAM if self.drum else self.program

    @property
    def bend_semitones(self) -> float:
        return self.bend / BEND_STEPS * self.bend_range_semitones

    @property
    def gain_db(self) -> float:
        """Volume and expression together: 40 log10 of each over 127 (GM level 1 recommendation)."""
        return 40.0 * math.log10(max(self.volume, 1e-2) * max(self.expression, 1e-2) / 127.0**2)

    @property
    def send_depths(self) -> tuple[float, float]:
        """What the reverb and the chorus of a rack get of the channel, 1 for as much as they would anyway."""
        return self.reverb_depth / NEUTRAL_SEND, self.chorus_depth / NEUTRAL_SEND

    def select_program(self, program: int) -> None:
        """Take a program change. A rhythm bank turns the channel into a drum channel, another one back.

        Channel 10 leaves the drums for GM 2's melodic bank only: GS and GM files select bank 0 on it.
        """
        self.program = program
        drum_now = self.drum_home and self.bank_msb != MELODIC_BANK_MSB
        self.drum = drum_now or self.bank_msb in DRUM_BANKS_MSB

    def lift_pedals(self) -> None:
        self.sustain = self.sostenuto = self.soft_pedal = 0

    def control(self, controller: int, value: int) -> None:
        """Take a control change; unknown controllers change nothing."""
        if controller in _FIELDS:
            setattr(self, _FIELDS[controller], value)
        elif controller in (98, 99):  # an NRPN is being addressed: data entry is not for an RPN
            self.rpn_msb, self.rpn_lsb = RPN_NULL
        elif controller in (6, 38) and (self.rpn_msb, self.rpn_lsb) == RPN_BEND_RANGE:
            semitones, cents = divmod(self.bend_range_semitones, 1.0)
            semitones, cents = (value, cents) if controller == 6 else (semitones, min(value, 99) / 100.0)
            self.bend_range_semitones = min(semitones + cents, MAX_BEND_RANGE_SEMITONES)
        elif controller == RESET_ALL_CONTROLLERS:
            self.reset_controllers()

    def reset_controllers(self) -> None:
        """CC121, as the MMA's recommended practice RP-015 lists it: volume, pan and program stay."""
        self.expression, self.modulation, self.pressure, self.bend = 127, 0, 0, 0
        self.lift_pedals()
        self.rpn_msb, self.rpn_lsb = RPN_NULL


class MemberState(ChannelState):
    """What a member channel of an MPE zone is to the notes that it plays: its home, moved by its own bend and
    pressure. Whatever is not set here is looked up in the home.
    """

    __slots__ = ("channel", "home", "own_pressure")

    def __init__(self, channel: int, home: ChannelState, bend: int = 0, pressure: int = 0) -> None:
        self.channel, self.home = channel, home
        self.bend = bend  # -8192 to 8191, of `MEMBER_BEND_SEMITONES`
        self.own_pressure = pressure

    def __getattr__(self, name: str) -> object:
        return getattr(self.home, name)

    @property
    def bend_semitones(self) -> float:
        return self.bend / BEND_STEPS * MEMBER_BEND_SEMITONES + self.home.bend_semitones

    @property
    def pressure(self) -> int:
        """The larger of its own and its home's."""
        return max(self.own_pressure, self.home.pressure)

    @pressure.setter
    def pressure(self, value: int) -> None:
        self.own_pressure = value

    def control(self, controller: int, value: int) -> None:
        """No controller is a member's own."""


def member_channel(home: int, member: int) -> int:
    """The channel of the notes that the channel `member` plays for the channel `home`: 16 to 271."""
    return home + CHANNELS * (member + 1)


def home_of(channel: int) -> int:
    """The one of the sixteen channels whose controllers a note on `channel` follows: itself, or its home."""
    return channel % CHANNELS


def pan_position(value: int) -> float:
    """Where CC10 puts a channel: -1 for left to 1 for right."""
    return max(-1.0, (value - PAN_CENTRE) / (127 - PAN_CENTRE))


_FIELDS: Final = {
    0: "bank_msb",
    32: "bank_lsb",
    1: "modulation",
    7: "volume",
    10: "pan",
    11: "expression",
    SUSTAIN: "sustain",
    66: "sostenuto",
    67: "soft_pedal",
    REVERB_SEND: "reverb_depth",
    CHORUS_SEND: "chorus_depth",
    100: "rpn_lsb",
    101: "rpn_msb",
}


class Channels:
    """The controllers of all sixteen channels, and of the member channels that have been used."""

    def __init__(self) -> None:
        self.reset()

    def __getitem__(self, channel: int) -> ChannelState:
        if channel < CHANNELS:
            return self._states[channel]
        if channel not in self._members:
            self._members[channel] = MemberState(channel, self._states[home_of(channel)])
        return self._members[channel]

    def members_of(self, home: int) -> list[int]:
        """The member channels that have been used and follow one of the sixteen."""
        return [channel for channel in self._members if home_of(channel) == home]

    def reset(self) -> None:
        self._states = [_fresh(channel) for channel in range(CHANNELS)]
        self._members: dict[int, MemberState] = {}

    def lift_pedals(self) -> None:
        for state in self._states:
            state.lift_pedals()

    def state(self) -> tuple[ChannelState, ...]:
        """A copy of all of it: the sixteen, then the members."""
        return _copied([*self._states, *self._members.values()])

    def restore(self, states: tuple[ChannelState, ...]) -> None:
        copied = _copied(states)
        self._states = list(copied[:CHANNELS])
        self._members = {state.channel: state for state in copied if isinstance(state, MemberState)}


def _copied(states: Sequence[ChannelState]) -> tuple[ChannelState, ...]:
    homes = [replace(state) for state in states[:CHANNELS]]
    members = [
        MemberState(member.channel, homes[home_of(member.channel)], member.bend, member.own_pressure)
        for member in states
        if isinstance(member, MemberState)
    ]
    return (*homes, *members)


def _fresh(channel: int) -> ChannelState:
    return ChannelState(drum=channel == DRUM_CHANNEL, drum_home=channel == DRUM_CHANNEL)
