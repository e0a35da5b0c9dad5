"""Stage mode: the preset in big letters, next and previous, for the dark.

keys, fingers, footswitch ─▶ StageView ─ preset.next, preset.previous, Panic ─▶ engine
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from neume.synth.control.commands import Panic, SetValue
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from ..choices import ChoiceStore
from ..controls.learnable import make_learnable
from ..engine_model import EngineModel
from ..keys.computer_keys import MODIFIERS
from ..keys.repeats import Repeats
from ..theme import HUGE_PX, theme
from .big_button import BigButton
from .big_text import BigText
from .part_lamps import PartLamps
from .preset_titles import PresetTitles, title_after
from .stage_meter import StageMeter
from .trouble import TroubleWatch
from .trouble_board import TroubleBoard

NEXT, PREVIOUS, PANIC = "preset.next", "preset.previous", "panic"
NEXT_KEYS: Final = (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Space)
PREVIOUS_KEYS: Final = (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_Backspace)
PANIC_KEYS: Final = (Qt.Key.Key_P, Qt.Key.Key_Delete)
LEAVE_KEYS: Final = (Qt.Key.Key_Escape,)
LARGEST_NAME_PX: Final = 3 * HUGE_PX
MARGIN_PX: Final = 24
TOP_PX: Final = 112
STEP_PX: Final = 132  # least height of next and previous
LOOK_MS: Final = 250  # whether something is wrong: also when no snapshot comes


class StageView(QWidget):
    """Belongs to the panel's thread. Its keys act only while it is shown; that of undo brings back what a
    foot on the wrong pedal has left."""

    left = Signal()  # the user wants the desk back

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self._preset, self._watch = "", TroubleWatch()
        self._acts: dict[int, Callable[[], object]] = {}  # by Qt's key
        self._repeats = Repeats()
        self.titles = PresetTitles(self)
        self.title, self.troubles = BigText(LARGEST_NAME_PX), TroubleBoard()
        self.lamps, self.meter = PartLamps(), StageMeter(engine)
        self.leave = BigButton(self.tr("Desk"), self.tr("Esc"))
        self.panic = BigButton(self.tr("PANIC"), self.tr("P or Delete"), alarming=True)
        self.previous = BigButton(self.tr("‹ Previous"), self.tr("← or Page Up"))
        self.next = BigButton(self.tr("Next ›"), self.tr("→, Page Down or Space"))
        self._looking = QTimer(self)
        self._looking.timeout.connect(self._look)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Stage"))
        self._arrange()
        self._connect()

    def step(self, target: str) -> None:
        """To the next or the previous preset."""
        self._engine.post(SetValue(target=target, value=1.0))

    def silence(self) -> None:
        self._engine.post(Panic())

    def showEvent(self, event: QShowEvent) -> None:
        self.setFocus()
        self.titles.read()
        self._looking.start(LOOK_MS)
        self._show_rack(self._engine.rack)
        if self._engine.latest is not None:
            self._follow(self._engine.latest)
        self._look()
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A foot that rests on a pedal steps once."""
        act = self._acts.get(event.key())
        if act is None or event.modifiers() & MODIFIERS:
            super().keyPressEvent(event)
        elif not self._repeats.is_repeat(event):
            act()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._repeats.is_repeat(event)
        super().keyReleaseEvent(event)

    def hideEvent(self, _event: object) -> None:
        self._looking.stop()

    def paintEvent(self, event: object) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("ground"))

    def _arrange(self) -> None:
        top, steps = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(MARGIN_PX)
        steps.setSpacing(MARGIN_PX)
        for widget, share in ((self.leave, 0), (self.troubles, 1), (self.panic, 0)):
            top.addWidget(widget, share)
        self.leave.setFixedSize(120, TOP_PX)
        self.panic.setFixedSize(220, TOP_PX)
        self.troubles.setFixedHeight(TOP_PX)
        for button in (self.previous, self.next):
            button.setMinimumHeight(STEP_PX)
            steps.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        column.setSpacing(16)
        column.addLayout(top)
        column.addWidget(self.title, 5)
        column.addWidget(self.lamps)
        column.addWidget(self.meter)
        column.addLayout(steps, 3)

    def _connect(self) -> None:
        for button, target, act, keys in (
            (self.next, NEXT, partial(self.step, NEXT), NEXT_KEYS),
            (self.previous, PREVIOUS, partial(self.step, PREVIOUS), PREVIOUS_KEYS),
            (self.panic, PANIC, self.silence, PANIC_KEYS),
        ):
            button.clicked.connect(act)
            make_learnable(button, self._engine, target)
            self._acts.update(dict.fromkeys(keys, act))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self, self._engine.undo_stack.undo)
        self.leave.clicked.connect(self.left)
        self._acts.update(dict.fromkeys(LEAVE_KEYS, self.left.emit))
        self.titles.changed.connect(self._show_neighbours)
        self._engine.rack_changed.connect(self._show_rack)
        self._engine.snapshot_came.connect(self._follow)
        self._engine.state_changed.connect(lambda _state: self._look())
        self._engine.told.connect(self._hear)

    def _show_rack(self, rack: Rack | None) -> None:
        self.title.show_text("" if rack is None else rack.name)
        self.lamps.show_rack(rack)

    def _show_neighbours(self) -> None:
        self.next.show_name(title_after(self.titles.titles, self._preset, 1))
        self.previous.show_name(title_after(self.titles.titles, self._preset, -1))

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if not self.isVisible():
            return
        if snapshot.preset != self._preset:
            self._preset = snapshot.preset
            self._show_neighbours()
            self.titles.read()
        self.lamps.show_activity(snapshot.parts)
        self._look()

    def _look(self) -> None:
        if self.isVisible():
            found = self._watch.follow(self._engine.state, self._engine.latest, time.monotonic())
            self.troubles.show_troubles(found)

    def _hear(self, line: str) -> None:
        self._watch.tell(line, time.monotonic())
        self._look()
