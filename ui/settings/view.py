"""The settings: audio device, MIDI inputs, the model, the engine's start, the look, folders, the way out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from neume.synth.engine_snapshot import EngineSnapshot

from ..browser.background import Background
from ..choices import ChoiceStore
from ..engine_model import GONE, EngineModel
from .audio_card import AudioCard
from .columns import Columns
from .engine_card import EngineCard
from .folders_card import FoldersCard
from .leave_card import LeaveCard
from .look_card import LookCard
from .midi_card import MidiCard
from .sampler_card import SamplerCard


class SettingsView(QWidget):
    """Belongs to the panel's thread. Hidden, it takes nothing.

    `restart_wanted`: the engine does not end or come by itself. `leaving`: from here on no engine is to be
    started again; the window is closed when the engine has answered.
    """

    restart_wanted = Signal()
    leaving = Signal()

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.background = Background(self)
        self.audio = AudioCard(engine, choices, self.background)
        self.midi = MidiCard(engine, choices)
        self.sampler = SamplerCard(engine, choices)
        self.start = EngineCard(engine, choices)
        self.look = LookCard(choices)
        self.folders = FoldersCard(engine, choices, self.background)
        self.leave = LeaveCard(engine)
        self.page = Columns(
            (self.audio, self.sampler, self.start), (self.midi, self.folders, self.look, self.leave)
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.start.restart_wanted.connect(self.restart_wanted)
        self.leave.leaving.connect(self.leaving)
        self.leave.stuck.connect(self.restart_wanted)
        self.leave.left.connect(lambda: self.window().close())
        engine.snapshot_came.connect(self._follow)
        engine.state_changed.connect(self._meet)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.audio.looked:
            self.audio.look()
        if self._engine.latest is not None and self._engine.state != GONE:
            self._follow(self._engine.latest)
        else:
            self.audio.gone()

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if self.isVisible():
            for card in (self.audio, self.midi, self.sampler, self.start):
                card.follow(snapshot)

    def _meet(self, state: str) -> None:
        if state == GONE:
            self.audio.gone()
