"""The levels of the parts, one row each: its colour, its name, its meter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from neume.synth.engine_snapshot import PartActivity

from ..controls.meter import Meter
from ..controls.paint import VALUE_PX, draw_text, font_of, painter_of
from ..keys.part_colours import part_colour

ROW_PX: Final = 26
NAME_PX: Final = 74
MARK_PX: Final = 4.0


class PartName(QWidget):
    """With the part's colour before it."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index, self.text = index, ""
        self.setFixedSize(NAME_PX, ROW_PX)

    def set_text(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.setToolTip(text)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, height = painter_of(self), float(self.height())
        painter.setBrush(part_colour(self.index))
        painter.drawRoundedRect(QRectF(0, 6, MARK_PX, height - 12), 2, 2)
        painter.setFont(font_of(self, VALUE_PX))
        place = QRectF(MARK_PX + 6, 0, self.width() - MARK_PX - 8, height)
        draw_text(painter, place, self.text, "text", Qt.AlignmentFlag.AlignLeft)


class LevelRows(QWidget):
    """Belongs to the panel's thread. Rows are made when there are more parts than ever, and hidden else."""

    def __init__(self) -> None:
        super().__init__()
        self.meters: list[Meter] = []
        self.names: list[PartName] = []
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_names(self, names: Sequence[str]) -> None:
        """One for each part of the rack."""
        while len(self._rows) < len(names):
            self._add()
        for row, widget in enumerate(self._rows):
            widget.setVisible(row < len(names))
        for row, name in enumerate(names):
            self.names[row].set_text(name)
            self.meters[row].setAccessibleName(self.tr("Level of part {0}, {1}").format(row + 1, name))

    def follow(self, parts: Sequence[PartActivity]) -> None:
        for meter, part in zip(self.meters, parts, strict=False):
            meter.follow(part.peak, part.rms)

    def clear(self) -> None:
        for meter in self.meters:
            meter.clear()

    def sizeHint(self) -> QSize:
        return QSize(NAME_PX + 110, ROW_PX * max(1, sum(row.isVisibleTo(self) for row in self._rows)))

    def _add(self) -> None:
        index = len(self._rows)
        name = PartName(index)
        meter = Meter(
            self.tr("Level of part {0}").format(index + 1), Qt.Orientation.Horizontal, labelled=False
        )
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(name)
        row.addWidget(meter, 1)
        self._column.addWidget(widget)
        self._rows.append(widget)
        self.names.append(name)
        self.meters.append(meter)
