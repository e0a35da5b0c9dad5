"""The keys that a part hears, as a small keyboard whose ends are dragged."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..controls.gestures import new_gesture
from ..controls.paint import painter_of
from ..keys.part_colours import ebony, ivory, part_colour
from ..theme import theme
from .key_geometry import KEYS, OCTAVE, KeyGeometry, is_white

MIDDLE_C: Final = 60
HEIGHT_PX: Final = 30
KEYBED_PX: Final = 22
HANDLE_PX: Final = 4.0
SHADE: Final = 165  # of what is not heard, of 255


class KeyRange(QWidget):
    """A drag moves the end that is nearer to where it began; ends do not pass each other.

    For mouse and finger; the boxes below it are for everyone.
    """

    ranged = Signal(int, int, str)  # lowest key, highest key, gesture

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.part, self.low, self.high = 0, 0, KEYS - 1
        self.grabbed = ""  # the end that is dragged: low or high
        self._gesture = ""
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT_PX)

    def show_range(self, part: int, low: int, high: int) -> None:
        """Of the part of that number, which gives the colour."""
        if (part, low, high) != (self.part, self.low, self.high) and not self.grabbed:
            self.part, self.low, self.high = part, low, high
            self.update()

    @property
    def geometry_of_keys(self) -> KeyGeometry:
        return KeyGeometry(float(self.width()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._gesture = new_gesture()
        self.grabbed = self.geometry_of_keys.near(event.position().x(), self.low, self.high)
        self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.grabbed:
            self._drag(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.grabbed = ""
        self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """All keys again."""
        self._take(0, KEYS - 1)

    def _drag(self, at: QPointF) -> None:
        key = self.geometry_of_keys.key_at(at.x())
        if self.grabbed == "low":
            self._take(min(key, self.high), self.high)
        else:
            self._take(self.low, max(key, self.low))

    def _take(self, low: int, high: int) -> None:
        if (low, high) != (self.low, self.high):
            self.low, self.high = low, high
            self.update()
            self.ranged.emit(low, high, self._gesture)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown, keys = painter_of(self), theme(), self.geometry_of_keys
        top = (self.height() - KEYBED_PX) / 2
        bed = QRectF(0, top, self.width(), KEYBED_PX)
        painter.setBrush(ivory())
        painter.drawRoundedRect(bed, 3, 3)
        self._draw_keys(painter, keys, bed)
        painter.setBrush(shown.colour("surface", SHADE))
        low_x, high_x = keys.left(self.low), keys.left(self.high + 1)
        painter.drawRect(QRectF(0, top, low_x, KEYBED_PX))
        painter.drawRect(QRectF(high_x, top, self.width() - high_x, KEYBED_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(shown.colour("edge"), 1))
        painter.drawRoundedRect(bed.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(part_colour(self.part))
        for end, x in (("low", low_x), ("high", high_x - HANDLE_PX)):
            grow = 2.0 if self.grabbed == end else 0.0
            handle = QRectF(x - grow / 2, top - 4, HANDLE_PX + grow, KEYBED_PX + 8)
            painter.drawRoundedRect(handle, 2, 2)

    def _draw_keys(self, painter: QPainter, keys: KeyGeometry, bed: QRectF) -> None:
        shown, black = theme(), ebony()
        painter.setBrush(black)
        for key in range(21, 109):
            if not is_white(key):
                width = keys.left(key + 1) - keys.left(key)
                painter.drawRect(QRectF(keys.left(key), bed.top(), width, KEYBED_PX * 0.58))
            elif key % OCTAVE == 0:
                painter.setBrush(shown.colour("accent" if key == MIDDLE_C else "dim"))
                painter.drawRect(QRectF(keys.left(key), bed.bottom() - 6, 1.5, 6))
                painter.setBrush(black)
