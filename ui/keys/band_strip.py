"""The strip above the keys: splits and layers as bands, and how far the computer keyboard reaches."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from neume.synth.rack.part import Rack

from ..theme import theme
from .bands import Band, bands_of
from .key_range import key_name
from .part_colours import blend, part_colour
from .piano import Piano

HEIGHT_PX: Final = 44
REACH_PX: Final = 4.0  # the mark of the computer keyboard
TALLEST_ROW_PX: Final = 20.0
TEXT_ROW_PX: Final = 12.0  # a row that is lower bears no name
UNHEARD_ALPHA: Final = 70


class BandStrip(QWidget):
    """Belongs to the panel's thread. Its height never changes, so that nothing jumps with another preset."""

    def __init__(self, piano: Piano) -> None:
        super().__init__()
        self.bands: tuple[Band, ...] = ()
        self.reach: tuple[int, int] = (0, 0)  # the lowest and highest key of the computer keyboard
        self._piano = piano
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Splits and layers"))
        piano.range_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT_PX)

    def show_rack(self, rack: Rack | None, channel: int) -> None:
        bands = () if rack is None else bands_of(rack, channel)
        if bands != self.bands:
            self.bands = bands
            self.setToolTip("\n".join(map(self._line, sorted(bands, key=lambda band: band.part))))
            self.setAccessibleDescription(self.toolTip())
            self.update()

    def show_reach(self, low_key: int, high_key: int) -> None:
        if (low_key, high_key) != self.reach:
            self.reach = low_key, high_key
            self.update()

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = 1 + max((band.row for band in self.bands), default=0)
        height = min(TALLEST_ROW_PX, (HEIGHT_PX - REACH_PX - 2.0) / rows)
        top = HEIGHT_PX - REACH_PX - 2.0 - rows * height
        painter.setPen(Qt.PenStyle.NoPen)
        for band in self.bands:
            span = self._span(band.low_key, band.high_key)
            if span is not None:
                place = QRectF(span[0], top + band.row * height, span[1] - span[0], height)
                self._paint_band(painter, band, place.adjusted(1.0, 0.0, -1.0, -2.0))
        self._paint_reach(painter)

    def _span(self, low_key: int, high_key: int) -> tuple[float, float] | None:
        """From the left edge of one key to the right edge of another; None if none of them is in view."""
        keys = self._piano.shown.keys
        low, high = max(low_key, keys.start), min(high_key, keys.stop - 1)
        if low > high:
            return None
        layout = self._piano.geometry_of_keys
        left, right = layout.rect(low).left(), layout.rect(high).right()
        return left, right

    def _paint_band(self, painter: QPainter, band: Band, place: QRectF) -> None:
        colour = part_colour(band.part)
        if not band.heard:
            colour.setAlpha(UNHEARD_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place, 3.0, 3.0)
        if place.height() + 2.0 >= TEXT_ROW_PX:
            self._paint_name(painter, band, place)

    def _paint_name(self, painter: QPainter, band: Band, place: QRectF) -> None:
        font = self.font()
        font.setPixelSize(min(13, int(place.height()) - 2))
        font.setBold(True)
        painter.setFont(font)
        shown = theme()
        strong = blend(part_colour(band.part), shown.colour("ground"), 0.85)
        painter.setPen(strong if band.heard else shown.colour("text"))
        room = place.adjusted(8.0, 0.0, -8.0, 0.0)
        text = QFontMetricsF(font).elidedText(band.name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_reach(self, painter: QPainter) -> None:
        span = self._span(*self.reach)
        if span is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("accent"))
            mark = QRectF(span[0] + 1.0, HEIGHT_PX - REACH_PX, span[1] - span[0] - 2.0, REACH_PX - 2.0)
            painter.drawRoundedRect(mark, 1.0, 1.0)

    def _line(self, band: Band) -> str:
        text = self.tr("{0}: {1} to {2}") if band.heard else self.tr("{0}: {1} to {2}, not on this channel")
        return text.format(band.name, key_name(band.low_key), key_name(band.high_key))
