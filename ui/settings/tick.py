"""A box with a tick that can be seen in the dark and hit with a finger, and an arrow for combo boxes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QSizePolicy

from ..theme import TOUCH_PX, theme

BOX_PX: Final = 20
GAP_PX: Final = 10
EDGE_PX: Final = 2  # beside the box, for the ring of the focus


class Tick(QCheckBox):
    """All of it can be hit."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAccessibleName(text)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        text_px = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(2 * EDGE_PX + BOX_PX + GAP_PX + text_px + EDGE_PX, TOUCH_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * EDGE_PX + BOX_PX, TOUCH_PX)

    def hitButton(self, position: object) -> bool:
        return self.rect().contains(position)  # type: ignore[call-overload,no-any-return]

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        box = QRectF(EDGE_PX, (self.height() - BOX_PX) / 2, BOX_PX, BOX_PX).adjusted(1, 1, -1, -1)
        lit = self.isChecked()
        hot = self.hasFocus() or (self.underMouse() and self.isEnabled())
        painter.setBrush(shown.colour("accent" if lit else "raised"))
        painter.setPen(QPen(shown.colour("text" if hot and lit else "accent" if hot else "dim"), 1.5))
        painter.drawRoundedRect(box, 5, 5)
        if lit:
            mark = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in MARK]
            pen = QPen(shown.colour("on_accent"), 2.4)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(mark))
        painter.setPen(shown.colour("text"))
        place = self.rect().adjusted(EDGE_PX + BOX_PX + GAP_PX, 0, 0, 0)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)


MARK: Final = ((0.24, 0.52), (0.43, 0.71), (0.77, 0.31))  # of the box's side


def draw_arrow(painter: QPainter, middle: QPointF, colour: QColor) -> None:
    """The sign of what opens downwards."""
    pen = QPen(colour, 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.drawPolyline(
        QPolygonF([middle + QPointF(-4.5, -2.2), middle + QPointF(0, 2.3), middle + QPointF(4.5, -2.2)])
    )
