"""Lies over the transport while a MIDI file is dragged over it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from ..theme import BIG_PX, theme

INSET_PX: Final = 6


class DropVeil(QWidget):
    """Says what happens when it is let go of."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, what: QWidget) -> None:
        self.setGeometry(what.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), shown.colour("surface", 225))
        painter.setPen(QPen(shown.colour("accent"), 3, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(INSET_PX, INSET_PX, -INSET_PX, -INSET_PX)
        painter.drawRoundedRect(frame, 10, 10)
        font = painter.font()
        font.setPixelSize(BIG_PX)
        painter.setFont(font)
        painter.setPen(shown.colour("text"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self.tr("Drop to play through the rack"))
