"""A level meter in dBFS: RMS as a filled bar, peak as a paler one above it, the highest peak as a line, and a
lamp that stays after a clip."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from .ballistics import FLOOR_DB, MeterLevel
from .paint import SMALL_PX, draw_ring, draw_text, font_of
from .wordings import MINUS

BAR_PX: Final = 9
LAMP_PX: Final = 12
LABEL_PX: Final = 19
GAP_PX: Final = 3
TOP_DB: Final = 0.0
# Colours from here upwards, lowest first.
ZONES: Final = ((FLOOR_DB, "ok"), (-12.0, "warning"), (-3.0, "alarm"))
MARKS_DB: Final = (0, -6, -12, -18, -24, -36, -48, -60)
# Most of the way is for what is loud: 0 to -24 dB takes half of it.
BENDS_DB: Final = ((FLOOR_DB, 0.0), (-48.0, 0.2), (-24.0, 0.5), (TOP_DB, 1.0))
PALE: Final = 110  # opacity of the peak above the RMS, of 255


class Meter(QWidget):
    """Upright beside a fader, or lying in a bar. A click, Space or Enter clears clip and highest peak.

    It is painted again only when something has moved by a pixel.
    """

    cleared = Signal()

    def __init__(
        self,
        name: str,
        orientation: Qt.Orientation = Qt.Orientation.Vertical,
        *,
        labelled: bool = True,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.level = MeterLevel()
        self._clock, self._labelled = clock, labelled
        self._upright = orientation == Qt.Orientation.Vertical
        self._shown: tuple[int, int, int, bool] = (0, 0, 0, False)
        self.setAccessibleName(name)
        self.setToolTip(self.tr("{0} in dBFS; a click clears the clip lamp").format(name))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setProperty("keeps_space", True)  # the computer keyboard's pedal leaves it to the meter
        fixed, wide = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(*((fixed, wide) if self._upright else (wide, fixed)))

    def follow(self, peak: float, rms: float, clipped: bool = False) -> None:
        """The levels of this moment, linear."""
        self.level.feed(peak, rms, self._clock(), clipped)
        if self.isVisible():
            self._refresh()

    def clear(self) -> None:
        self.level.clear()
        self._refresh()
        self.cleared.emit()

    def share(self, level_db: float) -> float:
        """How far up the bar a level reaches, 0 to 1."""
        for (low, begin), (high, end) in pairwise(BENDS_DB):
            if level_db <= high:
                return begin + max(0.0, level_db - low) / (high - low) * (end - begin)
        return 1.0

    def sizeHint(self) -> QSize:
        across = BAR_PX + (LABEL_PX if self._labelled else 0) + 2
        return QSize(across, 200) if self._upright else QSize(180, across)

    def minimumSizeHint(self) -> QSize:
        across = BAR_PX + (LABEL_PX if self._labelled else 0) + 2
        return QSize(across, 60) if self._upright else QSize(100, across)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete):
            self.clear()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, shown, level = QPainter(self), theme(), self.level
        painter.fillRect(event.rect(), shown.colour("surface"))
        painter.fillRect(self._along(0.0, 1.0), shown.colour("ground"))
        self._draw_zones(painter, level.peak_db, PALE)
        self._draw_zones(painter, level.rms_db, 255)
        if level.held_db > FLOOR_DB + 1.0:
            at = self.share(level.held_db)
            painter.fillRect(self._along(at - 2.0 / self._length, at), shown.colour(_zone(level.held_db)))
        painter.fillRect(self._lamp(), shown.colour("alarm" if level.clipped else "edge"))
        if self._labelled and not self._moving().contains(event.rect()):
            self._draw_labels(painter)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_ring(painter, QRectF(self.rect()), 3)

    def _refresh(self) -> None:
        """Paint again if it would look different."""
        level = self.level
        pixels = [round(self.share(db) * self._length) for db in (level.peak_db, level.rms_db, level.held_db)]
        shown = (pixels[0], pixels[1], pixels[2], level.clipped)
        if shown != self._shown:
            if level.clipped != self._shown[3]:
                self.setAccessibleDescription(self.tr("clipped") if level.clipped else "")
            self._shown = shown
            self.update(self._moving())

    @property
    def _length(self) -> float:
        """Of the bar, in pixels."""
        whole = self.height() if self._upright else self.width()
        return max(1.0, float(whole - LAMP_PX - GAP_PX))

    def _along(self, begin: float, end: float) -> QRect:
        """The piece of the bar between two shares of it, in whole pixels."""
        first, last = round(begin * self._length), round(end * self._length)
        if self._upright:
            return QRect(1, self.height() - last, BAR_PX, last - first)
        return QRect(first, 1, last - first, BAR_PX)

    def _lamp(self) -> QRect:
        if self._upright:
            return QRect(1, 1, BAR_PX, LAMP_PX - 2)
        return QRect(self.width() - LAMP_PX + 1, 1, LAMP_PX - 2, BAR_PX)

    def _moving(self) -> QRect:
        """All but the labels."""
        return self._along(0.0, 1.0).united(self._lamp())

    def _draw_zones(self, painter: QPainter, level_db: float, alpha: int) -> None:
        ends = (*(low for low, _ in ZONES[1:]), TOP_DB)
        for (low, colour), high in zip(ZONES, ends, strict=True):
            if level_db > low:
                piece = self._along(self.share(low), self.share(min(high, level_db)))
                painter.fillRect(piece, theme().colour(colour, alpha))

    def _draw_labels(self, painter: QPainter) -> None:
        painter.setFont(font_of(self, SMALL_PX - 2))
        last = -100.0
        for mark in MARKS_DB:
            box = self._along(0.0, self.share(mark))
            place = float(box.top() if self._upright else box.right())
            if abs(place - last) < (SMALL_PX if self._upright else 2.2 * SMALL_PX):
                continue
            last = place
            text = f"{MINUS}{-mark}" if mark else "0"
            if self._upright:
                inside = min(max(place - 6, 0.0), self.height() - 12.0)
                draw_text(
                    painter, QRectF(BAR_PX + 2, inside, LABEL_PX, 12), text, "dim", Qt.AlignmentFlag.AlignLeft
                )
            else:
                draw_text(painter, QRectF(place - 14, BAR_PX + 3, 28, 12), text, "dim")


def _zone(level_db: float) -> str:
    return next(colour for low, colour in reversed(ZONES) if level_db >= low)
