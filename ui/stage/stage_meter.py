"""The master's level across the whole stage view, with its marks in dBFS."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy

from ..engine_model import EngineModel
from ..level_bar import FLOOR_DB, WARNING_DB, LevelBar
from ..theme import BASE_PX, theme

HEIGHT_PX: Final = 58
BAR_PX: Final = 30.0
CLIP_PX: Final = 96.0
MARKS_DB: Final = (-48, -36, -24, -18, -12, -6, 0)
ALARM_DB: Final = -1.0
RANGES_DB: Final = (
    ("ok", FLOOR_DB, WARNING_DB),
    ("warning", WARNING_DB, ALARM_DB),
    ("alarm", ALARM_DB, 0.0),
)


class StageMeter(LevelBar):
    """Falls and holds its clip mark as the level bar does."""

    def __init__(self, engine: EngineModel) -> None:
        super().__init__(engine)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT_PX)

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0.0, 0.0, self.width() - CLIP_PX - 12.0, BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("raised"))
        painter.drawRoundedRect(bar, 6.0, 6.0)
        self._paint_level(painter, bar)
        self._paint_marks(painter, bar)
        self._paint_clip(painter, QRectF(bar.right() + 12.0, 0.0, CLIP_PX, BAR_PX))

    def _paint_level(self, painter: QPainter, bar: QRectF) -> None:
        """Each range of levels in its own colour, so that the end is seen without reading."""
        painter.save()
        painter.setClipRect(bar.adjusted(0.0, 0.0, self._x(bar, self.level_db) - bar.right(), 0.0))
        for name, low_db, high_db in RANGES_DB:
            painter.save()
            left, right = self._x(bar, low_db), self._x(bar, high_db)
            painter.setClipRect(QRectF(left, 0.0, right - left, BAR_PX), Qt.ClipOperation.IntersectClip)
            painter.setBrush(theme().colour(name))
            painter.drawRoundedRect(bar, 6.0, 6.0)
            painter.restore()
        painter.restore()

    def _paint_marks(self, painter: QPainter, bar: QRectF) -> None:
        font = self.font()
        font.setPixelSize(BASE_PX)
        painter.setFont(font)
        painter.setPen(theme().colour("dim"))
        for mark_db in MARKS_DB:
            x = min(self._x(bar, mark_db), bar.right() - 14.0)
            place = QRectF(x - 24.0, BAR_PX + 2.0, 48.0, HEIGHT_PX - BAR_PX - 2.0)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, str(mark_db))

    def _paint_clip(self, painter: QPainter, place: QRectF) -> None:
        shown = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.colour("alarm" if self.clipped else "raised"))
        painter.drawRoundedRect(place, 6.0, 6.0)
        painter.setPen(shown.colour("ground" if self.clipped else "dim"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.tr("CLIP"))

    def _x(self, bar: QRectF, level_db: float) -> float:
        share = (max(FLOOR_DB, min(0.0, level_db)) - FLOOR_DB) / -FLOOR_DB
        return bar.left() + bar.width() * share
