"""How much the safety limiter takes away: a bar that grows from the right, and the number beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..controls.paint import SMALL_PX, draw_text, font_of, painter_of
from ..controls.wordings import Plain
from ..theme import theme

DEEPEST_DB: Final = 12.0
BACK_DB_S: Final = 18.0  # so that a short one is seen
LEAST_DB: Final = 0.05
HEIGHT_PX: Final = 18
TEXT_PX: Final = 58.0
DB: Final = Plain("dB")


class ReductionBar(QWidget):
    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.reduction_db = 0.0
        self._clock, self._seen_s = clock, clock()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def follow(self, gain: float) -> None:
        """The limiter's gain at this moment, linear."""
        now_s, before_db = self._clock(), self.reduction_db
        wanted_db = -20.0 * math.log10(min(1.0, max(1e-3, gain)))
        self.reduction_db = max(wanted_db, before_db - BACK_DB_S * (now_s - self._seen_s), 0.0)
        if self.reduction_db < LEAST_DB:
            self.reduction_db = 0.0
        self._seen_s = now_s
        if round(self.reduction_db, 1) != round(before_db, 1):
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        bar = QRectF(0, 4, self.width() - TEXT_PX, self.height() - 8)
        painter.setBrush(shown.colour("ground"))
        painter.drawRoundedRect(bar, 2, 2)
        length = min(1.0, self.reduction_db / DEEPEST_DB) * bar.width()
        painter.setBrush(shown.colour("warning"))
        painter.drawRect(QRectF(bar.right() - length, bar.top(), length, bar.height()))
        painter.setFont(font_of(self, SMALL_PX))
        text = DB.text(-self.reduction_db) if self.reduction_db else self.tr("idle")
        place = QRectF(bar.right() + 6, 0, TEXT_PX - 6, self.height())
        colour = "warning" if self.reduction_db else "dim"
        draw_text(painter, place, text, colour, Qt.AlignmentFlag.AlignRight)
