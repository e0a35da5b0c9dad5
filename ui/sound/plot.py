"""What all plots of the panel share: margins for the axes, a cross where the pointer is, and what it reads.

Base of the spectrogram, the oscilloscope, the spectrum and the block times.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..controls.paint import SMALL_PX, draw_ring, font_of
from ..theme import BASE_PX, theme

LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 46, 12, 8, 22
STEP_PX: Final = 8.0  # of the arrow keys; one pixel with Shift
TAG_PX: Final = 8.0  # inside the readout's border, and from the cross
ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Plot(QWidget):
    """Paints its ground itself: `refresh` paints the plot's area only. Belongs to the panel's thread.

    The cross follows the pointer, a finger, or the arrow keys.
    """

    right_px = RIGHT_PX

    def __init__(self, name: str) -> None:
        super().__init__()
        self.cross: QPointF | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 80)

    def area(self) -> QRectF:
        """Where the plot is, on whole pixels of the device."""
        ratio = self.devicePixelRatioF()
        left, top = (-(-side * ratio // 1) / ratio for side in (LEFT_PX, TOP_PX))
        width = (self.width() - left - self.right_px) * ratio // 1 / ratio
        height = (self.height() - top - BOTTOM_PX) * ratio // 1 / ratio
        return QRectF(left, top, max(1.0, width), max(1.0, height))

    def refresh(self) -> None:
        """Paint the area again."""
        self.update(self.area().toAlignedRect())

    def paint_axes(self, painter: QPainter, area: QRectF) -> None:
        """Labels around the area."""

    def paint_plot(self, painter: QPainter, area: QRectF) -> None:
        """All of the area."""

    def readout(self, across: float, up: float) -> str:
        """What is read at a place of the area, 0 to 1 from the left and the bottom; empty for nothing."""
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self), self.area()
        if not area.toAlignedRect().contains(event.rect()):
            painter.fillRect(self.rect(), theme().colour("surface"))
            painter.setFont(font_of(self, SMALL_PX))
            self.paint_axes(painter, area)
            if self.hasFocus():
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw_ring(painter, QRectF(self.rect()))
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setClipRect(area)
        self.paint_plot(painter, area)
        if self.cross is not None and area.contains(self.cross):
            self._paint_cross(painter, area, self.cross)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self.cross = None
        self.refresh()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.cross = None
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ARROWS.get(Qt.Key(event.key()))
        if arrow is None:
            event.ignore()
            return
        area = self.area()
        step = 1.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP_PX
        at = self.cross or area.center()
        x = min(area.right() - 1, max(area.left(), at.x() + arrow[0] * step))
        y = min(area.bottom() - 1, max(area.top(), at.y() + arrow[1] * step))
        self._point_at(QPointF(x, y))
        self.setAccessibleDescription(self.text_at_cross())

    def text_at_cross(self) -> str:
        """What the cross reads now."""
        area = self.area()
        if self.cross is None or not area.contains(self.cross):
            return ""
        across = (self.cross.x() - area.left()) / area.width()
        return self.readout(across, (area.bottom() - self.cross.y()) / area.height())

    def _point_at(self, place: QPointF) -> None:
        inside = self.area().contains(place)
        self.setCursor(Qt.CursorShape.CrossCursor if inside else Qt.CursorShape.ArrowCursor)
        self.cross = place if inside else None
        self.refresh()

    def _paint_cross(self, painter: QPainter, area: QRectF, at: QPointF) -> None:
        text = self.text_at_cross()
        if not text:
            return
        shown = theme()
        painter.setPen(QPen(shown.colour("text", 110), 1))
        painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
        painter.drawLine(QPointF(area.left(), at.y()), QPointF(area.right(), at.y()))
        font = font_of(self, BASE_PX)
        size = QFontMetricsF(font).boundingRect(text)
        tag = QRectF(0, 0, size.width() + 2 * TAG_PX, size.height() + TAG_PX)
        right = at.x() + TAG_PX + tag.width() < area.right()
        below = at.y() - TAG_PX - tag.height() < area.top()
        tag.moveLeft(max(area.left(), at.x() + TAG_PX if right else at.x() - TAG_PX - tag.width()))
        tag.moveTop(at.y() + TAG_PX if below else at.y() - TAG_PX - tag.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(shown.colour("edge"), 1))
        painter.setBrush(shown.colour("raised", 240))
        painter.drawRoundedRect(tag, 5, 5)
        painter.setFont(font)
        painter.setPen(shown.colour("text"))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
