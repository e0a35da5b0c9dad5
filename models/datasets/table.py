"""The table of known data sets, and their performances one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neume.synth.errors import NeumeError, UsageError
from neume.synth.events import MidiEvent

from . import label_sets, midi_sets
from .performance import Listed, Performance, Skipped, programs_of

EVERY_SPLIT: Final = "all"
UNSTATED: Final = "not stated"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A row of the table: what a set is, under which licence, and how its folder is read.

    `walk` lists its performances from indices and file names alone; `read` opens one's notes, and raises
    NeumeError for what it cannot take.
    """

    id: str
    title: str
    licence: str
    splits: str
    walk: Callable[[Path], Iterator[Listed | Skipped]]
    read: Callable[[Listed], list[MidiEvent]]


_ROWS: Final = (
    DataSet("maestro", "MAESTRO v3", "CC-BY-NC-SA-4.0", "its own", midi_sets.maestro, midi_sets.read_midi),
    DataSet("slakh2100", "Slakh2100 (redux)", "CC-BY-4.0", "its own", midi_sets.slakh, midi_sets.read_midi),
    DataSet("musicnet", "MusicNet", "CC-BY-4.0", "its own", label_sets.musicnet, label_sets.read_musicnet),
    DataSet("urmp", "URMP", "CC0-1.0", "MT3's", label_sets.urmp, label_sets.read_urmp),
    DataSet("guitarset", "GuitarSet", "CC-BY-4.0", "MT3's", label_sets.guitarset, label_sets.read_guitarset),
    DataSet("e-gmd", "E-GMD v1", "CC-BY-4.0", "its own", midi_sets.egmd, midi_sets.read_egmd),
    DataSet("pairs", "your recordings", UNSTATED, "folders", midi_sets.pairs, midi_sets.read_midi),
)
DATA_SETS: Final = {row.id: row for row in _ROWS}


def data_set(name: str) -> DataSet:
    """The row of a set by its id."""
    if name not in DATA_SETS:
        raise UsageError(f"data set {name!r}: give {', '.join(DATA_SETS)}")
    return DATA_SETS[name]


def listed(row: DataSet, root: Path, split: str) -> Iterator[Listed | Skipped]:
    """What the folder of a set lists for a split, and what is broken in any."""
    if not root.is_dir():
        raise NeumeError(f"{root}: no such folder; give the one that holds {row.title}")
    for entry in row.walk(root):
        if isinstance(entry, Skipped) or split in (EVERY_SPLIT, entry.split):
            yield entry


def performance(row: DataSet, entry: Listed) -> Performance | Skipped:
    """A listed performance with its notes."""
    try:
        events = row.read(entry)
        programs = programs_of(events)
        if not programs:
            raise NeumeError("no notes in it")
    except NeumeError as error:
        return Skipped(entry.name, str(error))
    return Performance(entry.name, entry.audio, tuple(events), programs, entry.split, row.licence)


def performances(row: DataSet, root: Path, split: str = EVERY_SPLIT) -> Iterator[Performance | Skipped]:
    """Every performance of a split, and every one that had to be skipped."""
    for entry in listed(row, root, split):
        yield entry if isinstance(entry, Skipped) else performance(row, entry)
