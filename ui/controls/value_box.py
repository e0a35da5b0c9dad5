"""A value as a text in a box, with a caption: turned like a knob, where there is no room for one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import TOUCH_PX, theme
from .paint import RADIUS_PX, SMALL_PX, VALUE_PX, draw_ring, draw_text, font_of, painter_of
from .quantity import Quantity
from .turner import Turner

STEP_PX: Final = 5.0  # of the hand, for one step of a whole quantity


class ValueBox(Turner):
    """As wide as its layout makes it. `waiting` shows that it waits for a key that is played."""

    def __init__(
        self, quantity: Quantity, name: str, caption: str = "", parent: QWidget | None = None
    ) -> None:
        self.caption, self.waiting = caption, False
        super().__init__(quantity, name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def travel_px(self) -> float:
        if not self.quantity.whole:
            return super().travel_px
        return max(1.0, (self.quantity.high - self.quantity.low) * STEP_PX)

    def sizeHint(self) -> QSize:
        return QSize(56, TOUCH_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(TOUCH_PX, TOUCH_PX)

    def set_waiting(self, waiting: bool) -> None:
        self.waiting = waiting
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        lit = self.grabbed or self.underMouse()
        painter.setBrush(shown.colour("ground"))
        painter.setPen(QPen(shown.colour("warning" if self.waiting else "accent" if lit else "edge"), 1))
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        value = box
        if self.caption:
            painter.setFont(font_of(self, SMALL_PX - 1))
            draw_text(painter, QRectF(2, 2, self.width() - 4, 14), self.caption, "dim")
            value = QRectF(2, 15, self.width() - 4, self.height() - 17)
        painter.setFont(font_of(self, VALUE_PX, self.grabbed))
        colour = "warning" if self.waiting else "accent" if self.grabbed else "text"
        draw_text(painter, value, "…" if self.waiting else self.text, colour)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))
