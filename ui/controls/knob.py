"""A knob: an arc of three quarters of a circle, its value below it."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from .paint import SMALL_PX, draw_ring, draw_text, font_of, painter_of
from .quantity import Quantity
from .turner import Turner

DIAL_PX: Final = 44
LINE_PX: Final = 15  # of text
WIDTH_PX: Final = 52
SWEEP_DEG: Final = 270.0
ARC_PX: Final = 4.0


class Knob(Turner):
    """`caption` stands below the value, if there is one."""

    def __init__(
        self,
        quantity: Quantity,
        name: str,
        caption: str = "",
        parent: QWidget | None = None,
        width: int = WIDTH_PX,
    ) -> None:
        self.caption, self._width = caption, width
        super().__init__(quantity, name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        lines = 2 if self.caption else 1
        return QSize(self._width, DIAL_PX + lines * LINE_PX + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_of(self)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        self._draw_dial(painter, QRectF((self.width() - DIAL_PX) / 2, 2, DIAL_PX, DIAL_PX))
        painter.setFont(font_of(self, SMALL_PX + 1, self.grabbed))
        lit = self.grabbed or self.underMouse() or self.hasFocus()
        line = QRectF(0, DIAL_PX, self.width(), LINE_PX)
        draw_text(painter, line, self.text, "accent" if self.grabbed else "text")
        if self.caption:
            painter.setFont(font_of(self, SMALL_PX))
            draw_text(painter, line.translated(0, LINE_PX), self.caption, "text" if lit else "dim")

    def _draw_dial(self, painter: QPainter, box: QRectF) -> None:
        shown, arc = theme(), box.adjusted(4, 4, -4, -4)
        begin = 0.0 if self.quantity.centre is None else self.quantity.position(self.quantity.centre)
        self._arc(painter, arc, 0.0, 1.0, "edge")
        self._arc(painter, arc, begin, self.position, "accent")
        painter.setPen(QPen(shown.colour("edge"), 1))
        painter.setBrush(shown.colour("edge" if self.underMouse() or self.grabbed else "raised"))
        painter.drawEllipse(box.center(), box.width() / 2 - 9, box.width() / 2 - 9)
        angle = math.radians(225.0 - SWEEP_DEG * self.position)
        towards = QPointF(math.cos(angle), -math.sin(angle))
        painter.setPen(QPen(shown.colour("text"), 2.5, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(box.center() + towards * 4.5, box.center() + towards * (box.width() / 2 - 11.5))

    def _arc(self, painter: QPainter, box: QRectF, begin: float, end: float, colour: str) -> None:
        pen = QPen(theme().colour(colour), ARC_PX, c=Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        start, span = 225.0 - SWEEP_DEG * begin, -SWEEP_DEG * (end - begin)
        if abs(span) > 0.5:
            painter.drawArc(box, round(start * 16), round(span * 16))
