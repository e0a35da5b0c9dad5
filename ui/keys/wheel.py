"""The pitch-bend wheel, which springs back, and the modulation wheel, which stays where it is put.

A `QSlider` beneath, so that arrow keys and screen readers find what they expect.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QEventPoint,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider

from ..theme import TOUCH_PX, theme
from .part_colours import blend
from .repeats import Repeats, release_grace_ms

WIDTH_PX: Final = TOUCH_PX + 4
BEND_RANGE: Final = (-8192, 8191)
BEND_STEP: Final = 1024  # of an arrow key
THUMB_SHARE: Final = 0.26  # of the wheel's height
RIDGES: Final = 5
TRAVEL_SHARE: Final = 0.62  # of the wheel's height turns it over its whole range


class Wheel(QSlider):
    """Turned by how far mouse or finger move, wherever they took hold. `valueChanged` tells every step."""

    def __init__(self, low: int, high: int, springs: bool) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.springs = springs
        self._grip: tuple[float, int] | None = None  # where the hold was taken: y and value
        self._repeats = Repeats()
        self._springing = QTimer(self)
        self._springing.setSingleShot(True)
        self._springing.timeout.connect(self.let_go)
        self.setRange(low, high)
        self.setValue(0)
        self.setSingleStep(BEND_STEP if springs else 4)
        self.setPageStep(BEND_RANGE[1] if springs else 16)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, 90)

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH_PX, 60)

    def let_go(self) -> None:
        """As if every hand had left it."""
        self._grip = None
        if self.springs:
            self.setValue(0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._take_hold(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to its rest."""
        self.setValue(0)
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only one that stays: nothing tells when the mouse's wheel is let go of."""
        if not self.springs:
            super().wheelEvent(event)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._repeats.is_repeat(event):
            self._springing.stop()
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._repeats.is_repeat(event):
            self._springing.start(release_grace_ms())
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.let_go()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.let_go()
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touch(event)
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = QRectF(self.rect()).adjusted(4.0, 1.0, -4.0, -1.0)
        painter.setPen(shown.colour("accent" if self.hasFocus() else "edge"))
        painter.setBrush(shown.colour("ground"))
        painter.drawRoundedRect(groove, 8.0, 8.0)
        inner = groove.adjusted(3.0, 3.0, -3.0, -3.0)
        thumb = self._thumb(inner)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("accent", 110))
        painter.drawRoundedRect(self._turned_from_rest(inner, thumb), 5.0, 5.0)
        self._paint_thumb(painter, thumb)

    def _thumb(self, inner: QRectF) -> QRectF:
        height = inner.height() * THUMB_SHARE
        return QRectF(inner.x(), self._top(inner, height, self.value()), inner.width(), height)

    def _turned_from_rest(self, inner: QRectF, thumb: QRectF) -> QRectF:
        """The way from the rest to where the wheel is; empty at rest."""
        rest = self._top(inner, thumb.height(), 0) + thumb.height() * (0.5 if self.springs else 1.0)
        now = thumb.center().y()
        if self.value() == 0:
            return QRectF()
        return QRectF(inner.x(), min(rest, now), inner.width(), abs(rest - now))

    def _top(self, inner: QRectF, thumb_height: float, value: int) -> float:
        share = (self.maximum() - value) / (self.maximum() - self.minimum())
        return inner.y() + share * (inner.height() - thumb_height)

    def _paint_thumb(self, painter: QPainter, thumb: QRectF) -> None:
        """A ridged wheel seen from above, lit along its middle."""
        shown = theme()
        light = QLinearGradient(thumb.topLeft(), thumb.bottomLeft())
        for place, share in ((0.0, 0.0), (0.5, 0.3), (1.0, 0.0)):
            light.setColorAt(place, blend(shown.colour("edge"), shown.colour("dim"), share))
        painter.setBrush(light)
        painter.drawRoundedRect(thumb, 5.0, 5.0)
        painter.setPen(blend(shown.colour("edge"), shown.colour("text"), 0.55))
        for ridge in range(RIDGES):
            y = thumb.y() + thumb.height() * (ridge + 1) / (RIDGES + 1)
            painter.drawLine(QPointF(thumb.x() + 5.0, y), QPointF(thumb.right() - 5.0, y))

    def _touch(self, event: QTouchEvent) -> None:
        """The first finger turns it; it is let go of with that one."""
        point = event.points()[0] if event.points() else None
        if event.type() == QEvent.Type.TouchCancel or point is None:
            self.let_go()
        elif point.state() == QEventPoint.State.Pressed:
            self._take_hold(point.position())
        elif point.state() == QEventPoint.State.Updated:
            self._drag(point.position())
        elif point.state() == QEventPoint.State.Released:
            self.let_go()

    def _take_hold(self, place: QPointF) -> None:
        self._grip = place.y(), self.value()

    def _drag(self, place: QPointF) -> None:
        if self._grip is not None:
            y, value = self._grip
            travel = self.height() * TRAVEL_SHARE
            self.setValue(round(value + (y - place.y()) / travel * (self.maximum() - self.minimum())))
