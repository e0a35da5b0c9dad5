"""One track chunk of a MIDI file, walked event by event and rewritten as plain as mido needs it.

Players forgive what mido 1.3 does not: it gives a whole file up at the first fault, loses the delta time of
meta events it does not know, and builds objects without limit. So this walk comes first. It keeps every event
up to the first fault, writes statuses out in full, and replaces events no sound depends on by empty texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import MidiFileError
from .midi_bytes import CHANNEL_MESSAGES, MAX_RESET_BYTES

META: Final = 0xFF
TRACK_NAME: Final = 0x03
END_OF_TRACK: Final = 0x2F
SET_TEMPO: Final = 0x51
SYSEX: Final = (0xF0, 0xF7)
SYSTEM_DATA_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # system common and real time do not belong in files
EMPTY_TEXT: Final = b"\xff\x01\x00"
DELTA_BYTES: Final = 4  # of a variable-length number, at most
MAX_EVENTS: Final = 2_000_000  # of all tracks and kinds; an hour of dense music has some 500 000
PIECE_EVENTS: Final = 50_000  # decoded at a time, so that mido's objects stay few
NAME_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Track:
    """What was read of one track. Ticks count from the track's own beginning."""

    name: str
    pieces: tuple[tuple[int, bytes], ...]  # tick before the first event, event bytes of a plain track chunk
    tempos: tuple[tuple[int, int], ...]  # tick, microseconds per beat
    last_tick: int  # of the last event that is not the end of the track
    end_tick: int
    end_byte: int  # just past the last byte that was used
    events: int
    messages: int  # of them, channel messages
    warnings: tuple[str, ...]


class Damage(Exception):
    """The track cannot be read any further."""


def read_track(chunk: bytes, events_before: int = 0) -> Track:
    """Read a track chunk's content up to its end-of-track, its end or its first fault.

    Raises MidiFileError for more than `MAX_EVENTS` with those of earlier tracks, and for a tempo of 0.
    """
    walk = _Walk(chunk, MAX_EVENTS - events_before)
    try:
        while walk.position < len(chunk) and not walk.ended:
            walk.step()
        if not walk.ended:
            walk.warn("has no end-of-track event")
    except IndexError:
        walk.warn(f"is cut off in the middle of an event; the {walk.events} events before it are kept")
    except Damage as damage:
        walk.warn(
            f"is damaged at its byte {walk.position}: {damage}; the {walk.events} events before are kept"
        )
    return walk.track()


class _Walk:
    def __init__(self, chunk: bytes, allowed: int) -> None:
        self.chunk = chunk
        self.allowed = allowed
        self.position = 0
        self.tick = 0
        self.last_tick = 0
        self.events = 0
        self.messages = 0
        self.ended = False
        self.running_status = 0
        self.name = ""
        self.tempos: list[tuple[int, int]] = []
        self.pieces: list[tuple[int, bytes]] = []
        self.piece = bytearray()
        self.piece_tick = 0
        self.warnings: list[str] = []

    def step(self) -> None:
        """Take one event; `position` moves only when all of it is there."""
        delta, body = _number(self.chunk, self.position)
        status = self.chunk[body]
        self.tick += delta
        try:
            if status == META:
                after, plain = self._meta(body)
            elif status in SYSEX:
                after, plain = self._sysex(body)
            elif status > 0xEF:
                after, plain = self._system(body)
            else:
                after, plain = self._message(body)
        except (IndexError, Damage):
            self.tick -= delta
            raise
        self.piece += self.chunk[self.position : body] + plain
        self.position = after
        self._count()

    def _count(self) -> None:
        self.events += 1
        if self.events > self.allowed:
            raise MidiFileError(f"more than {MAX_EVENTS} events; allowed are at most {MAX_EVENTS}")
        if not self.ended:
            self.last_tick = self.tick
        if self.events % PIECE_EVENTS == 0:
            self._close_piece()

    def _close_piece(self) -> None:
        self.pieces.append((self.piece_tick, bytes(self.piece)))
        self.piece, self.piece_tick = bytearray(), self.tick

    def _meta(self, body: int) -> tuple[int, bytes]:
        kind = self.chunk[body + 1]
        content, after = self._content(body + 2)
        if kind == END_OF_TRACK:
            self.ended = True
        elif kind == TRACK_NAME and not self.name:
            self.name = _text(content)
        elif kind == SET_TEMPO:
            self._tempo(content)
        return after, EMPTY_TEXT

    def _tempo(self, content: bytes) -> None:
        if len(content) != 3:
            self.warn("has a tempo event of the wrong length; ignored")
            return
        tempo_us = int.from_bytes(content, "big")
        if tempo_us == 0:
            raise MidiFileError("a tempo of 0 microseconds per beat; allowed are 1 to 16777215")
        self.tempos.append((self.tick, tempo_us))

    def _sysex(self, body: int) -> tuple[int, bytes]:
        content, after = self._content(body + 1)
        return after, self.chunk[body:after] if len(content) <= MAX_RESET_BYTES else EMPTY_TEXT

    def _system(self, body: int) -> tuple[int, bytes]:
        self.warn("has real-time or system messages, which do not belong in files; ignored")
        return body + 1 + SYSTEM_DATA_BYTES.get(self.chunk[body], 0), EMPTY_TEXT

    def _message(self, body: int) -> tuple[int, bytes]:
        if self.chunk[body] >= 0x80:
            self.running_status = self.chunk[body]
            body += 1
        if not self.running_status:
            raise Damage("a data byte where a status byte must be")
        after = body + CHANNEL_MESSAGES[self.running_status >> 4][0]
        data = self.chunk[body:after]
        if after > len(self.chunk):
            raise IndexError
        if max(data) > 127:
            self.warn("has data bytes above 127; clipped")
        self.messages += 1
        return after, bytes((self.running_status,)) + data

    def _content(self, at: int) -> tuple[bytes, int]:
        length, start = _number(self.chunk, at)
        if start + length > len(self.chunk):
            raise IndexError
        return self.chunk[start : start + length], start + length

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def track(self) -> Track:
        self._close_piece()
        return Track(
            name=self.name,
            pieces=tuple(self.pieces),
            tempos=tuple(self.tempos),
            last_tick=self.last_tick,
            end_tick=self.tick,
            end_byte=self.position,
            events=self.events,
            messages=self.messages,
            warnings=tuple(self.warnings),
        )


def _number(chunk: bytes, at: int) -> tuple[int, int]:
    """A variable-length number and the position after it. IndexError at the chunk's end."""
    value = 0
    for position in range(at, at + DELTA_BYTES):
        value = value << 7 | chunk[position] & 0x7F
        if chunk[position] < 0x80:
            return value, position + 1
    raise Damage("a number of more than four bytes")


def _text(content: bytes) -> str:
    """A name as printable text: UTF-8 if it is, Latin-1 otherwise."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return "".join(c for c in text if c.isprintable()).strip()[:NAME_CHARACTERS]
