"""One raw MIDI message in words, for people who look whether their keyboard arrives.

Beside `midi_in`, which keeps the last message of each port.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from .midi_bytes import SYSEX_START, parse_message

NOTE_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SAID: Final[dict[type[Any], Callable[[Any], str]]] = {
    NoteOn: lambda event: f"note on {note_name(event.key)} velocity {event.velocity}",
    NoteOff: lambda event: f"note off {note_name(event.key)}",
    PolyPressure: lambda event: f"pressure {event.value} on {note_name(event.key)}",
    ControlChange: lambda event: f"controller {event.controller} at {event.value}",
    ProgramChange: lambda event: f"program {event.program + 1}",
    ChannelPressure: lambda event: f"pressure {event.value}",
    PitchBend: lambda event: f"pitch bend {event.value:+}" if event.value else "pitch bend centred",
}


def note_name(key: int) -> str:
    """The name of a key, 0 to 127: 60 is C4."""
    return f"{NOTE_NAMES[key % 12]}{key // 12 - 1}"


def message_words(message: bytes) -> str:
    """What a message says, such as "note on C4 velocity 96, channel 1"; channels and programs from 1 on."""
    event = parse_message(message, 0)
    if isinstance(event, SystemReset):
        return "reset"
    if event is not None:
        return f"{_SAID[type(event)](event)}, channel {event.channel + 1}"
    if message[:1] == bytes((SYSEX_START,)):
        return f"system exclusive, {len(message)} bytes"
    return f"message {message[:3].hex(' ')}" if message else ""
