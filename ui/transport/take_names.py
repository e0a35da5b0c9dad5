"""Names for recordings: by date and rack, and never one that is taken. No widgets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from neume.synth.takes.finished import midi_path, rack_path, unfinished_path

SUFFIX: Final = ".wav"
LONGEST_RACK: Final = 60
UNWANTED: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # in a file name, on one system or another


def take_stem(rack: str, now: datetime) -> str:
    """`2026-11-25 20.15.03 Grand piano`; names sort by time."""
    named = UNWANTED.sub(" ", rack)[:LONGEST_RACK].strip(" .")
    return " ".join(filter(None, (f"{now:%Y-%m-%d %H.%M.%S}", " ".join(named.split()))))


def is_free(path: Path) -> bool:
    """Whether none of a finished take's files is there. Looks on the disk."""
    return not any(file.exists() for file in (path, midi_path(path), rack_path(path)))


def numbered(folder: Path, stem: str) -> Iterator[Path]:
    """`STEM.wav`, `STEM 2.wav` and so on."""
    for number in itertools.count(1):
        yield folder / f"{stem}{'' if number == 1 else f' {number}'}{SUFFIX}"


def free_path(folder: Path, stem: str) -> Path:
    """The first of the numbered names that neither a take has nor one that grows. Looks on the disk."""
    names = numbered(folder, stem)
    return next(path for path in names if is_free(path) and not unfinished_path(path).exists())


def prepared(folder: Path, stem: str) -> Path:
    """A path for a recording, its folder made. Raises OSError. Not for the panel's thread."""
    folder.mkdir(parents=True, exist_ok=True)
    return free_path(folder, stem)
