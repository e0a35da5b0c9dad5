"""Painted buttons of a strip: one or two lines of text on a rounded ground, such as the instrument's."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ..controls.paint import (
    RADIUS_PX,
    SMALL_PX,
    VALUE_PX,
    draw_ring,
    draw_text,
    font_of,
    painter_of,
)
from ..theme import TOUCH_PX, theme

INSIDE_PX: Final = 7.0


class Tile(QAbstractButton):
    """`setText` is the first line, `set_line` the small one below. `lit`: something is there or on."""

    def __init__(self, name: str, height: int = TOUCH_PX, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line, self.lit, self._height = "", False, height
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_texts(self, text: str, line: str = "", lit: bool = False) -> None:
        if (text, line, lit) != (self.text(), self.line, self.lit):
            self.line, self.lit = line, lit
            self.setText(text)
            self.setAccessibleDescription(f"{text}, {line}" if line else text)
            self.setToolTip(f"{self.accessibleName()}: {text}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(TOUCH_PX, self._height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_of(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        self.draw_ground(painter)
        inside = QRectF(self.rect()).adjusted(INSIDE_PX, 0, -INSIDE_PX, 0)
        self.draw_content(painter, inside)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))

    def draw_ground(self, painter: QPainter) -> None:
        shown = theme()
        painter.setBrush(shown.colour("edge" if self.isDown() else "raised"))
        painter.setPen(QPen(shown.colour("accent" if self.underMouse() else "edge"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)

    def draw_content(self, painter: QPainter, inside: QRectF) -> None:
        colour = "text" if self.lit else "dim"
        painter.setFont(font_of(self, VALUE_PX))
        left = Qt.AlignmentFlag.AlignLeft
        if not self.line:
            draw_text(painter, inside, self.text(), colour, Qt.AlignmentFlag.AlignCenter)
            return
        draw_text(painter, inside.adjusted(0, 4, 0, -18), self.text(), colour, left)
        painter.setFont(font_of(self, SMALL_PX))
        draw_text(painter, inside.adjusted(0, 22, 0, -4), self.line, "dim", left)
