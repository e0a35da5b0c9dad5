"""Python's garbage, collected on the panel's thread only: Qt's objects must not be destroyed on another."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

YOUNG_MS: Final = 500
ALL_TURNS: Final = 40  # every so many of these all that is not frozen is looked through


class Collector(QObject):
    """Between `start` and `stop` no thread collects by itself. What is there at the start is not looked
    through again, so that a collection takes well under a frame."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._turns = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._timer.start(YOUNG_MS)

    def stop(self) -> None:
        """Harmless in any state."""
        if self._timer.isActive():
            self._timer.stop()
            gc.enable()
            gc.unfreeze()

    def _collect(self) -> None:
        self._turns += 1
        gc.collect(2 if self._turns % ALL_TURNS == 0 else 1)
