"""A switch that stays: mute, solo, bypass. Lit in a colour of its own while it is on."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ..theme import TOUCH_PX, theme
from .gestures import new_gesture
from .paint import RADIUS_PX, VALUE_PX, draw_ring, font_of, painter_of, text_on


class Switch(QAbstractButton):
    """Speaks as a `Turner` does: `turned` with 0 or 1, `show_amount`. `colour` is a name of the theme's."""

    turned = Signal(float, str)
    let_go = Signal()

    def __init__(self, text: str, name: str, colour: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = colour
        self.setText(text)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda on: self.turned.emit(float(on), new_gesture()))

    def show_amount(self, amount: float) -> None:
        self.setChecked(amount >= 0.5)

    def sizeHint(self) -> QSize:
        return QSize(max(TOUCH_PX, self.fontMetrics().horizontalAdvance(self.text()) + 20), TOUCH_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        lit = shown.colour(self.colour)
        painter.setBrush(lit if self.isChecked() else shown.colour("raised"))
        painter.setPen(QPen(lit if self.isChecked() or self.underMouse() else shown.colour("edge"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
        painter.setFont(font_of(self, VALUE_PX, bold=True))
        painter.setPen(text_on(lit) if self.isChecked() else shown.colour("dim"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()), colour="text" if self.isChecked() else "accent")
