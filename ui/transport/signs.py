"""Buttons of the transport: play, pause, stop, and the big round one that records."""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ..theme import theme

PLAY, PAUSE, STOP = "play", "pause", "stop"
SIDE_PX: Final = 52
RECORD_PX: Final = 96
DOT_ON: Final = 0.30  # of the record button's side: half of what is drawn inside
RADIUS_PX: Final = 10


@cache
def sign(kind: str) -> QPainterPath:
    """In a box of 20 by 20."""
    path = QPainterPath()
    if kind == PLAY:
        path.moveTo(5.5, 3)
        path.lineTo(17, 10)
        path.lineTo(5.5, 17)
        path.closeSubpath()
    elif kind == PAUSE:
        path.addRoundedRect(QRectF(4, 3, 4.2, 14), 1, 1)
        path.addRoundedRect(QRectF(11.8, 3, 4.2, 14), 1, 1)
    else:
        path.addRoundedRect(QRectF(4, 4, 12, 12), 1.5, 1.5)
    return path


class SignButton(QAbstractButton):
    """A sign instead of text; `show_as` changes it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__()
        self.kind = ""
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_as(kind, name)

    def show_as(self, kind: str, name: str) -> None:
        if kind != self.kind:
            self.kind = kind
            self.setAccessibleName(name)
            self.setToolTip(name)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE_PX, SIDE_PX)

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        lit = self.kind == PLAY
        edge = "accent" if self.hasFocus() or (self.underMouse() and self.isEnabled()) else "edge"
        painter.setPen(QPen(shown.colour(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(shown.colour("edge" if self.isDown() else "raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_PX, RADIUS_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("accent" if lit else "text"))
        painter.translate(QRectF(self.rect()).center() - QPointF(10, 10))
        painter.drawPath(sign(self.kind))


class RecordButton(QAbstractButton):
    """A red dot; a square in a lit ring while it records."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recording = False
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._name()

    def show_recording(self, recording: bool) -> None:
        if recording != self.recording:
            self.recording = recording
            self._name()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(RECORD_PX, RECORD_PX)

    def hitButton(self, position: object) -> bool:
        return self.rect().contains(position)  # type: ignore[call-overload,no-any-return]

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        side = float(min(self.width(), self.height()))
        ring = QRectF(4, 4, side - 8, side - 8)
        hot = self.underMouse() and self.isEnabled()
        edge = "alarm" if self.recording else "accent" if self.hasFocus() or hot else "edge"
        painter.setPen(QPen(shown.colour(edge), 4 if self.recording else 3))
        painter.setBrush(shown.colour("edge" if self.isDown() else "raised"))
        painter.drawEllipse(ring)
        if self.hasFocus():
            painter.setPen(QPen(shown.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(1, 1, side - 2, side - 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("alarm"))
        half = DOT_ON * side
        if self.recording:
            half *= 0.72
            painter.drawRoundedRect(
                QRectF(ring.center().x() - half, ring.center().y() - half, 2 * half, 2 * half), 5, 5
            )
        else:
            painter.drawEllipse(ring.center(), half, half)

    def _name(self) -> None:
        name = self.tr("End the recording (Ctrl+R)") if self.recording else self.tr("Record (Ctrl+R)")
        self.setAccessibleName(name)
        self.setToolTip(name)
