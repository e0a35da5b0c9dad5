"""Keeps the catalogue true: reads the bundles off the panel's thread, and again when their folders change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from neume.synth.bundle.search import list_bundles, search_folders
from neume.synth.errors import NeumeError

from .background import Background
from .catalogue import Catalogue, catalogue_of

LOOK_MS: Final = 1500  # folders are looked at, not watched: they may be on a network, or not there yet
MOST_LOOKED_AT: Final = 4000  # folders and files; a signature of more would not be worth it
Signature: TypeAlias = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look has found: a signature of the folders, and the catalogue if it was worth reading."""

    signature: Signature
    catalogue: Catalogue | None


class Shelf(QObject):
    """Belongs to the panel's thread. `catalogue` is None until the bundles have been read once.

    A folder that changes is read when it has been the same for two looks, so that a bundle is not told for
    bad while it is being copied.
    """

    changed = Signal(object)  # Catalogue
    failed = Signal(str)  # a line for the user

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalogue: Catalogue | None = None
        self._background = background
        self._read: Signature | None = None  # of what `catalogue` shows
        self._seen: Signature | None = None  # by the last look
        self._looking, self._again = False, False
        self._trouble = ""  # told last
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    def watch(self, on: bool) -> None:
        """Look at the folders now and from time to time, or not any more."""
        if on and not self._timer.isActive():
            self._timer.start(LOOK_MS)
            self.look()
        elif not on:
            self._timer.stop()

    def look(self, at_once: bool = False) -> None:
        """Look whether something has changed; `at_once`: read whatever is there now."""
        if self._looking:
            self._again = self._again or at_once
            return
        self._looking, self._again = True, False
        settled = None if at_once or self.catalogue is None else self._seen
        job = partial(_look, None if at_once else self._read, settled)
        self._background.run(job, self._heard)

    def _heard(self, look: _Look | NeumeError | OSError) -> None:
        self._looking = False
        if isinstance(look, _Look):
            self._seen = look.signature
            if look.catalogue is not None:
                self._read, self.catalogue, self._trouble = look.signature, look.catalogue, ""
                self.changed.emit(look.catalogue)
        elif str(look) != self._trouble:
            self._trouble = str(look)
            self.failed.emit(self._trouble)
        if self._again:
            self.look(at_once=True)


def _look(read: Signature | None, settled: Signature | None) -> _Look:
    """`read` is known already; anything else is read if it is `settled`, or if that is None."""
    signature = folder_signature()
    wanted = signature != read and settled in (None, signature)
    return _Look(signature, catalogue_of(list_bundles()) if wanted else None)


def folder_signature() -> Signature:
    """Names, sizes and times of all that lies in the search folders, two levels deep."""
    found: list[tuple[str, int, int]] = []
    for _, root in search_folders():
        for folder in _entries(root, found):
            if folder.is_dir() and not folder.name.startswith("."):
                list(_entries(Path(folder.path), found))
    return tuple(sorted(found))


def _entries(folder: Path, found: list[tuple[str, int, int]]) -> list[os.DirEntry[str]]:
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if len(found) >= MOST_LOOKED_AT:
                    break
                status = entry.stat(follow_symlinks=False)
                found.append((entry.path, status.st_size, status.st_mtime_ns))
                entries.append(entry)
    except OSError:  # not there, or gone while it was read: the next look tells
        pass
    return entries
