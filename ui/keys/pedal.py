"""The sustain pedal as a button: a click leaves it down; a bar shows pedals pressed elsewhere, too."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from ..theme import BASE_PX, TOUCH_PX, theme

LAMP_PX = 5.0


class PedalButton(QAbstractButton):
    """Checked while the pedal is down here. `level`, 0 to 127: of the furthest pedal of all."""

    def __init__(self) -> None:
        super().__init__()
        self.level = 0
        self.setCheckable(True)
        self.setText(self.tr("Pedal"))
        self.setAccessibleName(self.tr("Sustain pedal"))
        self.setToolTip(self.tr("Sustain pedal: click to hold it down; the space bar holds it while pressed"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(96, TOUCH_PX)

    def show_level(self, level: int) -> None:
        if level != self.level:
            self.level = level
            self.update()

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        down = self.isChecked()
        marked = self.hasFocus() or self.underMouse() or down
        painter.setPen(shown.colour("accent" if marked else "edge"))
        painter.setBrush(shown.colour("accent" if down else "raised"))
        body = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(body, 6.0, 6.0)
        if self.hasFocus():
            painter.setPen(shown.colour("on_accent" if down else "accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body.adjusted(2.0, 2.0, -2.0, -2.0), 4.0, 4.0)
        self._paint_text(painter, body, down)
        self._paint_lamp(painter, body, down)

    def _paint_text(self, painter: QPainter, body: QRectF, down: bool) -> None:
        font = self.font()
        font.setPixelSize(BASE_PX)
        painter.setFont(font)
        painter.setPen(theme().colour("on_accent" if down else "text"))
        room = body.adjusted(0.0, 0.0, 0.0, -LAMP_PX - 3.0)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.text())

    def _paint_lamp(self, painter: QPainter, body: QRectF, down: bool) -> None:
        """How far the furthest pedal is down."""
        shown = theme()
        lamp = QRectF(body.x() + 10.0, body.bottom() - LAMP_PX - 5.0, body.width() - 20.0, LAMP_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("on_accent", 60) if down else shown.colour("ground"))
        painter.drawRoundedRect(lamp, 2.0, 2.0)
        if self.level:
            painter.setBrush(shown.colour("on_accent" if down else "accent"))
            lamp.setWidth(lamp.width() * self.level / 127)
            painter.drawRoundedRect(lamp, 2.0, 2.0)
