"""One performance cut into stems: its notes read, its alignment judged, its audio and features written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from neume.synth.errors import NeumeError
from neume.synth.mel import MelSpec
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable

from ..build import stem_folder
from ..stems import NOTHING, SLOTS, Stem, make_stem
from ..voicing import VoiceRow
from .alignment import Offset, measure_offset
from .performance import Listed, Performance, Skipped, on_one_channel
from .recording import windows
from .table import data_set, performance

if TYPE_CHECKING:
    from .importer import ImportPlan

SPEC: Final = MelSpec()
WARN_SHARE: Final = 1 / 3  # of the largest offset that is let through: beyond it there is a warning
SPREAD_SHARE: Final = 2 / 3  # of it, that the spans of a performance may be apart
SHORTEST_S: Final = 4.0  # of a stem: no crop that training takes is longer
SHORTEST_SAMPLES: Final = int(SHORTEST_S * SPEC.rate_hz) - SPEC.hop_samples  # resampled, it may lack a sample
LEAST_SOUNDING: Final = 0.05  # share of a stem's frames; a stem with less is left out


@dataclass(frozen=True, slots=True)
class Job:
    """A performance to cut into `stems` stems at most, numbered from `first` on."""

    plan: ImportPlan
    listed: Listed
    folder: Path
    voices: dict[int, VoiceRow]
    first: int
    stems: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a performance; `skipped` and `warning` are empty or say why."""

    name: str
    stems: int = 0
    seconds: float = 0.0
    silent: int = 0  # stems left out because hardly a note sounds in them
    offset_ms: float = 0.0
    spread_ms: float = 0.0
    other_program: bool = False
    skipped: str = ""
    warning: str = ""


def import_one(job: Job) -> Outcome:
    """Cut one performance; a fault of its files becomes the outcome's reason."""
    name = job.listed.name
    found = performance(data_set(job.plan.data_set), job.listed)
    if isinstance(found, Skipped):
        return Outcome(name, skipped=found.reason)
    if job.plan.program is not None and found.programs != {job.plan.program}:
        return Outcome(name, other_program=True)
    if job.plan.as_program is not None:
        found = replace(found, events=tuple(on_one_channel(found.events, job.plan.as_program)))
    try:
        offset = measure_offset(found)
        refused, warning = judge(offset, job.plan.max_offset_ms)
        if refused:
            return Outcome(name, 0, 0.0, 0, offset.median_ms, offset.spread_ms, skipped=refused)
        stems, seconds, silent = _cut(job, found)
    except NeumeError as error:
        return Outcome(name, skipped=str(error))
    reason = "" if stems else "hardly a note sounds in it"
    return Outcome(
        name, stems, seconds, silent, offset.median_ms, offset.spread_ms, skipped=reason, warning=warning
    )


def judge(offset: Offset, largest_ms: float) -> tuple[str, str]:
    """Why a performance is refused, and what to warn of; both empty if notes and recording agree."""
    if not offset.spans:
        return "", "no clear attacks: whether notes and recording agree could not be measured"
    told = f"the recording sounds {offset.median_ms:+.0f} ms after its notes, ± {offset.spread_ms:.0f} ms"
    worst = max(abs(offset.median_ms), offset.spread_ms / SPREAD_SHARE)
    if worst > largest_ms:
        return f"{told}; shift it, or allow more with --max-offset-ms", ""
    return "", told if worst > WARN_SHARE * largest_ms else ""


def _cut(job: Job, found: Performance) -> tuple[int, float, int]:
    """Write the stems; how many, how many seconds of them, and how many silent ones were left out."""
    stems, frames, silent = 0, 0, 0
    for number, stem in enumerate(_stems(job, found)):
        if np.count_nonzero(np.diff(stem.offsets)) < LEAST_SOUNDING * len(stem.mel):
            silent += 1
            continue
        _save(stem, job.folder, job.first + number)
        stems += 1
        frames += len(stem.mel)
    return stems, round(frames / SPEC.frames_per_second, 3), silent


def _stems(job: Job, found: Performance) -> Iterator[Stem]:
    """The performance's stems one after the other: notes ring on from one into the next."""
    notes = NoteTable(SLOTS, VoiceTable.from_anchors(job.voices), SPEC.rate_hz)
    hop = SPEC.hop_samples
    length = int(job.plan.seconds * SPEC.frames_per_second) * hop
    lead = SPEC.window_samples - hop
    frames = np.array([event.frame for event in found.events], np.int64)
    start, before = 0, NOTHING
    for number, audio in enumerate(windows(found.audio, length)):
        whole = audio[: len(audio) // hop * hop]
        if number == job.stems or len(whole) < SHORTEST_SAMPLES:
            return
        first, last = np.searchsorted(frames, [start, start + length])
        key = (job.plan.seed, job.first + number)
        yield make_stem(whole, found.events[first:last], notes, SPEC, key, start, before)
        start, before = start + length, whole[-lead:]


def _save(stem: Stem, folder: Path, index: int) -> None:
    if stem_folder(folder, index).exists():
        return  # an import that was stopped in the middle of this performance had come so far
    unfinished = folder / f"unfinished-{index:06d}"
    shutil.rmtree(unfinished, ignore_errors=True)
    stem.save(unfinished)
    unfinished.rename(stem_folder(folder, index))
