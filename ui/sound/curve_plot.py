"""A plot of one curve over a grid: base of the oscilloscope and the spectrum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QPen

from ..keys.part_colours import blend
from ..theme import theme
from .curve_picture import MOST_ROWS, curve, curve_picture, curve_table
from .plot import Plot

LINE_PX: Final = 1.6
FILL: Final = 0.22  # of the accent's colour below the curve


class CurvePlot(Plot):
    """Belongs to the panel's thread."""

    filled = False

    def draw_curve(
        self, painter: QPainter, area: QRectF, shares: NDArray[np.floating], begin: float, length: float
    ) -> None:
        """Over the whole area: `shares` of its height, 0 at the bottom, from index `begin` on."""
        ratio = self.devicePixelRatioF()
        rows, columns = min(MOST_ROWS, round(area.height() * ratio)), round(area.width() * ratio)
        low, high = curve(shares, begin, length, max(1, columns)) * rows
        picture = curve_picture(rows - high, rows - low, rows, LINE_PX * ratio, self._table())
        image = QImage(picture.data, picture.shape[1], rows, picture.strides[0], QImage.Format.Format_RGB32)
        painter.drawImage(area, image)

    def draw_empty(self, painter: QPainter, area: QRectF) -> None:
        painter.fillRect(area, theme().colour("ground"))

    def draw_grid(
        self, painter: QPainter, area: QRectF, across: Iterable[float], up: Iterable[float]
    ) -> None:
        """Lines at shares of the width and of the height."""
        painter.setPen(QPen(theme().colour("text", 22), 1))
        for share in across:
            x = area.left() + share * area.width()
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        for share in up:
            y = area.bottom() - share * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _table(self) -> NDArray[np.uint32]:
        shown = theme()
        ground, line = shown.colour("ground"), shown.colour("accent")
        fill = blend(ground, line, FILL) if self.filled else ground
        return curve_table(ground.rgb() & 0xFFFFFF, line.rgb() & 0xFFFFFF, fill.rgb() & 0xFFFFFF)
