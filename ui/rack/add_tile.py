"""The place behind the last strip, where a part is added."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from ..controls.paint import draw_text, font_of
from ..theme import BIG_PX, theme
from .tile import Tile

WIDTH_PX: Final = 56
ROUND_PX: Final = 9.0


class AddTile(Tile):
    """As high as a strip."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setText("+")
        self.setToolTip(name)
        self.setFixedWidth(WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def draw_ground(self, painter: QPainter) -> None:
        lit = self.underMouse() and self.isEnabled()
        painter.setPen(QPen(theme().colour("accent" if lit else "edge"), 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(theme().colour("surface", 90))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), ROUND_PX, ROUND_PX)

    def draw_content(self, painter: QPainter, inside: QRectF) -> None:
        painter.setFont(font_of(self, BIG_PX))
        draw_text(painter, inside, self.text(), "text")
