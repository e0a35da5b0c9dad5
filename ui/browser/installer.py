"""Installs what was dropped or picked, one after another, off the panel's thread; asks before it replaces."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from neume.synth.bundle.install import AlreadyInstalled, InstallCancelled, Installed, install_bundle
from neume.synth.errors import BundleError, NeumeError

from .background import Background

IDLE, COPYING, ASKING, DONE, REFUSED = "idle", "copying", "asking", "done", "refused"
WHOLE: Final = 1000  # of progress
MOST_WAITING: Final = 64


class Installer(QObject):
    """Belongs to the panel's thread. What `state` is about is `source`.

    ASKING: `conflict` is there already; `answer` goes on. REFUSED: `faults` says why.
    """

    changed = Signal()
    progressed = Signal(int)  # of WHOLE
    installed = Signal(object)  # Installed

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state, self.source = IDLE, Path()
        self.conflict: AlreadyInstalled | None = None
        self.faults: tuple[str, ...] = ()
        self.last: Installed | None = None
        self._background = background
        self._waiting: deque[Path] = deque(maxlen=MOST_WAITING)
        self._stopping = threading.Event()

    def add(self, sources: Iterable[Path]) -> None:
        """Install these when those before them are through."""
        self._waiting.extend(sources)
        self._next()

    def cancel(self) -> None:
        """Stop copying; nothing is left of it, and nothing that waits is begun."""
        self._waiting.clear()
        self._stopping.set()

    def answer(self, replace: bool) -> None:
        """Replace the bundle that is there already, or leave it."""
        if self.state == ASKING and replace:
            self._begin(self.source, replace=True)
        elif self.state == ASKING:
            self.dismiss()

    def dismiss(self) -> None:
        """What was told has been read."""
        if self.state in (DONE, REFUSED, ASKING):
            self._set(IDLE)
            self._next()

    def _next(self) -> None:
        if self._waiting and self.state in (IDLE, DONE):
            self._begin(self._waiting.popleft(), replace=False)

    def _begin(self, source: Path, replace: bool) -> None:
        self.source, self.conflict, self.faults = source, None, ()
        self._stopping = threading.Event()
        self._set(COPYING)
        self.progressed.emit(0)
        progress = partial(self._tell, self._stopping)
        job = partial(install_bundle, source, replace=replace, progress=progress)
        self._background.run(job, self._heard)

    def _tell(self, stopping: threading.Event, copied: int, told: int) -> None:
        """On the thread that copies."""
        if stopping.is_set():
            raise InstallCancelled("the installation was cancelled")
        self.progressed.emit(WHOLE * copied // max(told, 1))

    def _heard(self, result: Installed | NeumeError | OSError) -> None:
        match result:
            case Installed():
                self.last = result
                self._set(DONE)
                self.installed.emit(result)
            case InstallCancelled():
                self._set(IDLE)
            case AlreadyInstalled():
                self.conflict = result
                self._set(ASKING)
            case BundleError(faults=faults):
                self.faults = tuple(faults)
                self._set(REFUSED)
            case _:
                self.faults = (str(result),)
                self._set(REFUSED)
        self._next()

    def _set(self, state: str) -> None:
        self.state = state
        self.changed.emit()
