"""The way out: closing the panel leaves the engine playing, so ending both has a button of its own."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal

from neume.synth.control.commands import Quit

from ..engine_model import EngineModel
from .card import Card, tell
from .sure_button import SureButton

ANSWER_MS: Final = 5000


class LeaveCard(Card):
    """Belongs to the panel's thread. `leaving` comes first: from there on no engine is to be started again;
    `left` comes when the engine has said that it ends, or `stuck` when it says nothing."""

    leaving = Signal()
    left = Signal()
    stuck = Signal()

    def __init__(self, engine: EngineModel) -> None:
        super().__init__(self.tr("Leaving"))
        self._engine, self._waiting = engine, False
        self.told = self.note(self.tr("Closing the window does not stop the sound: the engine plays on."))
        self.button = SureButton(self.tr("Stop the sound and quit"), self.tr("Really stop the sound?"))
        self.button.sure.connect(self.leave)
        self.add(self.button)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(ANSWER_MS)
        self._late.timeout.connect(lambda: self._end(answered=False))

    def leave(self) -> None:
        """End the engine, then the panel."""
        self._waiting = True
        self.button.setEnabled(False)
        tell(self.told, self.tr("The engine is ending…"))
        self.leaving.emit()
        self._late.start()
        self._engine.ask(Quit(), lambda _text: self._end(), lambda _reason: self._end())

    def _end(self, answered: bool = True) -> None:
        if self._waiting:
            self._waiting = False
            self._late.stop()
            if not answered:
                self.stuck.emit()
            self.left.emit()
