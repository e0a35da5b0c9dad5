"""The browser's few signs, drawn, so that they are sharp at every scale and have the theme's colours.

Each is a path in a box of 20 by 20, made once.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

BOX: Final = 20.0
LINE_PX: Final = 1.6


@cache
def star() -> QPainterPath:
    path = QPainterPath()
    points = []
    for corner in range(10):
        radius, angle = (7.5, 3.2)[corner % 2], math.pi * (corner / 5 - 0.5)
        points.append(QPointF(10 + radius * math.cos(angle), 10.6 + radius * math.sin(angle)))
    path.addPolygon(QPolygonF(points))
    path.closeSubpath()
    return path


@cache
def speaker(waves: int = 0) -> QPainterPath:
    """A loudspeaker, with as many waves before it."""
    path = QPainterPath(QPointF(3, 8))
    for x, y in ((6, 8), (10, 4.5), (10, 15.5), (6, 12), (3, 12)):
        path.lineTo(x, y)
    path.closeSubpath()
    for wave in range(waves):
        radius = 3.5 + 3 * wave
        box = QRectF(10.5 - radius, 10 - radius, 2 * radius, 2 * radius)
        path.arcMoveTo(box, -50)
        path.arcTo(box, -50, 100)
    return path


@cache
def chevron(is_open: bool) -> QPainterPath:
    points = ((6, 8), (10, 12), (14, 8)) if is_open else ((8, 6), (12, 10), (8, 14))
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(*point)
    return path


@cache
def plus() -> QPainterPath:
    path = QPainterPath(QPointF(10, 4))
    path.lineTo(10, 16)
    path.moveTo(4, 10)
    path.lineTo(16, 10)
    return path


@cache
def info() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(3, 3, 14, 14))
    path.moveTo(10, 9.2)
    path.lineTo(10, 14)
    path.moveTo(10, 6.2)
    path.lineTo(10, 6.6)
    return path


@cache
def back() -> QPainterPath:
    path = QPainterPath(QPointF(12, 5))
    path.lineTo(7, 10)
    path.lineTo(12, 15)
    return path


def draw(
    painter: QPainter, path: QPainterPath, centre: QPointF, colour: QColor, filled: bool = False
) -> None:
    """Paint a sign around `centre`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre.x() - BOX / 2, centre.y() - BOX / 2)
    pen = QPen(colour, LINE_PX)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()
