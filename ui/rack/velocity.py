"""How hard a part plays what it is played: velocity curve and range as a drawing, and a card of choices."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QWidget

from neume.synth.rack.curves import FIXED, LINEAR, LOUDEST, SHAPES, VelocityCurve

from ..controls.paint import SMALL_PX, draw_text, font_of
from ..controls.popup import Popup
from ..controls.quantities import QUANTITIES
from ..controls.value_box import ValueBox
from ..theme import TOUCH_PX, theme
from .tile import Tile

STEP: Final = 6  # velocities between two points of the drawing
CHOICE: Final = QSize(74, 66)
SHAPE_WORDS_PX: Final = 16


class CurveTile(Tile):
    """Draws a velocity curve, struck velocity from left to right; what the part does not hear is pale."""

    def __init__(self, name: str, height: int = TOUCH_PX, parent: QWidget | None = None) -> None:
        super().__init__(name, height, parent)
        self.curve, self.low, self.high, self.word = LINEAR, 1, LOUDEST, ""

    def show_curve(self, curve: VelocityCurve, low: int = 1, high: int = LOUDEST) -> None:
        if (curve, low, high) != (self.curve, self.low, self.high):
            self.curve, self.low, self.high = curve, low, high
            self.setAccessibleDescription(curve.shape)
            self.update()

    def draw_content(self, painter: QPainter, inside: QRectF) -> None:
        box = inside.adjusted(0, 7, 0, -7 - (SHAPE_WORDS_PX if self.word else 0))
        if self.word:
            painter.setFont(font_of(self, SMALL_PX))
            line = QRectF(0, self.height() - SHAPE_WORDS_PX - 5, self.width(), SHAPE_WORDS_PX)
            draw_text(painter, line, self.word, "text" if self.isChecked() else "dim")
        heard = QRectF(self._point(box, self.low, 0), self._point(box, self.high, LOUDEST)).normalized()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("accent", 36))
        painter.drawRect(heard)
        table = self.curve.table
        points = [self._point(box, v, table[v]) for v in (*range(1, LOUDEST, STEP), LOUDEST)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("edge"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setClipRect(heard.adjusted(-1, -2, 1, 2))
        painter.setPen(QPen(theme().colour("accent"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setClipping(False)

    def draw_ground(self, painter: QPainter) -> None:
        super().draw_ground(painter)
        if self.isChecked():
            painter.setPen(QPen(theme().colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    @staticmethod
    def _point(box: QRectF, struck: int, played: int) -> QPointF:
        return QPointF(
            box.left() + struck / LOUDEST * box.width(), box.bottom() - played / LOUDEST * box.height()
        )


class CurvePopup(Popup):
    """The shapes side by side, and the velocity of the fixed one."""

    shape_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, parent.tr("Velocity curve"))
        row = QHBoxLayout()
        row.setSpacing(6)
        words = {
            "linear": self.tr("linear"),
            "soft": self.tr("soft"),
            "hard": self.tr("hard"),
            "fixed": self.tr("fixed"),
        }
        self.choices = {shape: self._choice(shape, words[shape]) for shape in SHAPES}
        for choice in self.choices.values():
            row.addWidget(choice)
        self.column.addLayout(row)
        self.fixed = ValueBox(
            QUANTITIES["fixed_velocity"], self.tr("Velocity of the fixed curve"), self.tr("velocity")
        )
        self.column.addWidget(self.fixed)

    def show_curve(self, curve: VelocityCurve) -> None:
        for shape, choice in self.choices.items():
            choice.setChecked(shape == curve.shape)
        self.fixed.setVisible(curve.shape == FIXED)
        if curve.fixed_velocity is not None:
            self.fixed.show_amount(curve.fixed_velocity)
            self.choices[FIXED].show_curve(curve)

    def _choice(self, shape: str, word: str) -> CurveTile:
        choice = CurveTile(word, CHOICE.height())
        choice.word = word
        choice.setFixedWidth(CHOICE.width())
        choice.setCheckable(True)
        choice.show_curve(VelocityCurve(shape, 100 if shape == FIXED else None))
        choice.clicked.connect(partial(self._choose, shape))
        return choice

    def _choose(self, shape: str) -> None:
        for other, choice in self.choices.items():
            choice.setChecked(other == shape)
        self.shape_chosen.emit(shape)
