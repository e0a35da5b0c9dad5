"""Recording what is played, from now on or from before; and where it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from neume.synth.control.commands import Command, KeepLast, RecordStart, RecordStop
from neume.synth.engine_snapshot import EngineSnapshot, RecordingState
from neume.synth.errors import NeumeError

from ..browser.background import Background
from ..browser.elided_label import ElidedLabel
from ..choices import ChoiceStore
from ..engine_model import EngineModel
from ..settings.card import Card, button, line, relook, tell
from ..settings.opening import open_folder, record_folder
from .signs import RecordButton
from .take_names import prepared, take_stem
from .times import clock_text, rough_text

CLOCK_PX: Final = 34
LEAST_KEPT_S: Final = 1.0


class RecordCard(Card):
    """Belongs to the panel's thread. Shows what the engine records, whoever began it.

    `ended`: a recording has come to its end, or what was kept is there.
    """

    ended = Signal()

    def __init__(self, engine: EngineModel, choices: ChoiceStore, background: Background) -> None:
        super().__init__(self.tr("Recording"))
        self._engine, self._choices, self._background = engine, choices, background
        self._state: RecordingState | None = None
        self._waiting, self._keeping = False, False
        self.finished: Path | None = None
        self.record = RecordButton()
        self.clock, self.told = line("0:00"), line("", "dim")
        self.keep = button(self.tr("Keep the last 30 minutes"))
        self.kept = line("", "dim")
        self.file, self.show_file = ElidedLabel(), button(self.tr("Show in folder"))
        self._lay_out()
        self.problem = self.note()
        self.problem.hide()
        self.record.clicked.connect(self.turn)
        self.keep.clicked.connect(self.keep_last)
        self.show_file.clicked.connect(self._open)
        QShortcut(QKeySequence("Ctrl+R"), self, self.turn)
        choices.changed.connect(lambda _chosen: self._show_target())
        self._show_target()
        self._show_kept(0.0)

    def turn(self) -> None:
        """Begin a recording, or end the one that is under way."""
        if self._waiting:
            return
        self._wait(True)
        tell(self.problem, "")
        if self._state is not None:
            self._engine.ask(RecordStop(), self._finished, self._failed)
        else:
            self._with_path(lambda path: RecordStart(path=path), lambda _text: self._wait(False))

    def keep_last(self) -> None:
        """Write down what was played before anybody asked."""
        if self._keeping or not self.keep.isEnabled():
            return
        self._keeping = True
        self.keep.setEnabled(False)
        tell(self.problem, self.tr("It is being written…"))
        self._with_path(lambda path: KeepLast(path=path), self._kept)

    def follow(self, snapshot: EngineSnapshot) -> None:
        """At every snapshot; what is as it was is left alone."""
        state, before = snapshot.recording, self._state
        self._state = state
        self.record.show_recording(state is not None)
        seconds = state.seconds if state is not None else 0.0
        if clock_text(seconds) != self.clock.text():
            self.clock.setText(clock_text(seconds))
        if (state is None) != (before is None):
            relook(self.clock, "alarm" if state is not None else "")
            self._show_target()
        if state is not None and state.problem and (before is None or state.problem != before.problem):
            text = self.tr("It has stopped by itself: {0}").format(state.problem)
            tell(self.problem, text, "alarm")
        self._show_kept(snapshot.remembered_s)

    def gone(self) -> None:
        """No engine records nothing."""
        self._state = None
        self._keeping = False
        self._wait(False)
        self.record.show_recording(False)
        self._show_target()

    def _lay_out(self) -> None:
        self.clock.setStyleSheet(f"font-size: {CLOCK_PX}px; font-weight: 600; border: none;")
        self.clock.setAccessibleName(self.tr("Length of the recording"))
        self.told.setWordWrap(True)
        self.told.setMinimumWidth(1)
        upper, beside = QHBoxLayout(), QVBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self.record)
        beside.setSpacing(0)
        beside.addWidget(self.clock)
        beside.addWidget(self.told)
        beside.addStretch(1)
        upper.addLayout(beside, 1)
        self.column.addLayout(upper)
        lower, done = QHBoxLayout(), QHBoxLayout()
        lower.addWidget(self.keep)
        lower.addWidget(self.kept, 1)
        done.addWidget(self.file, 1)
        done.addWidget(self.show_file)
        self.column.addLayout(lower)
        self.column.addLayout(done)
        self.file.hide()
        self.show_file.hide()

    def _with_path(self, command: Callable[[Path], Command], done: Callable[[str], object]) -> None:
        """Find a free name off this thread, then ask the engine."""
        rack = self._engine.rack.name if self._engine.rack is not None else ""
        job = partial(prepared, record_folder(self._choices.now), take_stem(rack, datetime.now()))

        def found(path: Path | NeumeError | OSError) -> None:
            if isinstance(path, Path):
                self._engine.ask(command(path), done, self._failed)
            else:
                self._failed(str(path))

        self._background.run(job, found)

    def _finished(self, file: str) -> None:
        self._wait(False)
        self._show_finished(file)

    def _kept(self, file: str) -> None:
        self._keeping = False
        tell(self.problem, "")
        self._show_finished(file)

    def _failed(self, reason: str) -> None:
        self._keeping = False
        self._wait(False)
        tell(self.problem, reason, "warning")
        self.ended.emit()

    def _show_finished(self, file: str) -> None:
        self.finished = Path(file)
        self.file.tell(self.tr("Saved: {0}").format(self.finished.name), Qt.TextElideMode.ElideMiddle)
        self.file.setToolTip(file)
        self.file.show()
        self.show_file.show()
        self.ended.emit()

    def _open(self) -> None:
        if self.finished is not None:
            open_folder(self.finished.parent)

    def _show_target(self) -> None:
        if self._state is not None:
            text = Path(self._state.path).name
        else:
            text = self.tr("WAV and MIDI, into {0}").format(record_folder(self._choices.now))
        tell(self.told, text)

    def _show_kept(self, remembered_s: float) -> None:
        text = self.tr("{0} kept").format(rough_text(remembered_s))
        if remembered_s < LEAST_KEPT_S:
            text = self.tr("nothing played yet")
        if text != self.kept.text():
            self.kept.setText(text)
        enabled = remembered_s >= LEAST_KEPT_S and not self._keeping
        if enabled != self.keep.isEnabled():
            self.keep.setEnabled(enabled)

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        self.record.setEnabled(not waiting)
