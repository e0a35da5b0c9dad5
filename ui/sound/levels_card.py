"""Calibrated levels, at the right of the sound view: the master in numbers, the limiter, each part."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from ..controls.ballistics import FLOOR_DB
from ..controls.meter import Meter
from ..controls.wordings import Plain
from ..theme import BIG_PX
from .level_rows import LevelRows
from .reduction_bar import ReductionBar

WIDTH_PX: Final = 236
NUMBERS_S: Final = 0.1  # faster, nobody reads them
DBFS: Final = Plain()


class LevelsCard(QFrame):
    """Belongs to the panel's thread. `follow` is only called while it is seen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._told_s = clock, 0.0
        self.setProperty("look", "card")
        self.setFixedWidth(WIDTH_PX)
        self.master = Meter(self.tr("Level of the master"), Qt.Orientation.Horizontal, clock=clock)
        self.master.setToolTip(
            self.tr(
                "Of what is played, after the limiter, in dBFS: the highest peak, and the RMS over 300 ms, "
                "of the louder side (a full-scale sine reads −3.0). A click clears the clip lamp."
            )
        )
        self.limiter = ReductionBar(self.tr("What the safety limiter takes away"), clock)
        self.peak, self.rms = QLabel("–"), QLabel("–")
        self.parts = LevelRows()
        self.reset = QPushButton(self.tr("Clear peaks and clips"))
        self.reset.setToolTip(self.tr("Clear the clip lamps and the highest peaks of all meters"))
        self.reset.clicked.connect(self.clear)
        self._lay_out()

    def show_rack(self, rack: Rack) -> None:
        self.parts.show_names([part.name for part in rack.parts])

    def follow(self, snapshot: EngineSnapshot) -> None:
        meters = snapshot.meters
        self.master.follow(meters.master_peak, meters.master_rms, clipped=meters.limiter_gain < 1.0)
        self.limiter.follow(meters.limiter_gain)
        self.parts.follow(snapshot.parts)
        now_s = self._clock()
        if now_s - self._told_s >= NUMBERS_S:
            self._told_s = now_s
            _tell(self.peak, self.master.level.held_db)
            _tell(self.rms, self.master.level.rms_db)

    def clear(self) -> None:
        self.master.clear()
        self.parts.clear()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        title = QLabel(self.tr("Master"))
        title.setStyleSheet("font-weight: 600;")
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(8)
        for place, (label, value) in enumerate(
            ((self.tr("Peak dBFS"), self.peak), (self.tr("RMS dBFS"), self.rms))
        ):
            caption = QLabel(label)
            caption.setProperty("look", "dim")
            value.setStyleSheet(f"font-size: {BIG_PX}px; font-weight: 600;")
            value.setAccessibleName(label)
            numbers.addWidget(caption, 1, place)
            numbers.addWidget(value, 0, place)
        limiter = QHBoxLayout()
        caption = QLabel(self.tr("Limiter"))
        caption.setProperty("look", "dim")
        limiter.addWidget(caption)
        limiter.addWidget(self.limiter, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(52)
        scroll.setWidget(self.parts)
        parts = QLabel(self.tr("Parts"))
        parts.setStyleSheet("font-weight: 600;")
        column.addWidget(title)
        column.addLayout(numbers)
        column.addWidget(self.master)
        column.addLayout(limiter)
        column.addWidget(parts)
        column.addWidget(scroll, 1)
        column.addWidget(self.reset)


def _tell(label: QLabel, level_db: float) -> None:
    text = DBFS.text(level_db) if level_db > FLOOR_DB else "–"
    if text != label.text():
        label.setText(text)
