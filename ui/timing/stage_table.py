"""What each stage of a block takes: median, 99th percentile and maximum, as bars against the deadline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from neume.synth.block_timer import STAGES, StageTimes

from ..controls.paint import SMALL_PX, VALUE_PX, draw_text, font_of, painter_of
from ..theme import theme
from .deadline import Deadline
from .wordings import stage_meaning, stage_name

ROWS: Final = ("block", *(stage for stage in STAGES if stage != "block"))
HEAD_PX, ROW_PX, LEAST_ROW_PX, MOST_ROW_PX = 18.0, 22, 15.0, 34.0
NAME_PX, NUMBER_PX = 108.0, 42.0
PALE: Final = 120  # opacity of what is above the median, of 255


class StageTable(QWidget):
    """Painted anew only if a number has changed. Belongs to the panel's thread."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self.times: Mapping[str, StageTimes] = {}
        self.deadline = deadline
        self._numbers: tuple[tuple[str, ...], ...] = ()
        self.setAccessibleName(self.tr("Times of the stages"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_times(self, times: Mapping[str, StageTimes], deadline: Deadline) -> None:
        numbers = tuple(self.numbers(times[stage]) for stage in ROWS if stage in times)
        if numbers != self._numbers or deadline != self.deadline:
            self.times, self.deadline, self._numbers = times, deadline, numbers
            self.update()

    def numbers(self, times: StageTimes) -> tuple[str, ...]:
        """Median, 99th percentile and maximum in milliseconds, as they are written."""
        return tuple(f"{ms:.1f}" for ms in (times.p50_ms, times.p99_ms, times.max_ms))

    def sizeHint(self) -> QSize:
        return QSize(330, int(HEAD_PX) + ROW_PX * len(ROWS))

    def minimumSizeHint(self) -> QSize:
        return QSize(300, int(HEAD_PX + LEAST_ROW_PX * len(ROWS)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos().y()), self)
            return True
        return super().event(event)

    def tip_at(self, y: float) -> str:
        """What the stage at a height does."""
        row = int((y - HEAD_PX) // self._row_px)
        return stage_meaning(ROWS[row]) if 0 <= row < len(ROWS) else ""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_of(self)
        bar = QRectF(NAME_PX, 0, max(10.0, self.width() - NAME_PX - 3 * NUMBER_PX), self._row_px)
        painter.setFont(font_of(self, SMALL_PX))
        for column, head in enumerate((self.tr("median"), self.tr("99 %"), self.tr("max"))):
            self._write(painter, bar, 0.0, HEAD_PX, column, head, "dim")
        for row, stage in enumerate(ROWS):
            self._paint_row(painter, bar.translated(0, HEAD_PX + row * self._row_px), stage)
        self._paint_deadline(painter, bar)

    def _paint_row(self, painter: QPainter, bar: QRectF, stage: str) -> None:
        whole, times = stage == "block", self.times.get(stage)
        painter.setFont(font_of(self, VALUE_PX, bold=whole))
        name = QRectF(0, bar.top(), NAME_PX - 6, bar.height())
        left = Qt.AlignmentFlag.AlignLeft
        draw_text(painter, name, stage_name(stage), "text" if whole else "dim", left)
        painter.setBrush(theme().colour("ground"))
        painter.drawRoundedRect(bar.adjusted(0, 6, 0, -6), 2, 2)
        if times is None:
            return
        look = self.deadline.look(times.p99_ms) if whole else "ok"
        colour = "accent" if look == "ok" else look
        for ms, alpha in ((times.p99_ms, PALE), (times.p50_ms, 255)):
            length = min(1.0, ms / self.deadline.top_ms) * bar.width()
            painter.setBrush(theme().colour(colour, alpha))
            painter.drawRect(QRectF(bar.left(), bar.top() + 6, length, bar.height() - 12))
        for column, text in enumerate(self.numbers(times)):
            self._write(painter, bar, bar.top(), bar.height(), column, text, "text" if whole else "dim")

    def _paint_deadline(self, painter: QPainter, bar: QRectF) -> None:
        x = bar.left() + self.deadline.deadline_ms / self.deadline.top_ms * bar.width()
        painter.setPen(QPen(theme().colour("alarm"), 1))
        painter.drawLine(int(x), int(HEAD_PX) + 3, int(x), int(HEAD_PX + self._row_px * len(ROWS)) - 3)

    def _write(
        self, painter: QPainter, bar: QRectF, top: float, height: float, column: int, text: str, colour: str
    ) -> None:
        place = QRectF(bar.right() + column * NUMBER_PX, top, NUMBER_PX, height)
        draw_text(painter, place, text, colour, Qt.AlignmentFlag.AlignRight)

    @property
    def _row_px(self) -> float:
        return min(MOST_ROW_PX, max(LEAST_ROW_PX, (self.height() - HEAD_PX) / len(ROWS)))
