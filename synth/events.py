"""MIDI events as the rest of the chain sees them: parsed, range-checked, stamped in samples.

First link of the chain: bytes or mido messages become these frozen records in one place, and nothing
past this point looks at a status byte again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

CHANNELS: Final = 16
DRUM_CHANNEL: Final = 9  # channel 10 as musicians count


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key pressed. `velocity` is 1 to 127: a velocity of 0 has become a `NoteOff` already."""

    frame: int
    channel: int
    key: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    frame: int
    channel: int
    key: int


@dataclass(frozen=True, slots=True)
class ControlChange:
    frame: int
    channel: int
    controller: int
    value: int


@dataclass(frozen=True, slots=True)
class ProgramChange:
    frame: int
    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class PitchBend:
    """`value` is -8192 to 8191; what it means in semitones is the channel's RPN 0 range."""

    frame: int
    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class ChannelPressure:
    frame: int
    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class PolyPressure:
    frame: int
    channel: int
    key: int
    value: int


@dataclass(frozen=True, slots=True)
class SystemReset:
    """A GM, GS or XG reset: every channel back to its defaults, all notes released. `channel` is 0."""

    frame: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Panic:
    """Silence at once, tails included, on every channel. `channel` is 0."""

    frame: int
    channel: int = 0


MidiEvent: TypeAlias = (
    NoteOn
    | NoteOff
    | ControlChange
    | ProgramChange
    | PitchBend
    | ChannelPressure
    | PolyPressure
    | SystemReset
    | Panic
)
