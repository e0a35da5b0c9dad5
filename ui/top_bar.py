"""The bar above all views: the preset, undo, the level, the engine's state, panic, stage mode."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from neume.synth.control.commands import Panic, SetValue
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from .choices import ChoiceStore
from .controls.learnable import make_learnable
from .engine_model import GONE, HANGING, EngineModel
from .level_bar import LevelBar

AWAY: Final = ("lost", "waiting")  # states of a device that does not play


class TopBar(QFrame):
    """Belongs to the panel's thread."""

    stage_wanted = Signal()
    theme_wanted = Signal()

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.setProperty("look", "card")
        self.title = QLabel(self.tr("Neume"))
        self.title.setProperty("look", "title")
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.title.setAccessibleName(self.tr("Name of the rack"))
        self.state = QLabel("")
        self.state.setProperty("look", "dim")
        self.level = LevelBar(engine)
        self.previous = self._step("‹", self.tr("Previous preset"), "preset.previous", "Ctrl+PgUp")
        self.next = self._step("›", self.tr("Next preset"), "preset.next", "Ctrl+PgDown")
        self.undo, self.redo = self._undo_button(back=True), self._undo_button(back=False)
        self.stage = self._button(self.tr("Stage"), self.tr("Stage mode: big letters (F11)"))
        self.stage.clicked.connect(self.stage_wanted)
        self.look = self._button("◐", self.tr("Dark or light"))
        self.look.clicked.connect(self.theme_wanted)
        self.panic = QPushButton(self.tr("PANIC"))
        self.panic.setProperty("look", "alarm")
        self.panic.setToolTip(self.tr("Silence everything at once, tails too (Esc)"))
        self.panic.setMinimumWidth(110)
        self.panic.clicked.connect(self.silence)
        make_learnable(self.panic, engine, "panic")
        QShortcut(QKeySequence("Esc"), self, self.silence)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        shown: tuple[QWidget, ...] = (self.previous, self.next, self.title, self.state, self.undo, self.redo)
        for widget in (*shown, self.level, self.look, self.stage, self.panic):
            row.addWidget(widget)
        engine.undo_stack.undoTextChanged.connect(self._tell_undo)
        engine.undo_stack.redoTextChanged.connect(self._tell_redo)
        self._tell_undo(engine.undo_stack.undoText())
        self._tell_redo(engine.undo_stack.redoText())
        engine.rack_changed.connect(self._show_rack)
        engine.snapshot_came.connect(self._follow)
        engine.state_changed.connect(self._show_state)
        self._show_state(engine.state)

    def silence(self) -> None:
        self._engine.post(Panic())

    def step(self, target: str) -> None:
        """To the next or the previous preset."""
        self._engine.post(SetValue(target=target, value=1.0))

    def _step(self, sign: str, tip: str, target: str, key: str) -> QToolButton:
        button = self._button(sign, f"{tip} ({key})")
        button.clicked.connect(partial(self.step, target))
        QShortcut(QKeySequence(key), self, partial(self.step, target))
        make_learnable(button, self._engine, target)
        return button

    def _undo_button(self, back: bool) -> QToolButton:
        stack = self._engine.undo_stack
        button = self._button("↶" if back else "↷", "")
        button.clicked.connect(stack.undo if back else stack.redo)
        key = QKeySequence.StandardKey.Undo if back else QKeySequence.StandardKey.Redo
        QShortcut(QKeySequence(key), self, stack.undo if back else stack.redo)
        (stack.canUndoChanged if back else stack.canRedoChanged).connect(button.setEnabled)
        button.setEnabled(stack.canUndo() if back else stack.canRedo())
        return button

    def _tell_undo(self, text: str) -> None:
        _name(self.undo, f"{self.tr('Undo')} {text}".strip())

    def _tell_redo(self, text: str) -> None:
        _name(self.redo, f"{self.tr('Redo')} {text}".strip())

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        _name(button, tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the computer keyboard to the keys
        return button

    def _show_rack(self, rack: Rack) -> None:
        self.title.setText(rack.name)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        facts = snapshot.device_facts
        if snapshot.device_state in AWAY:
            self._say(self.tr("audio device lost"), "alarm")
        elif facts.name and not facts.host_api:  # the clock in place of one
            self._say(self.tr("no audio device"), "warning")
        else:
            self._say(f"{snapshot.latency.total_ms:.0f} ms", "dim")

    def _show_state(self, state: str) -> None:
        if state == GONE:
            self._say(self.tr("no engine"), "warning")
        elif state == HANGING:
            self._say(self.tr("the engine does not answer"), "alarm")

    def _say(self, text: str, look: str) -> None:
        if text != self.state.text():
            self.state.setText(text)
            self.state.setProperty("look", look)
            self.state.style().polish(self.state)


def _name(button: QToolButton, text: str) -> None:
    button.setToolTip(text)
    button.setAccessibleName(text)
