"""One line under the top bar for what went wrong and what to do; it goes by itself, or by a click."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

SHOWN_MS: Final = 12_000
LONGEST: Final = 600


class MessageBar(QFrame):
    """`tell` shows a line for a while; `hold` shows one with a button until `release`."""

    pressed = Signal()  # the button

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._held = False
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setProperty("look", "warning")
        self.button = QPushButton()
        self.button.clicked.connect(self.pressed)
        self.dismiss = QPushButton(self.tr("Dismiss"))
        self.dismiss.setProperty("look", "flat")
        self.dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)
        row.addWidget(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        return self.label.text()

    def tell(self, line: str) -> None:
        if self._held:
            return
        self._show(line, "")
        self._timer.start(SHOWN_MS)

    def hold(self, line: str, button: str = "") -> None:
        self._held = True
        self._timer.stop()
        self._show(line, button)

    def release(self) -> None:
        """Show nothing if a held line is shown."""
        if self._held:
            self._held = False
            self.hide()

    def _show(self, line: str, button: str) -> None:
        self.label.setText(line[:LONGEST])
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.dismiss.setVisible(not self._held)
        self.show()
