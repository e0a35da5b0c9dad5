"""A number in big figures with its name below; one that counts something can be pressed to clear it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from ..controls.paint import RADIUS_PX, SMALL_PX, draw_ring, draw_text, font_of, painter_of
from ..theme import BIG_PX, theme

HEIGHT_PX: Final = 54
WIDEST: Final = "999 %"


class Figure(QAbstractButton):
    """`look` is the theme's colour of the number. Without `pressable` it is only read."""

    def __init__(self, name: str, *, pressable: bool = False) -> None:
        super().__init__()
        self.name, self.look = name, "text"
        self.setText("–")
        self.setAccessibleName(f"{name}: –")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover, pressable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if pressable else Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not pressable)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._pressable = pressable

    def show_value(self, text: str, look: str = "text") -> None:
        if (text, look) != (self.text(), self.look):
            self.look = look
            self.setText(text)
            self.setAccessibleName(f"{self.name}: {text}")
            self.update()

    def sizeHint(self) -> QSize:
        name = QFontMetrics(font_of(self, SMALL_PX)).horizontalAdvance(self.name)
        number = QFontMetrics(font_of(self, BIG_PX, bold=True)).horizontalAdvance(WIDEST)
        return QSize(max(name, number) + 16, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        if self._pressable and (self.underMouse() or self.isDown()):
            painter.setBrush(shown.colour("edge" if self.isDown() else "raised"))
            painter.setPen(QPen(shown.colour("edge"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
        left, inside = Qt.AlignmentFlag.AlignLeft, QRectF(self.rect()).adjusted(8, 0, -4, 0)
        painter.setFont(font_of(self, BIG_PX, bold=True))
        draw_text(painter, QRectF(inside.left(), 4, inside.width(), 28), self.text(), self.look, left)
        painter.setFont(font_of(self, SMALL_PX))
        draw_text(painter, QRectF(inside.left(), 32, inside.width(), 16), self.name, "dim", left)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))
