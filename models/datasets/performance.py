"""A recorded performance: its audio file, the notes that are played in it, and where they come from.

First link of an import. What a data set's files say becomes these frozen records here; nothing of a data set
is ever executed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from neume.synth.channels import BEND_STEPS
from neume.synth.errors import NeumeError
from neume.synth.events import (
    DRUM_CHANNEL,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
)
from neume.synth.midi_file import MAX_DURATION_S, read_performance
from neume.synth.voices import DRUM_PROGRAM, KEYS

RATE_HZ: Final = 48_000
UNKNOWN_VELOCITY: Final = 100  # where a set does not say how hard a note was played
BEND_RANGE_SEMITONES: Final = 2.0  # of a channel at rest
FULL_VOLUME: Final = 127  # no gain of the channel: the recording's own level is the level
# Modulation, data entry, volume, expression, pedals, and the registered parameters that data entry is for.
KEPT_CONTROLLERS: Final = frozenset({1, 6, 7, 11, 38, 64, 66, 67, 100, 101})


@dataclass(frozen=True, slots=True)
class Listed:
    """A performance as its set lists it, before its files are opened. `program` None: its notes will say."""

    name: str
    audio: Path
    notes: Path
    split: str
    program: int | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A performance that cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Performance:
    """A recording and what is played in it. `events` are sorted; frame 0 is the recording's first sample."""

    name: str
    audio: Path
    events: tuple[MidiEvent, ...]
    programs: frozenset[int]
    split: str
    licence: str


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note of a label file: seconds from the start of the recording, pitch in (fractional) MIDI keys."""

    onset_s: float
    end_s: float
    pitch: float
    channel: int = 0


def midi_events(path: Path, program: int | None, keys: Mapping[int, int] | None = None) -> list[MidiEvent]:
    """The notes and controllers of a MIDI file, as `on_one_channel` if there is a program for all of them.

    `keys`: keys of an instrument that are other keys in General MIDI. Bank selects are left out.
    """
    events = [event for event in read_performance(path).events if _is_kept(event)]
    if keys:
        events = [
            replace(event, key=keys.get(event.key, event.key))
            if isinstance(event, NoteOn | NoteOff)
            else event
            for event in events
        ]
    return on_one_channel(events, program) if program is not None else with_full_volume(events)


def _is_kept(event: MidiEvent) -> bool:
    if isinstance(event, ControlChange):
        return event.controller in KEPT_CONTROLLERS
    return isinstance(event, NoteOn | NoteOff | PitchBend | ProgramChange | ChannelPressure)


def on_one_channel(events: Iterable[MidiEvent], program: int) -> list[MidiEvent]:
    """All events for one program, whatever channels and programs they were written for."""
    channel = DRUM_CHANNEL if program == DRUM_PROGRAM else 0
    opening: list[MidiEvent] = [] if program == DRUM_PROGRAM else [ProgramChange(0, channel, program)]
    body = [replace(event, channel=channel) for event in events if not isinstance(event, ProgramChange)]
    return with_full_volume([*opening, *body])


def with_full_volume(events: list[MidiEvent]) -> list[MidiEvent]:
    """The events after a full channel volume, which those among them may change."""
    channels = sorted({event.channel for event in events})
    return [*(ControlChange(0, channel, 7, FULL_VOLUME) for channel in channels), *events]


def label_events(notes: Iterable[LabelledNote], programs: Mapping[int, int], bent: bool) -> list[MidiEvent]:
    """Events of labelled notes; `programs` of the channels. `bent`: each note's channel is bent to its pitch.

    A key that is pressed while it is down is let go first. Raises NeumeError for a note that cannot be.
    """
    by_key: dict[tuple[int, int], list[LabelledNote]] = {}
    for note in notes:
        _check(note)
        by_key.setdefault((note.channel, min(KEYS - 1, round(note.pitch))), []).append(note)
    timed: list[tuple[int, int, MidiEvent]] = []  # frame, order within it, event
    for (channel, key), repeated in by_key.items():
        repeated.sort(key=lambda note: note.onset_s)
        ends = [*(later.onset_s for later in repeated[1:]), math.inf]
        for note, limit in zip(repeated, ends, strict=True):
            onset, end = _frame(note.onset_s), _frame(min(note.end_s, limit))
            if end <= onset:
                continue
            timed.append((onset, 2, NoteOn(onset, channel, key, UNKNOWN_VELOCITY)))
            timed.append((end, 0, NoteOff(end, channel, key)))
            if bent:
                share = (note.pitch - key) / BEND_RANGE_SEMITONES
                timed.append((onset, 1, PitchBend(onset, channel, round(share * BEND_STEPS))))
    timed.sort(key=lambda item: item[:2])
    used = {event.channel for _, _, event in timed}
    opening = [ProgramChange(0, channel, programs[channel]) for channel in sorted(used)]
    return with_full_volume([*opening, *(event for _, _, event in timed)])


def _check(note: LabelledNote) -> None:
    numbers = (note.onset_s, note.end_s, note.pitch)
    if not all(map(math.isfinite, numbers)) or not (
        0.0 <= note.onset_s <= note.end_s <= MAX_DURATION_S and 0.0 <= note.pitch < KEYS
    ):
        raise NeumeError(
            f"a note from {note.onset_s} to {note.end_s} s at key {note.pitch}: allowed are 0 to "
            f"{MAX_DURATION_S} s, the end after the onset, and keys 0 to {KEYS - 1}"
        )


def _frame(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def programs_of(events: Iterable[MidiEvent]) -> frozenset[int]:
    """The programs that play at least one note; 128 is the drum kit."""
    program = [0] * 16
    program[DRUM_CHANNEL] = DRUM_PROGRAM
    played = set()
    for event in events:
        if isinstance(event, ProgramChange) and event.channel != DRUM_CHANNEL:
            program[event.channel] = event.program
        elif isinstance(event, NoteOn):
            played.add(program[event.channel])
    return frozenset(played)
