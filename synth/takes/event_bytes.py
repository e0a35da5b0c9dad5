"""One event out, its MIDI bytes: the way back from `midi_bytes`, for a compact log and for files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ..events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from ..midi_bytes import BEND_CENTRE, PANIC, parse_message

RESET: Final = b"\xff"
GM_ON: Final = bytes.fromhex("7e 7f 09 01 f7")  # a SysEx message without its F0
OFF_VELOCITY: Final = 64
ALL_SOUND_OFF: Final = 120
PANIC_CHANNELS: Final = range(CHANNELS - 1, -1, -1)  # downwards: no keyboard sends them so


def _bend(event: PitchBend) -> bytes:
    value = event.value + BEND_CENTRE
    return bytes((0xE0 | event.channel, value & 0x7F, value >> 7))


_MESSAGES: Final[dict[type, Callable[[Any], bytes]]] = {
    NoteOn: lambda e: bytes((0x90 | e.channel, e.key, e.velocity)),
    NoteOff: lambda e: bytes((0x80 | e.channel, e.key, OFF_VELOCITY)),
    ControlChange: lambda e: bytes((0xB0 | e.channel, e.controller, e.value)),
    ProgramChange: lambda e: bytes((0xC0 | e.channel, e.program)),
    PitchBend: _bend,
    ChannelPressure: lambda e: bytes((0xD0 | e.channel, e.value)),
    PolyPressure: lambda e: bytes((0xA0 | e.channel, e.key, e.value)),
    SystemReset: lambda e: RESET,
    Panic: lambda e: PANIC,
}


def event_message(event: MidiEvent) -> bytes:
    """The event as one message of one to three bytes, `PANIC` for what MIDI has no message for."""
    return _MESSAGES[type(event)](event)


def message_event(message: bytes, frame: int) -> MidiEvent:
    """The event that `event_message` made this of."""
    event = Panic(frame) if message == PANIC else parse_message(message, frame)
    assert event is not None, message
    return event


def file_events(event: MidiEvent) -> Iterator[bytes]:
    """The event as a MIDI file has it, without delta times.

    A reset is GM's SysEx; a panic becomes CC120 on all channels, from the last to the first.
    """
    match event:
        case SystemReset():
            yield bytes((0xF0, len(GM_ON))) + GM_ON
        case Panic():
            for channel in PANIC_CHANNELS:
                yield bytes((0xB0 | channel, ALL_SOUND_OFF, 0))
        case _:
            yield event_message(event)


def with_panics(events: Iterable[MidiEvent]) -> Iterator[MidiEvent]:
    """Read back what `file_events` wrote: CC120 on all channels downwards, in one frame, is a panic again."""
    run: list[MidiEvent] = []
    for event in events:
        if event != (expected := _nth_of_panic(len(run), run[0].frame if run else event.frame)):
            yield from run
            run = []
            expected = _nth_of_panic(0, event.frame)
        if event != expected:
            yield event
            continue
        run.append(event)
        if len(run) == CHANNELS:
            yield Panic(event.frame)
            run = []
    yield from run


def _nth_of_panic(index: int, frame: int) -> ControlChange:
    return ControlChange(frame, PANIC_CHANNELS[index], ALL_SOUND_OFF, 0)
