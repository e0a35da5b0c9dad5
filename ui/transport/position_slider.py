"""Where the transport is in its file: a wide slider to click, drag and step through."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QSlider

from ..theme import TOUCH_PX, theme

STEP_S: Final = 5
PAGE_S: Final = 30
KNOB_PX: Final = 9.0  # half of it
GROOVE_PX: Final = 6.0
SETTLES_S: Final = 0.4  # after a jump, the engine still tells where it was


class PositionSlider(QSlider):
    """Its value is in ms. `sought` tells a position in s: at the end of a click or drag, at once with keys;
    `moved` while a drag goes on."""

    sought = Signal(float)
    moved = Signal(float)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._dragging = False
        self._jumped_s = 0.0
        self.setSingleStep(1000 * STEP_S)
        self.setPageStep(1000 * PAGE_S)
        self.setTracking(True)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Position in the file"))
        self.setToolTip(self.tr("Click or drag to go there; arrow keys: 5 seconds, page keys: 30"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.actionTriggered.connect(self._step)

    def show_at(self, position_s: float, length_s: float) -> None:
        """Follow the engine, unless a finger holds the knob or it has just been put elsewhere."""
        length = max(0, round(1000 * length_s))
        if length != self.maximum():
            self.setRange(0, length)
        if not self._dragging and time.monotonic() - self._jumped_s > SETTLES_S:
            self.setValue(round(1000 * position_s))

    def forget(self) -> None:
        """Another file: what was sought in the last one is over."""
        self._jumped_s, self._dragging = 0.0, False

    def sizeHint(self) -> QSize:
        return QSize(240, TOUCH_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, TOUCH_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.maximum() > 0:
            self._dragging = True
            self._drag_to(event.position().x())
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self._drag_to(event.position().x())
            self._dragging = False
            self._jump(self.value())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the page scrolls

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        middle, knob_x = self.height() / 2, self._x_of(self.value())
        groove = QRectF(KNOB_PX, middle - GROOVE_PX / 2, self.width() - 2 * KNOB_PX, GROOVE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("edge"))
        painter.drawRoundedRect(groove, GROOVE_PX / 2, GROOVE_PX / 2)
        painter.setBrush(shown.colour("accent"))
        painter.drawRoundedRect(
            QRectF(groove.x(), groove.y(), knob_x - KNOB_PX, GROOVE_PX), GROOVE_PX / 2, GROOVE_PX / 2
        )
        if self.maximum() > 0:
            painter.setPen(QPen(shown.colour("text"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(knob_x, middle), KNOB_PX - 1, KNOB_PX - 1)

    def _x_of(self, value: int) -> float:
        share = value / self.maximum() if self.maximum() > 0 else 0.0
        return KNOB_PX + share * (self.width() - 2 * KNOB_PX)

    def _drag_to(self, x: float) -> None:
        share = (x - KNOB_PX) / max(1.0, self.width() - 2 * KNOB_PX)
        self.setValue(round(min(1.0, max(0.0, share)) * self.maximum()))
        self.moved.emit(self.value() / 1000)

    def _step(self, action: int) -> None:
        """With keys; the value is not changed yet."""
        if action not in (
            QAbstractSlider.SliderAction.SliderNoAction.value,
            QAbstractSlider.SliderAction.SliderMove.value,
        ):
            self._jump(self.sliderPosition())

    def _jump(self, value: int) -> None:
        self._jumped_s = time.monotonic()
        self.sought.emit(value / 1000)
