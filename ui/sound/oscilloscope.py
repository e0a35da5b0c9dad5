"""The waveform of the output, standing still: the oscilloscope of the sound view."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from ..controls.wordings import MINUS, Plain
from ..theme import theme
from .curve_plot import CurvePlot
from .plot import BOTTOM_PX
from .scope_scale import ScopeScale
from .trigger import trigger
from .wave_ring import WaveRing

SPANS_MS: Final = (10, 20, 50)
USUAL_SPAN_MS: Final = 20
SEARCHED_MS: Final = 40  # a period of a piano's lowest key is 36 ms
MS: Final = Plain("ms", 2)
LEVEL: Final = Plain(decimals=3, signed=True)


class Oscilloscope(CurvePlot):
    """`show_wave` with every piece of sound; the rate may change."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self.span_ms = USUAL_SPAN_MS
        self.shown: NDArray[np.float32] | None = None  # the span from the trigger on, one more at each end
        self._fraction = 0.0  # the trigger, in samples after the first
        self._rate_hz = 48_000
        self._clock, self._scale = clock, ScopeScale()

    def set_span_ms(self, span_ms: int) -> None:
        self.span_ms, self.shown = span_ms, None
        self.update()

    def show_wave(self, ring: WaveRing, rate_hz: int) -> None:
        """Show the newest span that begins where the last one did."""
        self._rate_hz = rate_hz
        span = self._span
        samples = ring.latest(min(ring.known, span + SEARCHED_MS * rate_hz // 1000 + 2))
        if samples is None or len(samples) < span + 3:
            return
        before = self.shown[1 : 1 + span] if self.shown is not None and len(self.shown) == span + 2 else None
        begin = trigger(samples[:-1], span, before)
        whole = len(samples) - span - 2 if begin is None else int(begin)
        self._fraction = 0.0 if begin is None else begin - whole
        self.shown = samples[whole : whole + span + 2].copy()
        limit = self._scale.limit
        if self._scale.follow(float(np.abs(self.shown).max()), self._clock()) != limit:
            self.update()
        else:
            self.refresh()

    def readout(self, across: float, up: float) -> str:
        level = (2.0 * up - 1.0) * self._scale.limit
        return f"{MS.text(across * self.span_ms)}   {LEVEL.text(level)}"

    def paint_plot(self, painter: QPainter, area: QRectF) -> None:
        if self.shown is None:
            self.draw_empty(painter, area)
        else:
            shares = 0.5 + self.shown / (2.0 * self._scale.limit)
            self.draw_curve(painter, area, shares, self._fraction, self._span)
        self.draw_grid(painter, area, (0.25, 0.5, 0.75), (0.25, 0.5, 0.75))

    def paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(theme().colour("dim"))
        limit = self._scale.limit
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place, text in ((0.0, _level_text(limit)), (0.5, "0"), (1.0, f"{MINUS}{_level_text(limit)}")):
            y = min(max(area.top() + place * area.height(), area.top() + 6), area.bottom() - 5)
            painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), right, text)
        for quarter in range(5):
            x = area.left() + quarter / 4 * area.width()
            text = f"{quarter / 4 * self.span_ms:g}" + (" ms" if quarter == 4 else "")
            left = min(x - 24, self.width() - 48.0)
            painter.drawText(
                QRectF(left, area.bottom() + 2, 48, BOTTOM_PX - 4), Qt.AlignmentFlag.AlignCenter, text
            )

    @property
    def _span(self) -> int:
        """In samples."""
        return self.span_ms * self._rate_hz // 1000


def _level_text(limit: float) -> str:
    """A power of two, in decibels where it is small: `1`, `0.5`, `-18 dB`."""
    return f"{limit:g}" if limit >= 0.25 else f"{MINUS}{-20 * math.log10(limit):.0f} dB"
