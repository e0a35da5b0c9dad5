"""Which parts sound: a lamp and a name for each part of the rack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from neume.synth.engine_snapshot import PartActivity
from neume.synth.rack.part import Rack

from ..keys.part_colours import part_colour
from ..theme import BIG_PX, theme

HEARD: Final = 0.003  # of full scale, -50 dB: below it a tail is as good as over
LAMP_PX: Final = 22.0
LAMP_PLACE_PX: Final = 24.0  # of the lamp's middle, from the left end of a chip
NAME_LEFT_PX: Final = LAMP_PLACE_PX + LAMP_PX / 2 + 9.0
ROW_PX: Final = 44.0
LOW_ROW_PX: Final = 34.0  # of a rack with many parts
GAP_PX: Final = 12.0
MANY: Final = 8  # parts, beyond which their names are smaller
SMALL_PX: Final = 17
LONGEST_NAME_PX: Final = 260.0


class PartLamps(QWidget):
    """Belongs to the panel's thread. Only lamps that change are painted."""

    def __init__(self) -> None:
        super().__init__()
        self.lit: tuple[bool, ...] = ()
        self._rack: Rack | None = None
        self._chips: tuple[QRectF, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Parts that sound"))

    def sizeHint(self) -> QSize:
        return QSize(300, round(self._rows_height))

    def show_rack(self, rack: Rack | None) -> None:
        if rack != self._rack:
            self._rack = rack
            self.lit = (False,) * (0 if rack is None else len(rack.parts))
            self._place()
            self.setAccessibleDescription(", ".join(part.name for part in rack.parts) if rack else "")
            self.update()

    def show_activity(self, parts: Sequence[PartActivity]) -> None:
        """Light those parts that have notes or are still heard."""
        lit = tuple(part.notes > 0 or part.peak > HEARD for part in parts[: len(self.lit)])
        lit += (False,) * (len(self.lit) - len(lit))
        if lit != self.lit:
            before, self.lit = self.lit, lit
            for chip, old, new in zip(self._chips, before, lit, strict=True):
                if old != new:
                    self.update(chip.toAlignedRect())

    def resizeEvent(self, _event: object) -> None:
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._rack is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._name_font)
        dirty = QRectF(event.region().boundingRect())
        for index, chip in enumerate(self._chips):
            if chip.intersects(dirty):
                self._paint_chip(painter, index, chip)

    def _paint_chip(self, painter: QPainter, index: int, chip: QRectF) -> None:
        assert self._rack is not None, "there are chips of a rack only"
        shown, colour = theme(), part_colour(index)
        audible, lit = self._rack.audible(index), self.lit[index]
        painter.setPen(Qt.PenStyle.NoPen)
        if lit:
            glow = part_colour(index)
            glow.setAlpha(60)
            painter.setBrush(glow)
            painter.drawRoundedRect(
                chip.adjusted(1.0, 2.0, -1.0, -2.0), chip.height() / 2 - 2.0, chip.height() / 2 - 2.0
            )
        painter.setBrush(colour if lit else shown.colour("raised"))
        painter.setPen(colour if audible else shown.colour("edge"))
        painter.drawEllipse(QPointF(chip.left() + LAMP_PLACE_PX, chip.center().y()), LAMP_PX / 2, LAMP_PX / 2)
        painter.setPen(shown.colour("text" if audible else "dim"))
        name = QFontMetricsF(painter.font()).elidedText(
            self._name(index), Qt.TextElideMode.ElideRight, LONGEST_NAME_PX
        )
        painter.drawText(
            chip.adjusted(24.0 + LAMP_PX / 2 + 9.0, 0.0, 0.0, 0.0), Qt.AlignmentFlag.AlignVCenter, name
        )

    def _name(self, index: int) -> str:
        assert self._rack is not None, "there are names of a rack only"
        name = self._rack.parts[index].name
        return name if self._rack.audible(index) else self.tr("{0} (silent)").format(name)

    def _place(self) -> None:
        """Chips in rows, each row centred."""
        rows: list[list[float]] = [[]]
        metrics = QFontMetricsF(self._name_font)
        for index in range(len(self.lit)):
            text_width = min(LONGEST_NAME_PX, metrics.horizontalAdvance(self._name(index)))
            width = NAME_LEFT_PX + text_width + 20.0
            if rows[-1] and sum(rows[-1]) + len(rows[-1]) * GAP_PX + width > self.width():
                rows.append([])
            rows[-1].append(width)
        self._chips = tuple(chip for number, row in enumerate(rows) for chip in self._row(number, row))
        if self.height() != round(self._rows_height):
            self.updateGeometry()

    def _row(self, number: int, widths: Sequence[float]) -> list[QRectF]:
        left = (self.width() - sum(widths) - GAP_PX * (len(widths) - 1)) / 2
        chips = []
        for width in widths:
            chips.append(QRectF(left, number * self._row_px, width, self._row_px))
            left += width + GAP_PX
        return chips

    @property
    def _rows_height(self) -> float:
        return max((chip.bottom() for chip in self._chips), default=ROW_PX)

    @property
    def _row_px(self) -> float:
        return LOW_ROW_PX if len(self.lit) > MANY else ROW_PX

    @property
    def _name_font(self) -> QFont:
        font = self.font()
        font.setPixelSize(SMALL_PX if len(self.lit) > MANY else BIG_PX)
        return font
