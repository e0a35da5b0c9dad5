"""The times of the last blocks, a column each, with the budget and the deadline as lines across them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from neume.synth.engine_snapshot import EngineSnapshot

from ..controls.wordings import MINUS, Plain
from ..keys.part_colours import blend
from ..sound.plot import BOTTOM_PX, Plot
from ..sound.scroll_picture import ScrollPicture
from ..theme import Theme, theme
from .block_picture import BlockColours, block_columns
from .block_ring import BLOCKS, BlockRing
from .deadline import Deadline

LINES_PX: Final = 66  # to the right of the plot, for the names of the lines
FLAG_PX: Final = 4.5
MOST_FLAGS: Final = 100
MS: Final = Plain("ms", 2)
SECONDS: Final = Plain("s", 2)


class BlockPlot(Plot):
    """A block is a column of Qt pixels. Belongs to the panel's thread."""

    right_px = LINES_PX

    def __init__(self, name: str, deadline: Deadline) -> None:
        super().__init__(name)
        self.deadline, self.ring = deadline, BlockRing()
        self._picture: ScrollPicture | None = None
        self._looks: tuple[Theme, Deadline] | None = None

    def follow(self, snapshot: EngineSnapshot) -> None:
        """Take the blocks that are new, and their deadline."""
        deadline, shown = Deadline.of(snapshot.latency), self._picture
        changed = self.ring.put(snapshot.blocks, snapshot.recent_ms)
        if deadline != self.deadline:
            self.deadline = deadline
            self.update()
        elif shown is not None and (changed is None or changed[0] < changed[1]):
            self._write(shown, *(changed or (self.ring.next_block - shown.columns, self.ring.next_block)))
            self.refresh()

    def readout(self, across: float, up: float) -> str:
        if self._picture is None:
            return ""
        ago = self._picture.ago(across)
        block = self.ring.next_block - 1 - ago
        took_ms = float(self.ring.times_ms(block, block + 1)[0])
        time = SECONDS.text(-ago * self.deadline.block_ms / 1000)
        if math.isnan(took_ms):
            return ""
        late = f"  {self.tr('late')}" if took_ms > self.deadline.deadline_ms else ""
        return f"{MS.text(took_ms)}{late}   {time}"

    def paint_plot(self, painter: QPainter, area: QRectF) -> None:
        picture = self._prepared(area)
        picture.draw(painter, area.left(), area.top(), self.ring.next_block)
        shown = theme()
        for level_ms, colour, style in self._lines():
            y = self._y(area, level_ms)
            painter.setPen(QPen(shown.colour(colour), 1, style))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        self._mark_late(painter, area, picture.columns)

    def paint_axes(self, painter: QPainter, area: QRectF) -> None:
        shown = theme()
        painter.setPen(shown.colour("dim"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        step = 5 if self.deadline.top_ms <= 25 else 10
        for level in range(0, int(self.deadline.top_ms) + 1, step):
            y = min(max(self._y(area, level), area.top() + 6), area.bottom() - 5)
            painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), right, f"{level} ms" if level else "0")
        apart_px = 1000.0 / self.deadline.block_ms
        for second in range(int(area.width() / apart_px) + 1):
            x = area.right() - second * apart_px
            if x - 24 > area.left():
                text = f"{MINUS}{second} s" if second else self.tr("now")
                place = QRectF(x - 30, area.bottom() + 2, 60, BOTTOM_PX - 4)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        self._name_lines(painter, area)

    def _mark_late(self, painter: QPainter, area: QRectF, columns: int) -> None:
        """A flag at the upper edge over each of the last blocks that was late."""
        times_ms = self.ring.times_ms(self.ring.next_block - columns, self.ring.next_block)
        late = np.flatnonzero(times_ms > self.deadline.deadline_ms)[-MOST_FLAGS:]
        if not len(late):
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("alarm"))
        step = self._picture.wide / self._picture.ratio if self._picture is not None else 1.0
        for column in late.tolist():
            x = area.left() + (column + 0.5) * step
            corners = QPointF(x - FLAG_PX, area.top()), QPointF(x + FLAG_PX, area.top())
            painter.drawPolygon([*corners, QPointF(x, area.top() + 2 * FLAG_PX)])

    def _lines(self) -> tuple[tuple[float, str, Qt.PenStyle], ...]:
        return (
            (self.deadline.budget_ms, "dim", Qt.PenStyle.DotLine),
            (self.deadline.deadline_ms, "alarm", Qt.PenStyle.SolidLine),
        )

    def _name_lines(self, painter: QPainter, area: QRectF) -> None:
        """Beside the plot; the budget's name goes below the deadline's where they are close."""
        names = (self.tr("budget"), self.tr("deadline"))
        for name, (level_ms, colour, _) in zip(names, self._lines(), strict=True):
            y = self._y(area, level_ms)
            near = self.deadline.deadline_ms - self.deadline.budget_ms
            if level_ms < self.deadline.deadline_ms:
                y = max(y, self._y(area, self.deadline.deadline_ms) + 15)
            elif near == 0.0 and colour == "dim":
                continue
            painter.setPen(theme().colour(colour))
            place = QRectF(area.right() + 6, y - 8, LINES_PX - 8, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _prepared(self, area: QRectF) -> ScrollPicture:
        """The picture, made anew if size, theme or deadline are others."""
        ratio, looks = self.devicePixelRatioF(), (theme(), self.deadline)
        rows, wide = max(1, round(area.height() * ratio)), max(1, round(ratio))
        columns = min(BLOCKS, -(-round(area.width() * ratio) // wide))
        picture = self._picture
        fits = picture is not None and (picture.columns, picture.rows, picture.ratio) == (
            columns,
            rows,
            ratio,
        )
        if picture is None or not fits or looks != self._looks:
            picture = self._picture = ScrollPicture(columns, rows, wide, ratio)
            self._looks = looks
            self._write(picture, self.ring.next_block - columns, self.ring.next_block)
        return picture

    def _write(self, picture: ScrollPicture, begin: int, end: int) -> None:
        begin = max(begin, end - picture.columns)
        times_ms = self.ring.times_ms(begin, end)
        picture.put(begin, block_columns(times_ms, self.deadline, picture.rows, _colours(theme())))

    def _y(self, area: QRectF, level_ms: float) -> float:
        return area.bottom() - level_ms / self.deadline.top_ms * area.height()


def _colours(shown: Theme) -> BlockColours:
    ground = shown.colour("ground")
    calm = blend(shown.colour("accent"), ground, 0.25)
    return BlockColours(
        ground.rgb(),
        blend(ground, shown.colour("edge"), 0.35).rgb(),
        calm.rgb(),
        shown.colour("warning").rgb(),
        shown.colour("alarm").rgb(),
    )
