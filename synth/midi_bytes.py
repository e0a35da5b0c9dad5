"""One raw MIDI message in, one event out: the only place where a status byte is looked at.

First link of the chain, shared by live input and by files. Numbers are those of the MIDI 1.0 specification
(MMA 96.1, tables I to V); the SysEx messages are the resets of GM 1 and 2, Roland GS and Yamaha XG.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .events import (
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)

BEND_CENTRE: Final = 8192
SYSEX_START: Final = 0xF0
SYSEX_END: Final = 0xF7
ANY: Final = None  # in a SysEx pattern: a device number or a checksum, whatever it is
PANIC: Final = b"\xfd\xfd"  # stands among messages for what MIDI has none for: none of a port or a file
MAX_RESET_BYTES: Final = 16  # longer SysEx is never a reset; readers may skip it unseen

_Build = Callable[[int, int, bytes], MidiEvent]  # frame, channel, data bytes


def _note_on(frame: int, channel: int, data: bytes) -> MidiEvent:
    return NoteOn(frame, channel, data[0], data[1]) if data[1] else NoteOff(frame, channel, data[0])


# High nibble of the status byte: number of data bytes, and what the message becomes.
CHANNEL_MESSAGES: Final[dict[int, tuple[int, _Build]]] = {
    0x8: (2, lambda frame, channel, data: NoteOff(frame, channel, data[0])),
    0x9: (2, _note_on),
    0xA: (2, lambda frame, channel, data: PolyPressure(frame, channel, data[0], data[1])),
    0xB: (2, lambda frame, channel, data: ControlChange(frame, channel, data[0], data[1])),
    0xC: (1, lambda frame, channel, data: ProgramChange(frame, channel, data[0])),
    0xD: (1, lambda frame, channel, data: ChannelPressure(frame, channel, data[0])),
    0xE: (2, lambda frame, channel, data: PitchBend(frame, channel, (data[1] << 7 | data[0]) - BEND_CENTRE)),
}

RESETS: Final[tuple[tuple[int | None, ...], ...]] = (
    (0xFF,),  # system reset
    (0xF0, 0x7E, ANY, 0x09, 0x01, 0xF7),  # GM 1 on
    (0xF0, 0x7E, ANY, 0x09, 0x02, 0xF7),  # GM off
    (0xF0, 0x7E, ANY, 0x09, 0x03, 0xF7),  # GM 2 on
    (0xF0, 0x41, ANY, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, ANY, 0xF7),  # GS reset
    (0xF0, 0x41, ANY, 0x42, 0x12, 0x00, 0x00, 0x7F, 0x00, ANY, 0xF7),  # GS system mode 1
    (0xF0, 0x41, ANY, 0x42, 0x12, 0x00, 0x00, 0x7F, 0x01, ANY, 0xF7),  # GS system mode 2
    (0xF0, 0x43, ANY, 0x4C, 0x00, 0x00, 0x7E, 0x00, 0xF7),  # XG system on
    (0xF0, 0x43, ANY, 0x4C, 0x00, 0x00, 0x7F, 0x00, 0xF7),  # XG all parameter reset
)


def parse_message(message: bytes, frame: int) -> MidiEvent | None:
    """The event of one complete message (status byte first, SysEx from F0 to F7), stamped `frame`.

    None for messages that mean nothing to Neume and for malformed ones: wrong length, a data byte above 127,
    a status byte missing. Never raises.
    """
    if not message:
        return None
    form = CHANNEL_MESSAGES.get(message[0] >> 4)
    if form is None:
        return SystemReset(frame) if is_reset(message) else None
    count, build = form
    data = message[1:]
    if len(data) != count or max(data) > 127:
        return None
    return build(frame, message[0] & 0x0F, data)


def is_reset(message: bytes) -> bool:
    """Whether a message puts every channel back to its defaults."""
    return any(_matches(message, pattern) for pattern in RESETS)


def _matches(message: bytes, pattern: tuple[int | None, ...]) -> bool:
    return len(message) == len(pattern) and all(
        byte < 128 if wanted is ANY else byte == wanted for byte, wanted in zip(message, pattern, strict=True)
    )
