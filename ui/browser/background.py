"""Jobs that would keep the panel waiting, each on a thread of its own; results come back by signal."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from neume.synth.errors import NeumeError

Result = TypeVar("Result")
Done = Callable[[Any], object]


class Background(QObject):
    """Belongs to the panel's thread; only `job` runs elsewhere, so it must touch no widget.

    Errors of the user's kind are results like others: `done` gets the NeumeError or the OSError.
    """

    _came = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[int, Done] = {}
        self._numbers = itertools.count()
        self._came.connect(self._hear)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def run(self, job: Callable[[], Result], done: Callable[[Result | NeumeError | OSError], object]) -> None:
        """Let `job` run; later, on the panel's thread, `done` gets its result."""
        number = next(self._numbers)
        self._waiting[number] = done  # kept here: a widget must not be let go of on another thread
        threading.Thread(target=self._work, args=(number, job), name="neume-browser", daemon=True).start()

    def _work(self, number: int, job: Callable[[], object]) -> None:
        try:
            result = job()
        except (NeumeError, OSError) as error:
            result = error
        with contextlib.suppress(RuntimeError):  # the panel has gone meanwhile
            self._came.emit(number, result)

    def _hear(self, number: int, result: object) -> None:
        self._waiting.pop(number)(result)
