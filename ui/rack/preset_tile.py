"""The name of the preset that is played, as a button: a dot when the rack has changed, an arrow down."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from ..controls.paint import SMALL_PX, draw_text, font_of
from ..theme import BASE_PX, theme
from .tile import Tile

DOT_PX, ARROW_PX = 8.0, 16.0


class PresetTile(Tile):
    changed = False

    def show_preset(self, name: str, changed: bool, line: str) -> None:
        """`line` says the same as the dot, in words."""
        if changed != self.changed:
            self.changed = changed
            self.update()
        self.set_texts(name, line, lit=True)

    def draw_content(self, painter: QPainter, inside: QRectF) -> None:
        painter.setFont(font_of(self, BASE_PX, bold=True))
        left = Qt.AlignmentFlag.AlignLeft
        room = inside.adjusted(2 + 2 * DOT_PX if self.changed else 2, 0, -ARROW_PX - 6, 0)
        if self.changed:
            painter.setBrush(theme().colour("warning"))
            painter.drawEllipse(QRectF(inside.left() + 2, inside.center().y() - DOT_PX / 2, DOT_PX, DOT_PX))
        draw_text(painter, room, self.text(), "text", left)
        used = painter.fontMetrics().horizontalAdvance(self.text()) + 10
        painter.setFont(font_of(self, SMALL_PX))
        if used < room.width():
            draw_text(painter, room.adjusted(used, 1, 0, 1), self.line, "dim", left)
        arrow = QRectF(inside.right() - ARROW_PX, 0, ARROW_PX, self.height())
        draw_text(painter, arrow, "▾", "dim")
