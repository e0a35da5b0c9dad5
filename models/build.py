"""Build a training set: planned from a seed, rendered in parallel, resumable, described by a manifest."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from neume.synth.errors import NeumeError
from neume.synth.events import MidiEvent
from neume.synth.instruments.fluid import find_soundfont
from neume.synth.mel import MelSpec
from neume.synth.voices import VoiceTable

from .corpus import CorpusFile, corpus_events, read_index
from .fluid import FluidReference, soundfont_sha256
from .procedural import procedural_events
from .programs import TRAINED
from .stems import render_stem
from .voicing import VoiceRow, measure_voice

MANIFEST: Final = "dataset.json"
MAX_STEMS: Final = 1_000_000

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What decides every sample of a training set."""

    seed: int = 1
    stems: int = 1200
    seconds: float = 12.0
    corpus_share: float = 0.5
    corpus: str = ""  # folder of a MIDI corpus with an index.csv; empty: procedural only
    split: str = "train"
    soundfont: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.stems <= MAX_STEMS:
            raise NeumeError(f"stems = {self.stems}: give a number from 1 to {MAX_STEMS}")
        if not 4.0 <= self.seconds <= 120.0:
            raise NeumeError(f"seconds = {self.seconds}: give a stem length from 4 to 120 s")


def build_dataset(plan: BuildPlan, folder: Path, workers: int) -> None:
    """Render the plan's missing stems into `folder`; an earlier build of another plan is refused."""
    soundfont = find_soundfont(plan.soundfont or None)
    description = {
        "plan": asdict(plan),
        "mel": asdict(MelSpec()),
        "mel_digest": MelSpec().digest(),
        "soundfont": {"name": soundfont.name, "sha256": soundfont_sha256(soundfont)},
        "versions": {name: version(name) for name in ("neume", "numpy", "pyfluidsynth")},
    }
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / MANIFEST
    if manifest.exists():
        known = json.loads(manifest.read_text())
        if {k: known.get(k) for k in description} != description:
            raise NeumeError(f"{folder}: holds a set built from another plan; choose an empty folder")
        voices = {int(program): row for program, row in known["voices"].items()}
    else:
        voices = dict(sorted(spread(_measure_one, [(plan, program) for program in TRAINED], workers)))
        manifest.write_text(json.dumps({**description, "voices": voices}, indent=1))
    missing = [index for index in range(plan.stems) if not stem_folder(folder, index).exists()]
    with Progress(
        *Progress.get_default_columns()[:1], BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as bar:
        task = bar.add_task("stems", total=plan.stems, completed=plan.stems - len(missing))
        for _ in spread(_render_one, [(plan, folder, voices, index) for index in missing], workers):
            bar.advance(task)


def stem_folder(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}"


def dataset_voices(folder: Path) -> dict[int, VoiceRow]:
    """The voice rows that a set was built with."""
    return {int(p): row for p, row in json.loads((folder / MANIFEST).read_text())["voices"].items()}


def dataset_soundfont(folder: Path) -> Path | None:
    """The SoundFont that a set was rendered with; None for recordings."""
    plan = json.loads((folder / MANIFEST).read_text()).get("plan")
    return None if plan is None else find_soundfont(plan["soundfont"] or None)


def program_of(plan: BuildPlan, index: int) -> int:
    """The program of a stem: drawn by weight, from the seed and the index alone."""
    weights = np.array(list(TRAINED.values()))
    rng = np.random.default_rng([plan.seed, index, 0])
    return int(rng.choice(list(TRAINED), p=weights / weights.sum()))


def stem_events(plan: BuildPlan, index: int) -> list[MidiEvent]:
    """What a stem plays, corpus window or procedural notes, decided by the plan's seed and the index."""
    program = program_of(plan, index)
    rng = np.random.default_rng([plan.seed, index, 1])
    if plan.corpus and rng.random() < plan.corpus_share:
        found = corpus_events(rng, _corpus(plan.corpus, plan.split), program, plan.seconds)
        if found is not None:
            return found
    return procedural_events(rng, program, plan.seconds)


@lru_cache(maxsize=2)
def _corpus(folder: str, split: str) -> tuple[CorpusFile, ...]:
    return read_index(Path(folder), split)


def spread(function: Callable[[Job], Result], jobs: Sequence[Job], workers: int) -> Iterator[Result]:
    """Results of jobs in the order in which they end, each job in one of `workers` processes."""
    if workers <= 1:
        yield from map(function, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(function, jobs, chunksize=4)


_worker: dict[str, FluidReference] = {}


def _reference(plan: BuildPlan) -> FluidReference:
    """This process's own."""
    if "reference" not in _worker:
        _worker["reference"] = FluidReference(plan.soundfont or None)
    return _worker["reference"]


def _measure_one(job: tuple[BuildPlan, int]) -> tuple[int, VoiceRow]:
    plan, program = job
    return program, measure_voice(_reference(plan), program)


def _render_one(job: tuple[BuildPlan, Path, dict[int, VoiceRow], int]) -> int:
    plan, folder, voices, index = job
    spec = MelSpec()
    frames = int(plan.seconds * spec.frames_per_second)
    events = stem_events(plan, index)
    table = VoiceTable.from_anchors(voices)
    stem = render_stem(events, frames, _reference(plan), table, spec, (plan.seed, index))
    unfinished = folder / f"unfinished-{index:06d}"
    shutil.rmtree(unfinished, ignore_errors=True)
    stem.save(unfinished)
    unfinished.rename(stem_folder(folder, index))
    return index
