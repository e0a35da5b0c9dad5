"""The scrolling mel spectrogram: what the model makes, before any audio exists, the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPen

from neume.synth.control.snapshots import MelChunk

from ..controls.wordings import MINUS, Hertz, Plain
from ..keys.part_colours import is_dark
from ..theme import Theme, theme
from .colour_map import colours_of
from .mel_axis import MEL, band_at, frequency_at, nearest_note, share_of, tick_text, ticks
from .mel_picture import MelPainter, level_colours
from .mel_ring import FRAMES, LOST, QUIETEST, MelRing, db_of
from .plot import BOTTOM_PX, Plot
from .scroll_picture import ScrollPicture

# What the colours span: from, to. The loudest band of a chord that is played hard comes to about -20 dB.
RANGES_DB: Final = {40: (-52.0, -12.0), 60: (-72.0, -12.0), 80: (-80.0, 0.0)}
USUAL_RANGE_DB: Final = 60
LEGEND_PX: Final = 58
BAR_PX: Final = 10.0
DB: Final = Plain("dB")
SECONDS: Final = Plain("s", 2)


class Spectrogram(Plot):
    """A frame is one of Qt's pixels wide. Frames are kept apart from the picture, which may be made anew."""

    right_px = LEGEND_PX
    freeze_wanted = Signal()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.frozen, self.range_db = False, USUAL_RANGE_DB
        self._ring = MelRing(MEL.mels)
        self._still: MelRing | None = None  # what is shown while frozen
        self._picture: ScrollPicture | None = None
        self._painter: MelPainter | None = None
        self._looks: tuple[Theme, int, float] | None = None
        self._legend = QImage()

    @property
    def ring(self) -> MelRing:
        """What is shown."""
        return self._still or self._ring

    def take(self, chunks: Sequence[MelChunk]) -> None:
        """Show new frames; while frozen, keep them for later."""
        for chunk in chunks:
            if chunk.mels != self._ring.mels:
                self._ring, self._painter = MelRing(chunk.mels), None
            changed = self._ring.put(chunk.first_frame, chunk.frames())
            if self._still is None and self._picture is not None and self._painter is not None:
                self._write(*(changed or self._all_shown()))
        if self._still is None:
            self.refresh()

    def look_away(self) -> None:
        """Nothing is taken until the next `take`."""
        self._ring.look_away()

    def freeze(self, frozen: bool) -> None:
        """Hold the picture; afterwards it goes on as if it had never been held."""
        self.frozen, self._still = frozen, self._ring.copy() if frozen else None
        self._painter = None
        self.refresh()

    def set_range_db(self, range_db: int) -> None:
        """One of `RANGES_DB`."""
        self.range_db = range_db
        self.update()

    def readout(self, across: float, up: float) -> str:
        picture = self._picture
        if picture is None:
            return ""
        ago = picture.ago(across)
        frame = self.ring.next_frame - 1 - ago
        level = int(self.ring.levels(frame, frame + 1)[round(band_at(up, self.ring.mels)), 0])
        time = SECONDS.text(-ago / MEL.frames_per_second)
        frequency = frequency_at(up)
        words = f"{Hertz().text(frequency)}  {nearest_note(frequency)}"
        if level < QUIETEST:
            return f"{words}   {self.tr('lost') if level == LOST else self.tr('nothing')}   {time}"
        return f"{words}   {DB.text(db_of(level))}   {time}"

    def paint_plot(self, painter: QPainter, area: QRectF) -> None:
        self._prepare(area)
        assert self._picture is not None
        self._picture.draw(painter, area.left(), area.top(), self.ring.next_frame)
        painter.setPen(QPen(theme().colour("text", 22), 1))
        for mark in self._marks(area):
            y = area.bottom() - share_of(mark) * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def paint_axes(self, painter: QPainter, area: QRectF) -> None:
        self._prepare(area)
        painter.setPen(theme().colour("dim"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for mark in self._marks(area):
            y = area.bottom() - share_of(mark) * area.height()
            y = min(max(y, area.top() + 6), area.bottom() - 5)
            painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), right, tick_text(mark))
        per_second = MEL.frames_per_second
        for second in range(int(area.width() / per_second) + 1):
            x = area.right() - second * per_second
            text = f"{MINUS}{second} s" if second else self.tr("now")
            place = QRectF(x - 30, area.bottom() + 2, 60, BOTTOM_PX - 4)
            if x - 20 > area.left():
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        self._paint_legend(painter, QRectF(area.right() + 12, area.top(), BAR_PX, area.height()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.freeze_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _marks(self, area: QRectF) -> list[float]:
        return ticks(area.height(), 20.0)

    def _prepare(self, area: QRectF) -> None:
        """Make picture and painter anew if size, theme or range are others."""
        ratio = self.devicePixelRatioF()
        rows, wide = max(1, round(area.height() * ratio)), max(1, round(ratio))
        columns = min(FRAMES, -(-round(area.width() * ratio) // wide))
        picture = self._picture
        if picture is None or (picture.columns, picture.rows, picture.ratio) != (columns, rows, ratio):
            self._picture, self._painter = ScrollPicture(columns, rows, wide, ratio), None
        looks = (theme(), self.range_db, ratio)
        if self._painter is None or looks != self._looks:
            self._looks = looks
            self._painter = MelPainter(rows, self.ring.mels, self._table())
            self._write(*self._all_shown())

    def _table(self) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
        shown, (low_db, high_db) = theme(), RANGES_DB[self.range_db]
        blank, lost = shown.colour("ground").rgb(), shown.colour("edge").rgb()
        return level_colours(is_dark(shown), low_db, high_db, blank, lost)

    def _all_shown(self) -> tuple[int, int]:
        assert self._picture is not None
        return self.ring.next_frame - self._picture.columns, self.ring.next_frame

    def _write(self, begin: int, end: int) -> None:
        """Write frames into the picture."""
        assert self._picture is not None
        assert self._painter is not None
        begin = max(begin, end - self._picture.columns)
        self._picture.put(begin, self._painter.colours(begin, self.ring.levels(begin, end)))

    def _paint_legend(self, painter: QPainter, bar: QRectF) -> None:
        """Which colour is how loud."""
        ramp = np.ascontiguousarray(colours_of(is_dark(theme()))[::-1])
        image = QImage(ramp.data, 1, len(ramp), 4, QImage.Format.Format_RGB32)
        painter.drawImage(bar, image)
        low_db, high_db = RANGES_DB[self.range_db]
        marks = [db for db in range(-80, 1, 10 if bar.height() > 140 else 20) if low_db <= db <= high_db]
        for mark in marks:
            y = bar.bottom() - (mark - low_db) / (high_db - low_db) * bar.height()
            text = f"{MINUS}{-mark}" if mark else "0 dB"
            place = QRectF(bar.right() + 4, min(max(y - 8, bar.top() - 2), bar.bottom() - 14), 40, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
