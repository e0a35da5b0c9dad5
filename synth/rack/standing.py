"""How a MIDI channel stands: the value of each of its controllers, and the events that tell one standing.

Used by the router. What MIDI says without a controller number has a number above 127 here. A program is kept
as one number with the bank that it was chosen in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from ..channels import CHORUS_SEND, DRUM_BANKS_MSB, MELODIC_BANK_MSB, NEUTRAL_SEND, REVERB_SEND
from ..events import DRUM_CHANNEL, ChannelPressure, ControlChange, MidiEvent, PitchBend, ProgramChange
from ..voices import DRUM_PROGRAM

Standing: TypeAlias = Mapping[int, int]

BEND: Final = 128  # -8192 to 8191
PRESSURE: Final = 129
BEND_RANGE: Final = 130  # in cents
PROGRAM: Final = 131  # bank MSB, bank LSB and program, 7 bits each

BANK_MSB, BANK_LSB, DATA, DATA_LSB = 0, 32, 6, 38
NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB = 98, 99, 100, 101
PEDALS: Final = (64, 66)  # sustain and sostenuto: they hold notes
LIFTED_BY_PANIC: Final = (*PEDALS, 67)

# Where a channel begins; a controller that is missing begins at 0 (GM 2, section 3; MMA RP-021).
DEFAULTS: Final = {
    7: 100,
    8: 64,
    10: 64,
    11: 127,
    **dict.fromkeys(range(70, 80), 64),
    REVERB_SEND: NEUTRAL_SEND,
    CHORUS_SEND: NEUTRAL_SEND,  # 0 in GM 2: here, who says nothing hears the chorus of the rack as it stands
    BEND_RANGE: 200,
}
# What CC121 puts back (MMA RP-015).
RESET_CONTROLLERS: Final = {1: 0, 11: 127, 64: 0, 65: 0, 66: 0, 67: 0, BEND: 0, PRESSURE: 0}


def choice_of(bank_msb: int, bank_lsb: int, program: int) -> int:
    """A program and its bank as one number."""
    return bank_msb << 14 | bank_lsb << 7 | program


def fixed_choice(program: int) -> int:
    """The choice of a part's own program: in GM 2's melodic bank, or for 128 the kit of its rhythm bank."""
    drums = program == DRUM_PROGRAM
    return choice_of(DRUM_BANKS_MSB[0], 0, 0) if drums else choice_of(MELODIC_BANK_MSB, 0, program)


def at_home(choice: int, channel: int, home: int) -> int:
    """A choice made on `channel` as it must be made on `home` to mean the same.

    Channel 10 takes most banks for drums, others do not: where the two differ, GM 2's banks say it plainly.
    """
    msb = choice >> 14
    if _means_drums(msb, channel) == _means_drums(msb, home):
        return choice
    plain = DRUM_BANKS_MSB[0] if _means_drums(msb, channel) else MELODIC_BANK_MSB
    return choice & 0x3FFF | plain << 14


def events_between(told: Standing, wanted: Standing, home: int, frame: int) -> Iterator[MidiEvent]:
    """What brings the channel `home` from one standing to another; nothing for what is equal."""
    for controller in sorted(told.keys() | wanted.keys()):
        value = wanted.get(controller, DEFAULTS.get(controller, 0))
        if value != told.get(controller, DEFAULTS.get(controller, 0)):
            yield from _telling(controller, value, home, frame)


def events_anew(told: Standing, wanted: Standing, home: int, frame: int) -> Iterator[MidiEvent]:
    """Lifts the pedals that are down, then tells every controller of both standings."""
    lifted = {**told, **dict.fromkeys(LIFTED_BY_PANIC, 0)}
    yield from events_between(told, lifted, home, frame)
    for controller in sorted(told.keys() | wanted.keys()):
        value = wanted.get(controller, DEFAULTS.get(controller, 0))
        yield from _telling(controller, value, home, frame)


def program_events(choice: int, home: int, frame: int) -> Iterator[MidiEvent]:
    """Bank, then program, as `ChannelState.select_program` takes them."""
    yield ControlChange(frame, home, BANK_MSB, choice >> 14)
    yield ControlChange(frame, home, BANK_LSB, choice >> 7 & 127)
    yield ProgramChange(frame, home, choice & 127)


def _telling(controller: int, value: int, home: int, frame: int) -> Iterator[MidiEvent]:
    if controller == PROGRAM:
        yield from program_events(value, home, frame)
    elif controller == BEND_RANGE:
        entry = ((RPN_MSB, 0), (RPN_LSB, 0), (DATA, value // 100), (DATA_LSB, value % 100))
        yield from (ControlChange(frame, home, *pair) for pair in entry)
    elif controller == BEND:
        yield PitchBend(frame, home, value)
    elif controller == PRESSURE:
        yield ChannelPressure(frame, home, value)
    else:
        yield ControlChange(frame, home, controller, value)


def _means_drums(bank_msb: int, channel: int) -> bool:
    return bank_msb in DRUM_BANKS_MSB or (channel == DRUM_CHANNEL and bank_msb != MELODIC_BANK_MSB)
