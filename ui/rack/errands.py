"""Work that the panel's thread must not do itself: reading folders, writing files, importing libraries."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from neume.synth.errors import NeumeError

T = TypeVar("T")


class Errands(QObject):
    """Belongs to the panel's thread. Works go on threads of their own, one at a time and in their order; what
    comes of each is told on the panel's thread.

    A `NeumeError` or `OSError` goes to `failed` as a line; anything else that is raised is our own bug.
    """

    _came = Signal(object, object)  # whom to tell, and what

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest: threading.Thread | None = None
        self._came.connect(lambda tell, outcome: tell(outcome))

    def run(
        self, work: Callable[[], T], done: Callable[[T], object], failed: Callable[[str], object]
    ) -> None:
        thread = threading.Thread(
            target=self._work, args=(self._latest, work, done, failed), name="neume-errand", daemon=True
        )
        self._latest = thread
        thread.start()

    @property
    def busy(self) -> bool:
        return self._latest is not None and self._latest.is_alive()

    def _work(
        self,
        before: threading.Thread | None,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> None:
        if before is not None:
            before.join()
        try:
            outcome, tell = work(), done
        except (NeumeError, OSError) as error:
            outcome, tell = str(error), failed
        with contextlib.suppress(RuntimeError):  # the panel has gone meanwhile
            self._came.emit(tell, outcome)
