"""See the sound: scrolling mel frames, the waveform or the spectrum below them, levels beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from neume.synth.control.snapshots import MelChunk, WaveChunk
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from ..choices import ChoiceStore
from ..engine_model import EngineModel
from .choice_row import ChoiceRow
from .levels_card import LevelsCard
from .oscilloscope import SPANS_MS, USUAL_SPAN_MS, Oscilloscope
from .spectrogram import RANGES_DB, USUAL_RANGE_DB, Spectrogram
from .spectrum_plot import SpectrumPlot
from .wave_ring import WaveRing

WAVEFORM, SPECTRUM = "waveform", "spectrum"
MARGIN_PX: Final = 10


class SoundView(QWidget):
    """Belongs to the panel's thread. Hidden, it takes nothing."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.ring = WaveRing()
        self.spectrogram = Spectrogram(self.tr("Spectrogram of what the model makes"))
        self.scope = Oscilloscope(self.tr("Waveform of the output"))
        self.spectrum = SpectrumPlot(self.tr("Spectrum of the output"))
        self.levels = LevelsCard()
        self.range = self._range()
        self.freeze = QPushButton(self.tr("Freeze"))
        self.freeze.setCheckable(True)
        self.freeze.setToolTip(self.tr("Hold the pictures (Space in the spectrogram)"))
        self.freeze.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.freeze.toggled.connect(self.spectrogram.freeze)
        self.spectrogram.freeze_wanted.connect(self.freeze.toggle)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.scope)
        self.stack.addWidget(self.spectrum)
        self.clear = QPushButton(self.tr("Clear peaks"))
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.clicked.connect(self.spectrum.clear)
        self.span = self._span()
        self.mode = self._mode()
        self._lay_out()
        engine.mels_came.connect(self._take_mels)
        engine.waves_came.connect(self._take_waves)
        engine.snapshot_came.connect(self._follow)
        engine.rack_changed.connect(self._show_rack)
        if engine.rack is not None:
            self._show_rack(engine.rack)

    def hideEvent(self, event: QHideEvent) -> None:
        self.spectrogram.look_away()
        super().hideEvent(event)

    def _take_mels(self, chunks: list[MelChunk]) -> None:
        if self.isVisible():
            self.spectrogram.take(chunks)

    def _take_waves(self, chunks: list[WaveChunk]) -> None:
        if not self.isVisible():
            return
        for chunk in chunks:
            self.ring.put(chunk.first_frame, chunk.samples())
        if not self.freeze.isChecked() and chunks:
            plot = self.scope if self.stack.currentWidget() is self.scope else self.spectrum
            plot.show_wave(self.ring, chunks[-1].rate_hz)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if self.isVisible():
            self.levels.follow(snapshot)

    def _show_rack(self, rack: Rack) -> None:
        self.levels.show_rack(rack)

    def _range(self) -> ChoiceRow:
        texts = {db: self.tr("{0} dB").format(db) for db in RANGES_DB}
        show, name = self.spectrogram.set_range_db, self.tr("Range of the colours")
        return self._kept_row(name, texts, "sound_range_db", USUAL_RANGE_DB, show)

    def _mode(self) -> ChoiceRow:
        texts = {WAVEFORM: self.tr("Waveform"), SPECTRUM: self.tr("Spectrum")}
        return self._kept_row(self.tr("Shown below"), texts, "sound_below", WAVEFORM, self._show_below)

    def _span(self) -> ChoiceRow:
        texts = {ms: self.tr("{0} ms").format(ms) for ms in SPANS_MS}
        show, name = self.scope.set_span_ms, self.tr("Time across")
        return self._kept_row(name, texts, "sound_span_ms", USUAL_SPAN_MS, show)

    def _kept_row(
        self, name: str, texts: Mapping[Any, str], field: str, usual: object, show: Callable[[Any], None]
    ) -> ChoiceRow:
        """A row whose key is kept in a field of the choices; `show` acts on it, now and when it changes."""
        kept = getattr(self._choices.now, field)
        now = kept if kept in texts else usual  # a file may name what there is not
        row = ChoiceRow(name, texts, now)
        row.chosen.connect(show)
        row.chosen.connect(lambda key: self._choices.change(**{field: key}))
        show(now)
        return row

    def _show_below(self, mode: str) -> None:
        """WAVEFORM or SPECTRUM."""
        self.stack.setCurrentWidget(self.scope if mode == WAVEFORM else self.spectrum)
        self.span.setVisible(mode == WAVEFORM)
        self.clear.setVisible(mode == SPECTRUM)

    def _lay_out(self) -> None:
        plots = QSplitter(Qt.Orientation.Vertical)
        plots.setChildrenCollapsible(False)
        title = QLabel(self.tr("Spectrogram"))
        title.setToolTip(
            self.tr(
                "What the model makes, before it becomes sound. Striped where frames were lost on the way."
            )
        )
        plots.addWidget(_card(title, (self.range, self.freeze), self.spectrogram))
        plots.addWidget(_card(self.mode, (self.clear, self.span), self.stack))
        plots.setStretchFactor(0, 3)
        plots.setStretchFactor(1, 2)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(8)
        row.addWidget(plots, 1)
        row.addWidget(self.levels)


def _card(title: QWidget, controls: tuple[QWidget, ...], plot: QWidget) -> QFrame:
    """A plot with a row of controls above it."""
    card = QFrame()
    card.setProperty("look", "card")
    title.setStyleSheet("font-weight: 600;")
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(title)
    row.addStretch(1)
    for control in controls:
        row.addWidget(control)
    column = QVBoxLayout(card)
    column.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 6)
    column.setSpacing(4)
    column.addLayout(row)
    column.addWidget(plot, 1)
    return card
