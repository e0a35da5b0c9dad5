"""Recordings that a crash has left unfinished get names of their own. No widgets.

Not for the panel's thread: a disk may hang.
"""

from __future__ import annotations

import os
from pathlib import Path

from neume.synth.takes import UnfinishedTake, midi_path, rack_path, unfinished_takes
from neume.synth.takes.finished import UNFINISHED

from .take_names import is_free, numbered


def found_in(folder: Path) -> tuple[UnfinishedTake, ...]:
    """What is there, the newest first by name; nothing where there is no such folder."""
    return tuple(reversed(unfinished_takes(folder))) if folder.is_dir() else ()


def recover(take: UnfinishedTake) -> Path:
    """Give its files the names of a finished take, none of which is there already; returns the audio's.

    The audio goes last: until then the take is found again. Raises OSError.
    """
    stem = take.audio.stem.removesuffix(UNFINISHED)
    target = next(path for path in numbered(take.audio.parent, stem) if is_free(path))
    for source, name in ((take.midi, midi_path(target)), (take.rack, rack_path(target))):
        if source is not None:
            os.rename(source, name)
    os.rename(take.audio, target)
    return target
