"""The spectrum of the output: what sounds now as an area, the peaks of the last seconds as a line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QPolygonF

from ..controls.wordings import MINUS, Hertz, Plain
from ..theme import theme
from .curve_plot import CurvePlot
from .mel_axis import nearest_note, tick_text, ticks
from .plot import BOTTOM_PX
from .polyline import polyline
from .spectrum import FFT_SAMPLES, Falling, LogAxis, frequency_at, share_of, spectrum_db
from .wave_ring import WaveRing

TOP_DB, BOTTOM_DB = 0.0, -96.0
MARKS_DB: Final = (0, -24, -48, -72, -96)
TICKS_HZ: Final = (20, 30, 50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000)
FALL_DB_S: Final = 90.0  # of the area: it shows what sounds, and does not flicker
HOLD_S, HELD_FALL_DB_S = 2.0, 20.0
DB: Final = Plain("dB")


class SpectrumPlot(CurvePlot):
    """A click clears the peaks."""

    filled = True

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self.levels: NDArray[np.float32] | None = None  # dBFS of each column
        self.peaks: NDArray[np.float32] | None = None
        self._clock = clock
        self._axis: LogAxis | None = None
        self._area, self._held = Falling(0.0, FALL_DB_S), Falling(HOLD_S, HELD_FALL_DB_S)

    def clear(self) -> None:
        """Forget the peaks."""
        self._held.clear()
        self.peaks = None
        self.refresh()

    def show_wave(self, ring: WaveRing, rate_hz: int) -> None:
        """Show the spectrum of the newest samples."""
        samples = ring.latest(FFT_SAMPLES)
        if samples is None:
            return
        columns, now_s = max(2, round(self.area().width())), self._clock()
        if self._axis is None or (self._axis.columns, self._axis.rate_hz) != (columns, rate_hz):
            self._axis = LogAxis(columns, rate_hz)
        levels = self._axis.of(spectrum_db(samples))
        self.levels = self._area.follow(levels, now_s)
        self.peaks = self._held.follow(levels, now_s)
        self.refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear()
        super().mousePressEvent(event)

    def readout(self, across: float, up: float) -> str:
        frequency = float(frequency_at(across))
        words = f"{Hertz().text(frequency)}  {nearest_note(frequency)}"
        if self.levels is None:
            return words
        level = float(self.levels[min(len(self.levels) - 1, int(across * len(self.levels)))])
        return f"{words}   {DB.text(level)}"

    def paint_plot(self, painter: QPainter, area: QRectF) -> None:
        if self.levels is None:
            self.draw_empty(painter, area)
        else:
            columns = len(self.levels)
            self.draw_curve(painter, area, _shares(self.levels), -0.5, columns)
        marks = [_share(mark) for mark in MARKS_DB[1:-1]]
        self.draw_grid(painter, area, [share_of(tick) for tick in self._marks(area)], marks)
        if self.peaks is not None:
            painter.setPen(QPen(theme().colour("text", 150), 0))  # the width that Qt draws fast
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawPolyline(self._line(area, self.peaks))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(theme().colour("dim"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        last = -100.0
        for mark in MARKS_DB:
            y = min(max(area.bottom() - _share(mark) * area.height(), area.top() + 6), area.bottom() - 5)
            if y - last >= 16:
                last = y
                text = f"{MINUS}{-mark}" if mark else "0 dB"
                painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), right, text)
        for tick in self._marks(area):
            left = min(area.left() + share_of(tick) * area.width() - 24, self.width() - 48.0)
            place = QRectF(left, area.bottom() + 2, 48, BOTTOM_PX - 4)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, tick_text(tick))

    def _marks(self, area: QRectF) -> list[float]:
        return ticks(area.width(), 40.0, share_of, TICKS_HZ)

    def _line(self, area: QRectF, levels: NDArray[np.float32]) -> QPolygonF:
        x = area.left() + (np.arange(len(levels)) + 0.5) / len(levels) * area.width()
        return polyline(x, area.bottom() - _shares(levels) * area.height())


def _share(level_db: float) -> float:
    """Of the height, 0 at the bottom."""
    return (level_db - BOTTOM_DB) / (TOP_DB - BOTTOM_DB)


def _shares(levels_db: NDArray[np.float32]) -> NDArray[np.float32]:
    return (np.clip(levels_db, BOTTOM_DB, TOP_DB + 3.0) - np.float32(BOTTOM_DB)) / np.float32(
        TOP_DB - BOTTOM_DB
    )
