"""The MIDI file in the transport: opened, played through the rack, paused, stopped, sought, looped."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from neume.synth.control.commands import PlayFile, Transport
from neume.synth.engine_snapshot import EngineSnapshot, TransportState

from ..browser.elided_label import ElidedLabel
from ..engine_model import EngineModel
from ..settings.card import Card, button, line, tell
from ..theme import BASE_PX, BIG_PX
from .position_slider import PositionSlider
from .signs import PAUSE, PLAY, STOP, SignButton
from .song_files import PATTERNS
from .times import clock_text

HINT_LINES: Final = 3  # warnings of a file that are shown


class SongCard(Card):
    """Belongs to the panel's thread. It shows what the engine's transport does, whoever told it to."""

    def __init__(self, engine: EngineModel) -> None:
        super().__init__(self.tr("MIDI file"))
        self._engine = engine
        self._state: TransportState | None = None
        self._second: tuple[int, int] | None = None  # position and length that are shown
        self._warnings, self._refusal = "", ""
        self.name, self.time = ElidedLabel(), line("0:00 / 0:00", "dim")
        self.open = button(self.tr("Open…"), self.tr("Open a MIDI file (or drop one anywhere here)"))
        self.play, self.stop = SignButton(PLAY, self._play_text()), SignButton(STOP, self.tr("Stop"))
        self.loop = button(self.tr("Loop"), self.tr("Begin again at the end"))
        self.loop.setCheckable(True)
        self.slider = PositionSlider()
        self._lay_out()
        self.problem = self.note()
        self.open.clicked.connect(self.choose)
        self.play.clicked.connect(self.play_or_pause)
        self.stop.clicked.connect(lambda: self._command("stop"))
        self.loop.clicked.connect(self._turn_loop)
        self.slider.sought.connect(self.seek)
        self.slider.moved.connect(self._show_time)
        QShortcut(QKeySequence("Ctrl+P"), self, self.play_or_pause)
        self._show_file(None)

    def load(self, path: Path) -> None:
        """Load a file, which is then played."""
        self._refusal = self._warnings = ""
        tell(self.problem, self.tr("{0} is being read…").format(path.name))
        self._engine.ask(PlayFile(path=path.absolute()), self._loaded, self._refused)

    def choose(self) -> QFileDialog:
        """Ask for a file."""
        dialog = QFileDialog(self.window(), self.tr("Open a MIDI file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("MIDI files ({0})").format(PATTERNS), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda path: self.load(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def play_or_pause(self) -> None:
        if self._state is not None:
            self._command("pause" if self._state.playing else "play")

    def seek(self, position_s: float) -> None:
        """Go there, playing or not as it is now."""
        self._command(self._as_now(), position_s=position_s)

    def follow(self, snapshot: EngineSnapshot) -> None:
        """At every snapshot; what is as it was is left alone."""
        state, before = snapshot.transport, self._state
        self._state = state
        if (state is None) != (before is None) or (state and before and state.path != before.path):
            self.slider.forget()
            self._show_file(state)
        if state is None:
            return
        kind = PAUSE if state.playing else PLAY
        self.play.show_as(kind, self._pause_text() if state.playing else self._play_text())
        if before is None or state.loop != before.loop:
            self.loop.setChecked(state.loop)
        self.slider.show_at(state.position_s, state.length_s)
        self._show_time(self.slider.value() / 1000)
        if before is None or state.problem != before.problem:
            self._show_problem()

    def gone(self) -> None:
        """No engine, so there is no file in it."""
        self._state = None
        self._show_file(None)

    def _lay_out(self) -> None:
        self.name.setStyleSheet(f"font-size: {BIG_PX}px; font-weight: 600; border: none;")
        self.name.setMinimumHeight(BIG_PX + 10)
        self.time.setStyleSheet(f"font-size: {BASE_PX + 2}px; border: none;")
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.time.setMinimumWidth(self.fontMetrics().horizontalAdvance("0:00:00 / 0:00:00"))
        upper, lower = QHBoxLayout(), QHBoxLayout()
        upper.addWidget(self.name, 1)
        upper.addWidget(self.open)
        for widget in (self.play, self.stop):
            lower.addWidget(widget)
        lower.addWidget(self.slider, 1)
        lower.addWidget(self.time)
        lower.addWidget(self.loop)
        self.column.addLayout(upper)
        self.column.addLayout(lower)

    def _show_file(self, state: TransportState | None) -> None:
        there = state is not None
        for widget in (self.play, self.stop, self.slider, self.loop):
            widget.setEnabled(there)
        if state is None:
            self.name.tell(self.tr("No file yet: drop one anywhere here, or open it"))
            self.slider.show_at(0.0, 0.0)
            self.play.show_as(PLAY, self._play_text())
            self.loop.setChecked(False)
        else:
            self.name.tell(Path(state.path).name)
            self.name.setToolTip(state.path)
        self._show_time(0.0)
        self._show_problem()

    def _show_time(self, position_s: float) -> None:
        length_s = self._state.length_s if self._state is not None else 0.0
        second = (int(position_s), int(length_s))
        if second != self._second:
            self._second = second
            self.time.setText(f"{clock_text(position_s)} / {clock_text(length_s)}")

    def _show_problem(self) -> None:
        problem = self._refusal or (self._state.problem if self._state is not None else None)
        hint = "" if self._state is not None else self.tr("It is played through the rack.")
        tell(self.problem, problem or self._warnings or hint, "warning" if problem else "dim")

    def _loaded(self, warnings: str) -> None:
        self._warnings = "; ".join(warnings.split("; ")[:HINT_LINES])
        self._show_problem()
        self._command("play")

    def _refused(self, reason: str) -> None:
        self._refusal = reason
        self._show_problem()

    def _turn_loop(self, on: bool) -> None:
        self._command(self._as_now(), loop=on)

    def _as_now(self) -> Literal["play", "pause"]:
        return "play" if self._state is not None and self._state.playing else "pause"

    def _command(
        self,
        action: Literal["play", "pause", "stop"],
        position_s: float | None = None,
        loop: bool | None = None,
    ) -> None:
        self._engine.ask(
            Transport(action=action, position_s=position_s, loop=loop), lambda _text: None, self._refused
        )

    def _play_text(self) -> str:
        return self.tr("Play (Ctrl+P)")

    def _pause_text(self) -> str:
        return self.tr("Pause (Ctrl+P)")
