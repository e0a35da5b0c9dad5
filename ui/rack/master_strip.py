"""The strip behind all parts: gain, effects, level, limiter."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from neume.synth.mixer import Meters
from neume.synth.rack.part import Rack

from ..controls.binding import bind
from ..controls.fader import Fader
from ..controls.meter import Meter
from ..controls.paint import RADIUS_PX, VALUE_PX, draw_text, font_of, painter_of
from ..controls.quantities import QUANTITIES
from ..controls.wordings import Plain
from ..engine_model import EngineModel
from ..theme import TOUCH_PX, theme
from .effect_kinds import spoken_name
from .tile import Tile

MASTER_PX: Final = 116
LEAST_PX, INSERTS_FROM_PX, LIMITER_FROM_PX = 172, 216, 300
GAIN: Final = Plain("dB")
LIMITING_DB: Final = -0.1  # less is not worth a word


class LimiterLamp(Tile):
    """How much the limiter takes away, while it does."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def draw_ground(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme().colour("warning" if self.lit else "edge"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)

    def draw_content(self, painter: QPainter, inside: QRectF) -> None:
        painter.setFont(font_of(self, VALUE_PX))
        draw_text(painter, inside, self.text(), "warning" if self.lit else "dim")


class MasterStrip(QWidget):
    """Belongs to the panel's thread."""

    inserts_wanted = Signal()

    def __init__(self, engine: EngineModel) -> None:
        super().__init__()
        self.title = QLabel(self.tr("Master"))
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setFixedHeight(TOUCH_PX)
        self.inserts = Tile(self.tr("Effects of the master"))
        self.inserts.clicked.connect(self.inserts_wanted)
        self.limiter = LimiterLamp(self.tr("Limiter"))
        self.fader = Fader(QUANTITIES["gain_db"], self.tr("Gain of the master"))
        self.meter = Meter(self.tr("Level of the master"))
        bind(self.fader, engine, "gain_db", self.tr("gain of the master"))
        self._lay_out()
        self.setFixedWidth(MASTER_PX)
        self.setMinimumHeight(LEAST_PX)  # whatever `show_room` shows now: it will show less
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_rack(self, rack: Rack) -> None:
        names = [spoken_name(insert.effect) for insert in rack.inserts]
        text = self.tr("+ effect") if not names else names[0]
        if len(names) > 1:
            text = self.tr("{0} effects").format(len(names))
        self.inserts.set_texts(text, lit=any(not insert.bypassed for insert in rack.inserts))

    def show_room(self, pixels: int) -> None:
        """Show what fits into a strip so high."""
        self.inserts.setVisible(pixels >= INSERTS_FROM_PX)
        self.limiter.setVisible(pixels >= LIMITER_FROM_PX)

    def follow(self, meters: Meters) -> None:
        """The levels of this moment."""
        self.meter.follow(meters.master_peak, meters.master_rms, meters.limiter_gain < 1.0)
        reduction_db = 20.0 * math.log10(max(1e-3, meters.limiter_gain))
        limits = reduction_db < LIMITING_DB
        self.limiter.set_texts(GAIN.text(reduction_db) if limits else self.tr("limiter"), lit=limits)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        painter.setBrush(shown.colour("surface"))
        painter.setPen(QPen(shown.colour("dim"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 9, 9)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 8)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.inserts)
        column.addWidget(self.limiter)
        levels = QHBoxLayout()
        levels.setSpacing(2)
        levels.addWidget(self.fader)
        levels.addWidget(self.meter)
        levels.addStretch(1)
        column.addLayout(levels, 1)
