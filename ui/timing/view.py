"""See the time: the latency sum, load, block times, underruns and their cure."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from neume.synth.control.commands import ResetCounters, SaveTrace
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.latency import Latency

from ..choices import ChoiceStore
from ..controls.paint import SMALL_PX
from ..engine_model import EngineModel
from .block_plot import BlockPlot
from .deadline import Deadline
from .facts import facts_text
from .figure import Figure
from .latency_bar import LatencyBar
from .stage_table import StageTable
from .trace_dialog import ask_for_trace
from .trouble_card import TroubleCard

TOTAL_PX, SMALL_TOTAL_PX = 46, 34
COMPACT_PX: Final = 430  # lower than this, what can be spared gives way
SLOWLY_S: Final = 0.25  # numbers that are read, not watched
NOTE_MS: Final = 10_000
UNKNOWN: Final = Latency(48_000, 512, 256, 256, 128, 128, 0)  # before the first snapshot
PLOT_PX: Final = 150  # the least height of the blocks' card


class TimingView(QScrollArea):
    """Belongs to the panel's thread. Hidden, it takes nothing."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self._told_s = 0.0
        self._latency: Latency | None = None
        self._compact: bool | None = None
        deadline = Deadline.of(UNKNOWN)
        self.total = QLabel("–")
        self.bar = LatencyBar()
        self.plot = BlockPlot(self.tr("Times of the last blocks"), deadline)
        self.table = StageTable(deadline)
        self.load = tuple(Figure(name) for name in (self.tr("median"), self.tr("99 %"), self.tr("max")))
        self.trouble = TroubleCard()
        self.trouble.clear_wanted.connect(self.clear_counters)
        self.trouble.trace_wanted.connect(self.ask_for_trace)
        self.facts = QLabel()
        self._note_timer = QTimer(self)
        self._note_timer.setSingleShot(True)
        self._note_timer.timeout.connect(lambda: self.trouble.tell(""))
        self._lay_out()
        engine.snapshot_came.connect(self._follow)

    def clear_counters(self) -> None:
        """Count from zero, and time the blocks from now on."""
        self._engine.ask(ResetCounters(), lambda _text: self._tell(self.tr("Counted from now on.")))

    def ask_for_trace(self) -> QFileDialog:
        """Ask for a file, and write it."""
        heading = self.tr("Save a trace of the last blocks")
        return ask_for_trace(self, heading, self.tr("Tables"), self.save_trace)

    def save_trace(self, path: Path) -> None:
        """Let the engine write the stage times of the last blocks to a file."""
        done = partial(self._tell_saved, path)
        self._engine.ask(SaveTrace(path=path), done)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._engine.latest is not None:
            self._told_s = 0.0
            self._follow(self._engine.latest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = self.height() < COMPACT_PX
        if compact != self._compact:
            self._compact = compact
            pixels = SMALL_TOTAL_PX if compact else TOTAL_PX
            self.total.setStyleSheet(f"font-size: {pixels}px; font-weight: 600;")
            for figure in self.load:
                figure.setVisible(not compact)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if not self.isVisible():
            return
        if snapshot.latency != self._latency:
            self._latency = snapshot.latency
            self.bar.show_latency(snapshot.latency)
            self.total.setText(f"{snapshot.latency.total_ms:.1f} ms")
        self.plot.follow(snapshot)
        self.trouble.follow(snapshot)
        now_s = time.monotonic()
        if now_s - self._told_s >= SLOWLY_S:
            self._told_s = now_s
            self._follow_slowly(snapshot)

    def _follow_slowly(self, snapshot: EngineSnapshot) -> None:
        deadline, block = self.plot.deadline, snapshot.times.get("block")
        self.table.show_times(snapshot.times, deadline)
        if block is not None:
            for figure, ms in zip(self.load, (block.p50_ms, block.p99_ms, block.max_ms), strict=True):
                figure.show_value(f"{100.0 * ms / deadline.deadline_ms:.0f} %", deadline.look(ms))
        facts = facts_text(snapshot)
        if facts != self.facts.text():
            self.facts.setText(facts)

    def _tell(self, text: str) -> None:
        self.trouble.tell(text)
        self._note_timer.start(NOTE_MS)

    def _tell_saved(self, path: Path, said: str) -> None:
        self._tell(self.tr("Saved: {0}").format(said or path))

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        column.addWidget(self._latency_card())
        column.addWidget(self.trouble)
        middle = QHBoxLayout()
        middle.setSpacing(8)
        middle.addWidget(self._blocks_card(), 3)
        middle.addWidget(self._stages_card(), 2)
        column.addLayout(middle, 1)
        self.facts.setProperty("look", "dim")
        self.facts.setStyleSheet(f"font-size: {SMALL_PX}px;")
        self.facts.setWordWrap(True)
        self.facts.setContentsMargins(4, 0, 4, 0)
        self.facts.setAccessibleName(self.tr("What the engine runs on"))
        column.addWidget(self.facts)
        self.setWidget(page)

    def _latency_card(self) -> QFrame:
        card = _card()
        row = QHBoxLayout(card)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(24)
        self.total.setAccessibleName(self.tr("Delay from key to sound"))
        caption = QLabel(self.tr("from key to sound, always"))
        caption.setProperty("look", "dim")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.total)
        words.addWidget(caption)
        row.addLayout(words)
        row.addWidget(self.bar, 1)
        return card

    def _blocks_card(self) -> QFrame:
        card = _card()
        card.setMinimumHeight(PLOT_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(10, 8, 6, 6)
        column.setSpacing(4)
        column.addWidget(_title(self.tr("Each block, in ms")))
        column.addWidget(self.plot, 1)
        return card

    def _stages_card(self) -> QFrame:
        card = _card()
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(2)
        head = QHBoxLayout()
        title = _title(self.tr("Load"))
        title.setToolTip(self.tr("What a block takes of the time until its deadline"))
        head.addWidget(title)
        head.addStretch(1)
        for figure in self.load:
            head.addWidget(figure)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        return card


def _card() -> QFrame:
    card = QFrame()
    card.setProperty("look", "card")
    return card


def _title(text: str) -> QLabel:
    title = QLabel(text)
    title.setStyleSheet("font-weight: 600;")
    return title
