"""A take's MIDI file while it grows: one tick is one sample, and the file is whole after every write.

A Standard MIDI File of format 0, because one track can grow: its first event is a text with the recipe, its
second the tempo that makes a tick a sample. Written here because mido can only write a file in one go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ..errors import OutputError, UsageError
from ..events import MidiEvent
from .event_bytes import file_events
from .growing_file import GrowingFile
from .periodic import give_way
from .recipe import Recipe, recipe_text

BEATS_US: Final = (500_000, 250_000, 125_000, 1_000_000)  # lengths of a quarter note to try, the best first
MAX_TICKS: Final = 32_767  # of a quarter note: the division has 15 bits
MAX_DELTA: Final = 2**28 - 1  # a variable-length number has four bytes of seven bits; 93 minutes at 48 kHz
HEAD: Final = b"MThd" + bytes.fromhex("00000006 0000 0001")  # the ticks of a quarter note follow
TRACK: Final = b"MTrk"
TRACK_AT: Final = len(HEAD) + 2
EVENTS_AT: Final = TRACK_AT + len(TRACK) + 4  # behind the track's length
TEXT, MARKER, TEMPO, END = b"\xff\x01", b"\xff\x06", b"\xff\x51\x03", b"\xff\x2f\x00"  # meta events
AUDIO_BEGINS: Final = b"audio begins"
SLACK: Final = 20  # blanks after the recipe, for the digits of a length that is known at the end


def clock_bytes(rate_hz: int) -> tuple[bytes, bytes]:
    """Division and tempo event, with its delta time, that make a tick one sample.

    24 000 ticks a quarter note of 500 000 us at 48 kHz. Raises UsageError for a rate that has no such pair:
    beyond 32 767 Hz it must be even, beyond 65 534 Hz a multiple of 4, beyond 131 068 Hz of 8.
    """
    for beat_us in BEATS_US:
        ticks, rest = divmod(rate_hz * beat_us, 1_000_000)
        if not rest and 0 < ticks <= MAX_TICKS:
            return ticks.to_bytes(2, "big"), b"\x00" + TEMPO + beat_us.to_bytes(3, "big")
    raise UsageError(
        f"{rate_hz} Hz: no MIDI tick lasts one sample; take a rate such as 44100, 48000 or 96000 Hz"
    )


class GrowingMidi:
    """The MIDI file of one take. Not thread-safe.

    `start_frame` of the recipe is tick 0. Raises OutputError with the system's reason; the events written
    until then are in the file. Raises FileExistsError if `path` is there already.
    """

    def __init__(self, path: Path, target: Path, recipe: Recipe) -> None:
        ticks, tempo = clock_bytes(recipe.rate_hz)
        text = recipe_text(recipe).encode("ascii") + b" " * SLACK
        head = HEAD + ticks + TRACK + bytes(4) + b"\x00" + TEXT + number(len(text)) + text
        self._recipe = recipe
        self._text = len(head) - len(text), len(text)  # first byte, bytes
        self._marked = recipe.audio_frame == recipe.start_frame
        self._tick = 0  # of the last event
        self._end = len(head)  # the byte where the end of track begins, which is `_closed`
        self._closed = b""
        self.file = GrowingFile(path, target)
        try:
            self.file.write_at(0, head)
            self._append(tempo, 0, 0)
        except OutputError:
            self.file.discard()
            raise

    def write(self, events: Iterable[MidiEvent], until_frame: int) -> None:
        """Append events in order of their frames; the file lasts until `until_frame` or its last event."""
        content = bytearray()
        last = self._tick
        for frame, message in self._messages(events, until_frame):
            tick = max(last, frame - self._recipe.start_frame)
            content += _delta(tick - last) + message
            last = tick
        self._append(bytes(content), last, max(last, until_frame - self._recipe.start_frame))

    def finish(self, recipe: Recipe) -> None:
        """Put the recipe as it is known now in place of the first one, and bring the file to the disk."""
        at, length = self._text
        text = recipe_text(recipe).encode("ascii").ljust(length)
        assert len(text) == length, "SLACK is too small"
        try:
            self.file.write_at(at, text)
        finally:
            self.file.finish()

    def _messages(self, events: Iterable[MidiEvent], until_frame: int) -> Iterator[tuple[int, bytes]]:
        """Frame and bytes of every message; a marker where the audio file begins, if later than tick 0."""
        begin = self._recipe.audio_frame
        for event in give_way(events):
            if not self._marked and event.frame >= begin:
                yield self._marker()
            for message in file_events(event):
                yield event.frame, message
        if not self._marked and until_frame >= begin:
            yield self._marker()

    def _marker(self) -> tuple[int, bytes]:
        self._marked = True
        return self._recipe.audio_frame, MARKER + number(len(AUDIO_BEGINS)) + AUDIO_BEGINS

    def _append(self, content: bytes, tick: int, end_tick: int) -> None:
        """Write events over the end of track, and a new end of track behind them."""
        closed = _delta(end_tick - tick) + END
        try:
            self.file.write_at(self._end, content + closed)
        except OutputError:
            with contextlib.suppress(OutputError):  # the old end has its place on the disk
                self.file.write_at(self._end, self._closed)
                self.file.cut(self._end + len(self._closed))
            raise
        self._tick, self._end, self._closed = tick, self._end + len(content), closed
        size = self._end + len(closed)
        self.file.write_at(EVENTS_AT - 4, (size - EVENTS_AT).to_bytes(4, "big"))
        self.file.cut(size)


def number(value: int) -> bytes:
    """A variable-length number: seven bits a byte, the highest first, all but the last with the top bit."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def _delta(ticks: int) -> bytes:
    """A delta time; one that is too long for a number passes in empty texts."""
    rests, last = divmod(ticks, MAX_DELTA)
    return (number(MAX_DELTA) + TEXT + b"\x00") * rests + number(last)
