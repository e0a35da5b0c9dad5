"""A MIDI file as a performance: every event with the sample it falls on, ready for the renderer.

First link of the chain for files. `smf` bounds and repairs, mido decodes the messages, `tempo` turns ticks
into samples, `midi_bytes` makes the events.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import mido  # type: ignore[import-untyped]

from .channels import DRUM_BANKS_MSB
from .errors import MidiFileError
from .events import CHANNELS, ControlChange, MidiEvent, NoteOn, ProgramChange, SystemReset
from .midi_bytes import parse_message
from .smf import SmfContent, read_smf
from .smf_track import Track
from .tempo import TempoMap

MAX_FILE_BYTES: Final = 32 * 2**20
MAX_DURATION_S: Final = 4 * 3600
MAX_WARNINGS: Final = 20
GM_BANKS: Final = ((0, 0), (121, 0))  # General MIDI 1, and General MIDI 2's first melodic bank
BANK_MSB, BANK_LSB = 0, 32  # controllers
_PLAIN_HEADER: Final = bytes.fromhex("4d546864 00000006 0000 0001 0060")  # format 0; the division is not used


@dataclass(frozen=True, slots=True)
class Performance:
    """A read MIDI file. `events` are sorted by frame; within a frame by tick, then by track."""

    events: tuple[MidiEvent, ...]
    duration_frames: int  # to the last end of track; the notes' tails come on top
    track_names: tuple[str, ...]  # one per track, empty for a track without a name
    warnings: tuple[str, ...]  # what was repaired or left out, one line each
    source: str  # the file's name


def read_performance(path: str | os.PathLike[str], rate_hz: int = 48_000) -> Performance:
    """Read a Standard MIDI File of format 0, 1 or 2, metrical or SMPTE. Sample 0 is tick 0.

    The tracks of a format 2 file are independent sequences: they are played one after the other, each with
    its own tempo map from 120 beats per minute on, each from the sample on which the one before ends;
    programs and controllers carry over.

    Raises MidiFileError, one line that names the file, for what cannot be played.
    """
    name = os.fspath(path)
    shown = name if name.isprintable() else ascii(name)
    try:
        smf = read_smf(_content(name))
        events, duration_frames = _timed_events(smf, rate_hz)
    except MidiFileError as fault:
        raise MidiFileError(f"{shown}: {fault}") from None
    warnings = [*smf.warnings, *_bank_warnings(events)]
    if not any(isinstance(event, NoteOn) for event in events):
        warnings.append("no notes in it")
    return Performance(
        events=events,
        duration_frames=duration_frames,
        track_names=tuple(track.name for track in smf.tracks),
        warnings=_shortened(warnings),
        source=os.path.basename(shown),
    )


def _content(name: str) -> bytes:
    """The file's bytes, checked before anything is read: it must be a plain file of an allowed size."""
    try:
        status = os.stat(name)
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise MidiFileError(f"this is {kind}; give a MIDI file (.mid)")
        with open(name, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise MidiFileError("no such file") from None
    except (OSError, ValueError) as fault:  # ValueError: a zero byte in the name
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise MidiFileError(f"cannot be read: {reason}") from None
    if not content:
        raise MidiFileError("the file is empty; a MIDI file begins with b'MThd'")
    if len(content) > MAX_FILE_BYTES:
        size = max(status.st_size, len(content))
        raise MidiFileError(f"{size} bytes; allowed are at most {MAX_FILE_BYTES} bytes (32 MiB)")
    return content


def _timed_events(smf: SmfContent, rate_hz: int) -> tuple[tuple[MidiEvent, ...], int]:
    """All events in playing order, and the frame at which the last track ends."""
    groups = [(track,) for track in smf.tracks] if smf.sequential else [smf.tracks]
    placed = []
    start = 0
    for tracks in groups:  # every length is known, and checked, before the first message is decoded
        tempo_map = TempoMap(smf.division, (change for track in tracks for change in track.tempos), rate_hz)
        placed.append((tracks, tempo_map, start))
        start += _length_frames(tracks, tempo_map, MAX_DURATION_S * rate_hz - start)
    events: list[MidiEvent] = []
    for tracks, tempo_map, offset in placed:
        timed = [pair for track in tracks for pair in _decode(track, tempo_map, offset)]
        timed.sort(key=itemgetter(0))
        events.extend(event for _, event in timed)
    return tuple(events), start


def _length_frames(tracks: Iterable[Track], tempo_map: TempoMap, allowed: int) -> int:
    """Up to the end of the longest track, or to the last event where only that end is beyond the limit."""
    played = tempo_map.frame_at(max(track.last_tick for track in tracks))
    if played > allowed:
        raise MidiFileError(f"too long; allowed are at most {MAX_DURATION_S // 3600} hours")
    ended = tempo_map.frame_at(max(track.end_tick for track in tracks))
    return ended if ended <= allowed else played


def _decode(track: Track, tempo_map: TempoMap, offset: int) -> Iterator[tuple[int, MidiEvent]]:
    """Tick and event of every message of a track that means something, a piece of mido objects at a time."""
    for tick, piece in track.pieces:
        chunk = b"MTrk" + len(piece).to_bytes(4, "big") + piece
        for message in mido.MidiFile(file=io.BytesIO(_PLAIN_HEADER + chunk), clip=True).tracks[0]:
            tick += message.time
            if not message.is_meta:
                event = parse_message(bytes(message.bytes()), offset + tempo_map.frame_at(tick))
                if event is not None:
                    yield tick, event


def _bank_warnings(events: Iterable[MidiEvent]) -> list[str]:
    """One line for each bank that a program change selects and General MIDI does not have."""
    banks = [[0, 0] for _ in range(CHANNELS)]
    unknown: dict[tuple[int, int], None] = {}
    for event in events:
        match event:
            case ControlChange(controller=0 | 32):
                banks[event.channel][event.controller == BANK_LSB] = event.value
            case SystemReset():
                banks = [[0, 0] for _ in range(CHANNELS)]
            case ProgramChange():
                msb, lsb = banks[event.channel]
                if (msb, lsb) not in GM_BANKS and msb not in DRUM_BANKS_MSB:
                    unknown[msb, lsb] = None
    return [
        f"bank {msb}/{lsb} (CC0/CC32) is unknown; played with General MIDI programs" for msb, lsb in unknown
    ]


def _shortened(warnings: list[str]) -> tuple[str, ...]:
    if len(warnings) <= MAX_WARNINGS:
        return tuple(warnings)
    return (*warnings[:MAX_WARNINGS], f"and {len(warnings) - MAX_WARNINGS} more")
