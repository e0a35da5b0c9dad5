"""A button that a hand finds in the dark: what it does, what it leads to, and the keys that do the same."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from ..keys.part_colours import blend, is_dark
from ..keys.repeats import Repeats
from ..theme import BASE_PX, theme
from .big_text import fitted

RADIUS_PX: Final = 14.0
PADDING_PX: Final = 16.0
HEADING_PX: Final = 18
NAME_PX: Final = 44
FOCUS_PX: Final = 3


class BigButton(QAbstractButton):
    """`text` says what it does; Return presses it when it has the focus. Painted by itself."""

    def __init__(self, text: str, keys: str, alarming: bool = False) -> None:
        super().__init__()
        self.setText(text)
        self.keys, self.alarming = keys, alarming
        self._name = ""
        self._repeats = Repeats()
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(220, 96)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 84)

    @property
    def name(self) -> str:
        return self._name

    def show_name(self, name: str) -> None:
        """What it leads to, a preset's name."""
        if name != self._name:
            self._name = name
            self.setAccessibleName(f"{self.text()}: {name}" if name else self.text())
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """All other keys are the stage's, the space bar and the arrows too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not self._repeats.is_repeat(event):
                self.click()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._repeats.is_repeat(event)
        event.ignore()

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = shown.colour("alarm" if self.alarming else "raised")
        if self.isDown():
            face = blend(face, shown.colour("text"), 0.25)
        elif self.underMouse():
            face = blend(face, shown.colour("text"), 0.07)
        body = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(face)
        painter.drawRoundedRect(body, RADIUS_PX, RADIUS_PX)
        if self.hasFocus():
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setWidth(FOCUS_PX)
            pen.setColor(shown.colour("text" if self.alarming else "accent"))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body, RADIUS_PX, RADIUS_PX)
        self._paint_texts(painter, body.adjusted(PADDING_PX, 10.0, -PADDING_PX, -10.0))

    def _paint_texts(self, painter: QPainter, place: QRectF) -> None:
        """Above what it does, below the keys, and between them where it leads to."""
        shown = theme()
        ink = self._ink()
        centre = Qt.AlignmentFlag.AlignHCenter
        painter.setFont(self._font_of(BASE_PX + 1, QFont.Weight.Normal))
        painter.setPen(ink if self.alarming else shown.colour("dim"))
        painter.drawText(place, centre | Qt.AlignmentFlag.AlignBottom, self.keys)
        rest = place.adjusted(0.0, 0.0, 0.0, -painter.fontMetrics().height() - 4.0)
        if self._name:
            painter.setFont(self._font_of(HEADING_PX, QFont.Weight.DemiBold))
            painter.drawText(rest, centre | Qt.AlignmentFlag.AlignTop, self.text())
            rest.setTop(rest.top() + painter.fontMetrics().height() + 2.0)
        painter.setPen(ink)
        font = self._font_of(NAME_PX, QFont.Weight.Bold)
        text = fitted(font, self._name or self.text(), rest.width(), rest.height(), NAME_PX)
        text.draw(painter, rest, Qt.AlignmentFlag.AlignCenter)

    def _ink(self) -> QColor:
        shown = theme()
        if self.alarming:
            return shown.colour("ground" if is_dark(shown) else "on_accent")
        return shown.colour("text")

    def _font_of(self, size_px: int, weight: QFont.Weight) -> QFont:
        font = self.font()
        font.setPixelSize(size_px)
        font.setWeight(weight)
        return font
