"""The master's level in the top bar: peak in dBFS with a hold, and a mark that stays after a clip."""

from __future__ import annotations

import math
import time
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from neume.synth.engine_snapshot import EngineSnapshot

from .engine_model import EngineModel
from .theme import theme

FLOOR_DB: Final = -60.0
FALL_DB_S: Final = 24.0
CLIP: Final = 0.999  # the limiter keeps peaks below 1
WARNING_DB: Final = -6.0
TRACK_ALPHA: Final = 150


class LevelBar(QWidget):
    """A click clears the clip mark."""

    def __init__(self, engine: EngineModel) -> None:
        super().__init__()
        self.level_db, self.clipped = FLOOR_DB, False
        self._seen_s = time.monotonic()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("Level of the master in dBFS; click to clear the clip mark"))
        self.setAccessibleName(self.tr("Level of the master"))
        engine.snapshot_came.connect(self._follow)

    def sizeHint(self) -> QSize:
        return QSize(150, 22)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.clipped = False
        self.update()

    def _follow(self, snapshot: EngineSnapshot) -> None:
        now_s, before = time.monotonic(), (self.level_db, self.clipped)
        fallen_db = self.level_db - FALL_DB_S * (now_s - self._seen_s)
        self._seen_s = now_s
        peak = snapshot.meters.master_peak
        peak_db = 20.0 * math.log10(peak) if peak > 0.0 else FLOOR_DB
        self.level_db = max(FLOOR_DB, peak_db, fallen_db)
        self.clipped = self.clipped or peak >= CLIP or snapshot.meters.limiter_gain < 1.0
        if (self.level_db, self.clipped) != before:
            self.update()

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(self.rect()).adjusted(0, 5, -18, -5)
        painter.setBrush(shown.colour("edge", TRACK_ALPHA))
        painter.drawRoundedRect(bar, 4, 4)
        share = (self.level_db - FLOOR_DB) / -FLOOR_DB
        name = "alarm" if self.level_db > -1.0 else "warning" if self.level_db > WARNING_DB else "ok"
        if share > 0.0:
            painter.setBrush(shown.colour(name))
            painter.drawRoundedRect(
                QRectF(bar.x(), bar.y(), bar.width() * min(1.0, share), bar.height()), 4, 4
            )
        painter.setBrush(shown.colour("alarm") if self.clipped else shown.colour("edge", TRACK_ALPHA))
        painter.drawEllipse(QRectF(self.width() - 13, self.height() / 2 - 5, 10, 10))
