"""The sixteen MIDI channels' controllers, programs and pitch-bend ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .events import CHANNELS, DRUM_CHANNEL
from .voices import DRUM_PROGRAM

PEDAL_DOWN: Final = 64
BEND_STEPS: Final = 8192
RPN_NULL: Final = (127, 127)
RPN_BEND_RANGE: Final = (0, 0)
MAX_BEND_RANGE_SEMITONES: Final = 24.0  # GM 2 asks for 12; wider ranges leave what the models were trained on
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
    pan: int = 64
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
        return float(40.0 * np.log10(max(self.volume, 1e-2) * max(self.expression, 1e-2) / 127.0**2))

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
        elif controller == 121:
            self.reset_controllers()

    def reset_controllers(self) -> None:
        """CC121, as the MMA's recommended practice RP-015 lists it: volume, pan and program stay."""
        self.expression, self.modulation, self.pressure, self.bend = 127, 0, 0, 0
        self.lift_pedals()
        self.rpn_msb, self.rpn_lsb = RPN_NULL


_FIELDS: Final = {
    0: "bank_msb",
    32: "bank_lsb",
    1: "modulation",
    7: "volume",
    10: "pan",
    11: "expression",
    64: "sustain",
    66: "sostenuto",
    67: "soft_pedal",
    100: "rpn_lsb",
    101: "rpn_msb",
}


class Channels:
    """The controllers of all sixteen channels."""

    def __init__(self) -> None:
        self._states = [_fresh(channel) for channel in range(CHANNELS)]

    def __getitem__(self, channel: int) -> ChannelState:
        return self._states[channel]

    def reset(self) -> None:
        self._states = [_fresh(channel) for channel in range(CHANNELS)]

    def lift_pedals(self) -> None:
        for state in self._states:
            state.lift_pedals()

    def state(self) -> tuple[ChannelState, ...]:
        return tuple(replace(state) for state in self._states)

    def restore(self, states: tuple[ChannelState, ...]) -> None:
        self._states = [replace(state) for state in states]


def _fresh(channel: int) -> ChannelState:
    return ChannelState(drum=channel == DRUM_CHANNEL, drum_home=channel == DRUM_CHANNEL)
