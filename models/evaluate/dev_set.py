"""The development set: fixed music, the same every time, that every row of a report plays.

Solo parts and a song come from the `dev` split of a MIDI corpus, which training never sees; velocity ladders,
held scales, and every program's probe and performances are procedural. The corpus and the numbers in this
file decide everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from neume.synth.errors import NeumeError, UsageError
from neume.synth.events import MidiEvent
from neume.synth.voices import DRUM_PROGRAM

from ..corpus import CorpusFile, corpus_events, read_index
from ..procedural import procedural_events
from ..programs import TRAINED
from .probes import held_scale, performance, program_probe, velocity_ladder
from .recogniser import LESSONS
from .song import song_excerpt

RATE_HZ: Final = 48_000
VARIABLE: Final = "NEUME_CORPUS"
SPLIT: Final = "dev"
SEED: Final = 20_260_101
ATTEMPTS: Final = 6
MAX_SEGMENTS: Final = 50
FAMILIES: Final = {  # name → the programs that take turns
    "piano": (0,),
    "electric piano": (4,),
    "guitar": (24, 25),
    "bass": (33,),
    "strings": (48,),
    "brass": (61, 56),
    "flute": (73,),
    "organ": (16,),
}
DRUMS: Final = "drums"
SONG: Final = "song"
PROBES: Final = "probes"
PERFORMANCES: Final = "performances"
HEARD: Final = (LESSONS, LESSONS + 1)  # performances of each program, none that the recogniser learns from


@dataclass(frozen=True, slots=True)
class Segment:
    """Something to play. `kind`: "music", "ladder", "scale", "probe" or
    "performance" (of mixed notes, to recognise the program by); `events` on the reference's grid."""

    name: str
    kind: str
    family: str
    program: int  # 128: drums; of a song its first part's, which means nothing
    events: tuple[MidiEvent, ...]
    samples: int


@dataclass(frozen=True, slots=True)
class DevSet:
    """All segments in order, and one line for each thing that could not be had from the corpus."""

    segments: tuple[Segment, ...]
    remarks: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return sum(segment.samples for segment in self.segments) / RATE_HZ


def corpus_folder(given: Path | None) -> Path:
    """The folder given, or the one `NEUME_CORPUS` names. Raises `UsageError` without either."""
    folder = given or (Path(named) if (named := os.environ.get(VARIABLE)) else None)
    if folder is None:
        raise UsageError(f"no MIDI corpus: give --corpus DIR (a folder with an index.csv) or set {VARIABLE}")
    return folder


def build_dev_set(
    corpus: Path, segments: int = 3, seconds: float = 12.0, song_seconds: float = 30.0
) -> DevSet:
    """`segments` solo parts of `seconds` for each family and the drums, a song, and the procedural parts."""
    if not 1 <= segments <= MAX_SEGMENTS:
        raise UsageError(f"segments = {segments}: give a number from 1 to {MAX_SEGMENTS}")
    files = read_index(corpus, SPLIT)
    if not files:
        raise NeumeError(f"{corpus}: no file of the split {SPLIT!r} in its index.csv")
    remarks: list[str] = []
    music = [
        *_solo_parts(files, segments, seconds, remarks),
        *_song(files, song_seconds, remarks),
    ]
    return DevSet((*music, *_ladders_and_scales(), *_probes(), *_performances()), tuple(remarks))


def _solo_parts(
    files: Sequence[CorpusFile], segments: int, seconds: float, remarks: list[str]
) -> Iterator[Segment]:
    for family, programs in (*FAMILIES.items(), (DRUMS, (DRUM_PROGRAM,))):
        for index in range(segments):
            program = programs[index % len(programs)]
            events = _corpus_part(files, program, index, seconds)
            if events is None:
                remarks.append(f"{family} {index + 1}: nothing in the corpus fits, procedural notes stand in")
                events = procedural_events(np.random.default_rng([SEED, program, index]), program, seconds)
            yield Segment(
                f"{family} {index + 1}", "music", family, program, tuple(events), int(seconds * RATE_HZ)
            )


def _corpus_part(
    files: Sequence[CorpusFile], program: int, index: int, seconds: float
) -> list[MidiEvent] | None:
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([SEED, program, index, attempt])
        events = corpus_events(rng, files, program, seconds)
        if events is not None:
            return events
    return None


def _song(files: Sequence[CorpusFile], seconds: float, remarks: list[str]) -> Iterator[Segment]:
    found = song_excerpt(files, seconds)
    if found is None:
        remarks.append("song: no file of the corpus has drums and several programs, the song is left out")
        return
    name, events = found
    yield Segment(f"song {name}", "music", SONG, 0, events, int(seconds * RATE_HZ))


def _ladders_and_scales() -> Iterator[Segment]:
    for family, programs in FAMILIES.items():
        program = programs[0]
        yield Segment(f"{family} ladder", "ladder", family, program, *velocity_ladder(program))
        yield Segment(f"{family} scale", "scale", family, program, *held_scale(program))


def _probes() -> Iterator[Segment]:
    for program in TRAINED:
        yield Segment(f"program {program}", "probe", PROBES, program, *program_probe(program))


def _performances() -> Iterator[Segment]:
    for program in TRAINED:
        for number in HEARD:
            name = f"program {program}, performance {number}"
            yield Segment(name, "performance", PERFORMANCES, program, *performance(program, number))
