"""A fader in dB with a scale beside its groove, and its value below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from .paint import SMALL_PX, VALUE_PX, draw_ring, draw_text, font_of, painter_of
from .quantity import Quantity
from .turner import Turner

WIDTH_PX: Final = 46
LEAST_PX: Final = 110
CAP: Final = QSize(28, 22)
GROOVE_PX: Final = 4.0
VALUE_LINE_PX: Final = 20
MARKS_DB: Final = (12, 6, 0, -5, -10, -20, -30, -40, -60)
LABELLED_DB: Final = frozenset((12, 0, -10, -20, -40))


class Fader(Turner):
    """Dragging moves it by the way of the hand, wherever it is taken: touched, it never jumps."""

    def __init__(self, quantity: Quantity, name: str, parent: QWidget | None = None) -> None:
        super().__init__(quantity, name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def travel_px(self) -> float:
        return max(1.0, float(self.height() - VALUE_LINE_PX - CAP.height() - 6))

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, 2 * LEAST_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH_PX, LEAST_PX)

    def y_of(self, value: float) -> float:
        """Where the middle of the cap is at a value."""
        return 3 + CAP.height() / 2 + (1.0 - self.quantity.position(value)) * self.travel_px

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, middle = painter_of(self), 3 + CAP.width() / 2
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        self._draw_scale(painter, middle)
        self._draw_groove(painter, middle)
        self._draw_cap(painter, middle)
        line = QRectF(0, self.height() - VALUE_LINE_PX, self.width(), VALUE_LINE_PX - 2)
        held = self.grabbed or self.hasFocus()  # then there is room for the unit, in small letters
        painter.setFont(font_of(self, SMALL_PX - 1 if held else VALUE_PX, held))
        text = self.text if held else self.text.removesuffix(" dB")
        draw_text(painter, line, text, "accent" if self.grabbed else "text")

    def _draw_scale(self, painter: QPainter, middle: float) -> None:
        painter.setFont(font_of(self, SMALL_PX - 1))
        last_y = -100.0
        for mark in MARKS_DB:
            y, strong = self.y_of(mark), mark == 0
            painter.setPen(QPen(theme().colour("text" if strong else "edge"), 1.5 if strong else 1))
            painter.drawLine(QRectF(middle - 8, y, 0, 0).topLeft(), QRectF(middle + 12, y, 0, 0).topLeft())
            if mark in LABELLED_DB and y - last_y > SMALL_PX:
                last_y = y
                box = QRectF(middle + 14, y - 7, self.width() - middle - 14, 14)
                draw_text(painter, box, f"{abs(mark)}", "text" if strong else "dim")

    def _draw_groove(self, painter: QPainter, middle: float) -> None:
        top, bottom = self.y_of(self.quantity.high), self.y_of(self.quantity.low)
        painter.setBrush(theme().colour("ground"))
        painter.setPen(QPen(theme().colour("edge"), 1))
        painter.drawRoundedRect(QRectF(middle - GROOVE_PX / 2, top, GROOVE_PX, bottom - top), 2, 2)

    def _draw_cap(self, painter: QPainter, middle: float) -> None:
        shown, y = theme(), self.y_of(self.amount)
        box = QRectF(middle - CAP.width() / 2, y - CAP.height() / 2, CAP.width(), CAP.height())
        painter.setPen(QPen(shown.colour("accent" if self.grabbed or self.underMouse() else "dim"), 1.2))
        painter.setBrush(shown.colour("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QPen(shown.colour("accent" if self.grabbed else "text"), 2))
        painter.drawLine(
            box.center() - QRectF(10, 0, 0, 0).topLeft(), box.center() + QRectF(10, 0, 0, 0).topLeft()
        )
