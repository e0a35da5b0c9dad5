"""Import performances into a training set: cut into stems, parallel, resumable, described by a manifest.

The last link of an import. The set has the form that `neume data build` gives its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from neume.synth.bundle import open_named
from neume.synth.errors import NeumeError, UsageError
from neume.synth.mel import MelSpec
from neume.synth.voices import DRUM_PROGRAM

from ..build import MANIFEST, MAX_STEMS, dataset_voices, spread
from ..voicing import VoiceRow
from .cutting import SHORTEST_S, Job, Outcome, import_one
from .midi_sets import SPLITS
from .performance import Listed, Skipped
from .recording import length_s
from .table import EVERY_SPLIT, UNSTATED, data_set, listed

JOURNAL: Final = "performances.jsonl"
LONGEST_S: Final = 120.0
TOLD: Final = 1000  # skipped performances and warnings that the manifest names, each


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What decides every sample of an imported set, beside the data set's own files.

    program: keep performances of this program only; as_program: play all notes with this one, whatever the
    files say; voices: bundle or built set that knows how the programs' notes fade and release.
    """

    data_set: str
    split: str = "train"
    seconds: float = 12.0
    seed: int = 1
    program: int | None = None
    as_program: int | None = None
    voices: str = ""
    max_offset_ms: float = 30.0
    licence: str = ""

    def __post_init__(self) -> None:
        row = data_set(self.data_set)
        if self.split not in (*SPLITS, EVERY_SPLIT):
            raise UsageError(f"split {self.split!r}: give {', '.join((*SPLITS, EVERY_SPLIT))}")
        if not SHORTEST_S <= self.seconds <= LONGEST_S:
            raise UsageError(
                f"seconds = {self.seconds}: give a stem length from {SHORTEST_S} to {LONGEST_S} s"
            )
        for name, program in (("program", self.program), ("as_program", self.as_program)):
            if program is not None and not 0 <= program <= DRUM_PROGRAM:
                raise UsageError(f"{name} = {program}: give 0 to 127, or {DRUM_PROGRAM} for the drum kit")
        if not 0.0 < self.max_offset_ms <= 300.0:
            raise UsageError(f"max_offset_ms = {self.max_offset_ms}: give more than 0 and at most 300 ms")
        if self.licence and row.licence != UNSTATED:
            raise UsageError(f"the licence of {row.title} is {row.licence}; leave --licence out")

    @property
    def stated_licence(self) -> str:
        return self.licence or data_set(self.data_set).licence


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import made. `skipped`: performances that could not be used, and why; `warnings` likewise."""

    stems: int
    seconds: float
    performances: int
    other_programs: int
    skipped: dict[str, str]
    warnings: dict[str, str]


def import_dataset(plan: ImportPlan, root: Path, folder: Path, workers: int) -> ImportReport:
    """Cut a data set's performances into stems in `folder`; what an earlier call finished is kept.

    A folder that holds a set of another plan, or of other files, is refused.
    """
    entries, skipped = _usable(plan, root)
    voices = _start(folder, _description(plan, entries), plan)
    jobs = _jobs(plan, folder, entries, voices)
    done = {outcome.name: outcome for outcome in _journal(folder)}
    missing = [job for job in jobs if job.listed.name not in done]
    columns = (*Progress.get_default_columns()[:1], BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar, (folder / JOURNAL).open("a") as journal:
        task = bar.add_task("performances", total=len(jobs), completed=len(jobs) - len(missing))
        for outcome in spread(import_one, missing, workers):
            journal.write(json.dumps(asdict(outcome)) + "\n")
            journal.flush()
            done[outcome.name] = outcome
            bar.advance(task)
    report = _report(skipped, [done[job.listed.name] for job in jobs])
    told = {**asdict(report), "skipped": _first(report.skipped), "warnings": _first(report.warnings)}
    counts = {"skipped_in_all": len(report.skipped), "warnings_in_all": len(report.warnings)}
    _write(folder / MANIFEST, {**json.loads((folder / MANIFEST).read_text()), "report": told | counts})
    return report


def _usable(plan: ImportPlan, root: Path) -> tuple[list[tuple[Listed, int]], list[Skipped]]:
    """Performances with the number of stems that each may give, and what could not even be listed."""
    entries: list[tuple[Listed, int]] = []
    skipped: list[Skipped] = []
    for entry in listed(data_set(plan.data_set), root, plan.split):
        if isinstance(entry, Skipped):
            skipped.append(entry)
        elif plan.program is None or entry.program in (None, plan.program):
            stems, reason = _stems_of(entry, plan.seconds)
            if stems:
                entries.append((entry, stems))
            else:
                skipped.append(Skipped(entry.name, reason))
    return entries, skipped


def _jobs(
    plan: ImportPlan, folder: Path, entries: Sequence[tuple[Listed, int]], voices: dict[int, VoiceRow]
) -> list[Job]:
    """The work, the stems of all performances numbered through."""
    ends = list(accumulate(stems for _, stems in entries))
    if ends and ends[-1] > MAX_STEMS:
        raise NeumeError(f"{ends[-1]} stems; allowed are {MAX_STEMS}: make them longer with --seconds")
    return [
        Job(plan, entry, folder, voices, end - stems, stems)
        for (entry, stems), end in zip(entries, ends, strict=True)
    ]


def _stems_of(entry: Listed, seconds: float) -> tuple[int, str]:
    """How many stems a recording gives, and why it gives none."""
    try:
        whole, rest_s = divmod(length_s(entry.audio), seconds)
    except NeumeError as error:
        return 0, str(error)
    stems = int(whole) + (rest_s >= SHORTEST_S)
    return stems, "" if stems else f"shorter than {SHORTEST_S:g} s"


def voice_rows(source: str) -> dict[int, VoiceRow]:
    """The measured voices of a built set's folder or of a bundle; the default bundle's for an empty text.

    Phases are left out: they belong to a bundle's own inverter.
    """
    if source and (Path(source) / MANIFEST).is_file():
        return dataset_voices(Path(source))
    manifest = open_named(source or None).manifest
    return {
        program.number: {
            name: list(values)
            for name, values in asdict(program.voice).items()
            if values and name != "phase_cycles"
        }
        for program in manifest.programs
        if program.voice is not None
    }


def _description(plan: ImportPlan, entries: Sequence[tuple[Listed, int]]) -> dict[str, Any]:
    row = data_set(plan.data_set)
    listing = "\n".join(f"{stems} {entry.name}" for entry, stems in entries)
    return {
        "import": asdict(plan),
        "source": row.title,
        "licence": plan.stated_licence,
        "listing": hashlib.sha256(listing.encode()).hexdigest(),
        "mel": asdict(MelSpec()),
        "mel_digest": MelSpec().digest(),
        "versions": {name: version(name) for name in ("neume", "numpy", "soxr", "soundfile")},
    }


def _start(folder: Path, description: dict[str, Any], plan: ImportPlan) -> dict[int, VoiceRow]:
    """Begin a set in an empty folder, or make sure that the folder's own is this one; the set's voices."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / MANIFEST
    if manifest.exists():
        known = json.loads(manifest.read_text())
        if {name: known.get(name) for name in description} != description:
            raise NeumeError(f"{folder}: holds a set of another plan or other files; choose an empty folder")
    else:
        _write(manifest, {**description, "voices": voice_rows(plan.voices)})
    return dataset_voices(folder)


def _journal(folder: Path) -> list[Outcome]:
    """What earlier calls finished; a line that was cut off is done again."""
    outcomes = []
    path = folder / JOURNAL
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            outcomes.append(Outcome(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return outcomes


def _report(skipped: Sequence[Skipped], outcomes: Sequence[Outcome]) -> ImportReport:
    used = [outcome for outcome in outcomes if outcome.stems]
    return ImportReport(
        stems=sum(outcome.stems for outcome in used),
        seconds=round(sum(outcome.seconds for outcome in used), 3),
        performances=len(used),
        other_programs=sum(outcome.other_program for outcome in outcomes),
        skipped={entry.name: entry.reason for entry in skipped}
        | {outcome.name: outcome.skipped for outcome in outcomes if outcome.skipped},
        warnings={outcome.name: outcome.warning for outcome in outcomes if outcome.warning},
    )


def _first(lines: dict[str, str]) -> dict[str, str]:
    return dict(list(lines.items())[:TOLD])


def _write(path: Path, content: dict[str, Any]) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps(content, indent=1))
    os.replace(unfinished, path)
