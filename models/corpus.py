"""Parts of real MIDI files: one channel's events cut to a window, ready for the reference."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from neume.synth.errors import NeumeError
from neume.synth.events import (
    DRUM_CHANNEL,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
)
from neume.synth.midi_file import read_performance
from neume.synth.voices import DRUM_PROGRAM

from .fluid import snap
from .procedural import TAIL_S
from .programs import family, key_range, substitute

RATE_HZ: Final = 48_000
LEAST_NOTES: Final = 8
KEPT_CONTROLLERS: Final = frozenset({6, 7, 11, 38, 64, 66, 100, 101})
TRIES: Final = 40


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A row of the corpus index: where the file is, and the programs that occur in it."""

    path: Path
    programs: frozenset[int]


def read_index(folder: Path, split: str) -> tuple[CorpusFile, ...]:
    """One split of a corpus folder with an `index.csv` (columns path, split, programs, has_drums)."""
    index = folder / "index.csv"
    if not index.is_file():
        raise NeumeError(f"{folder}: no index.csv there; give the folder of a MIDI corpus with one")
    with index.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    return tuple(
        CorpusFile(
            folder / row["path"],
            frozenset(int(p) for p in row["programs"].split())
            | ({DRUM_PROGRAM} if row["has_drums"] == "1" else frozenset()),
        )
        for row in rows
    )


@lru_cache(maxsize=256)
def _parts(path: Path) -> dict[tuple[int, int], list[MidiEvent]]:
    """Events of a file by (channel, program), notes only of that program, controllers of the channel."""
    parts: dict[tuple[int, int], list[MidiEvent]] = {}
    program = [0] * 16
    controls: list[list[MidiEvent]] = [[] for _ in range(16)]
    for event in read_performance(path).events:
        if isinstance(event, ProgramChange):
            program[event.channel] = event.program
        elif isinstance(event, NoteOn | NoteOff):
            key = (event.channel, DRUM_PROGRAM if event.channel == DRUM_CHANNEL else program[event.channel])
            parts.setdefault(key, []).append(event)
        elif isinstance(event, PitchBend) or (
            isinstance(event, ControlChange) and event.controller in KEPT_CONTROLLERS
        ):
            controls[event.channel].append(event)
    return {
        key: sorted(events + controls[key[0]], key=lambda e: (e.frame, isinstance(e, NoteOn)))
        for key, events in parts.items()
    }


def corpus_events(
    rng: np.random.Generator, files: Sequence[CorpusFile], program: int, seconds: float
) -> list[MidiEvent] | None:
    """A random window of a part for a trained program, on the reference's grid; None when none was found.

    Parts written for the program or for one it stands in for come first, then any part of its family, then
    any whose notes lie in its range; they are played with `program` whatever they were written for.
    """
    written_for = [f for f in files if any(substitute(p) == program for p in f.programs)]
    pool = written_for if written_for and rng.random() < 0.7 else list(files)
    for _ in range(TRIES):
        chosen = pool[rng.integers(len(pool))]
        try:
            parts = _parts(chosen.path)
        except NeumeError:
            continue
        suitable = [key for key in parts if _suits(key[1], program, pool is not written_for)]
        if suitable:
            key = suitable[rng.integers(len(suitable))]
            window = _window(rng, parts[key], program, seconds)
            if window is not None:
                return window
    return None


def _suits(written: int, program: int, loosely: bool) -> bool:
    if DRUM_PROGRAM in (written, program):
        return written == program
    return substitute(written) == program or (loosely and family(written) == family(program)) or loosely


def _window(
    rng: np.random.Generator, events: Sequence[MidiEvent], program: int, seconds: float
) -> list[MidiEvent] | None:
    notes = [e for e in events if isinstance(e, NoteOn)]
    start = notes[rng.integers(len(notes))].frame - int(rng.uniform(0.02, 0.5) * RATE_HZ)
    end = start + int((seconds - TAIL_S) * RATE_HZ)
    inside = [e for e in notes if start <= e.frame < end]
    low, high = key_range(program)
    if len(inside) < LEAST_NOTES or sum(low <= e.key <= high for e in inside) < 0.9 * len(inside):
        return None
    channel = DRUM_CHANNEL if program == DRUM_PROGRAM else 0
    opening: list[MidiEvent] = [ControlChange(0, channel, 7, 127)]
    if program != DRUM_PROGRAM:
        opening.append(ProgramChange(0, channel, program))
    chased = [replace(e, frame=0, channel=channel) for e in events if e.frame < start and _is_control(e)]
    body: list[MidiEvent] = []
    down: set[int] = set()
    for event in events:
        if start <= event.frame < end and not (isinstance(event, NoteOff) and event.key not in down):
            body.append(replace(event, frame=snap(event.frame - start), channel=channel))
            if isinstance(event, NoteOn):
                down.add(event.key)
    last = snap(end - start)
    body += [NoteOff(last, channel, key) for key in sorted(down)]
    body += [ControlChange(last, channel, 64, 0), ControlChange(last, channel, 66, 0)]
    return opening + chased + sorted(body, key=lambda e: (e.frame, isinstance(e, NoteOn)))


def _is_control(event: MidiEvent) -> bool:
    return isinstance(event, ControlChange | PitchBend)
