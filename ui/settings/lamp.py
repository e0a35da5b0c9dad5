"""A small round light: what a device does, and that a MIDI input is played."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

LIT_S: Final = 0.15  # after a message; shorter is not seen


class Lamp(QWidget):
    """`shine` in a colour of the theme's, dark for ""; or `flash`, and `fade` at every snapshot."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = ""
        self._until_s = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def shine(self, colour: str) -> None:
        if colour != self.colour:
            self.colour = colour
            self.update()

    def flash(self, colour: str = "accent") -> None:
        """Light up for a moment."""
        self._until_s = time.monotonic() + LIT_S
        self.shine(colour)

    def fade(self) -> None:
        """Go dark if the moment is over."""
        if self.colour and time.monotonic() > self._until_s:
            self.shine("")

    def sizeHint(self) -> QSize:
        return QSize(16, 16)

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(shown.colour("edge") if not self.colour else Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour(self.colour or "raised"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5))
