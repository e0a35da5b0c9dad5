"""A button that has to be pressed twice within some seconds: for what stops the sound."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QPushButton

from ..theme import TOUCH_PX

ASKED_MS: Final = 4000
AT_LEAST_MS: Final = 300  # a double click is no answer


class SureButton(QPushButton):
    """The first press shows the question instead of the text; the second one emits `sure`."""

    sure = Signal()

    def __init__(self, text: str, question: str) -> None:
        super().__init__(text)
        self._text, self._question = text, question
        self.asking = False
        self.setAccessibleName(text)
        self.setMinimumHeight(TOUCH_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._timer, self._early = QTimer(self), QTimer(self)
        for timer, milliseconds in ((self._timer, ASKED_MS), (self._early, AT_LEAST_MS)):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
        self._timer.timeout.connect(lambda: self._ask(False))
        self.clicked.connect(self._press)

    def _press(self) -> None:
        if not self.asking:
            self._ask(True)
            self._timer.start()
            self._early.start()
        elif not self._early.isActive():
            self._timer.stop()
            self._ask(False)
            self.sure.emit()

    def _ask(self, asking: bool) -> None:
        self.asking = asking
        self.setText(self._question if asking else self._text)
        self.setAccessibleName(self.text())
        self.setProperty("look", "alarm" if asking else "")
        self.style().unpolish(self)
        self.style().polish(self)
