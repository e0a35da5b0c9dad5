"""One effect of a chain as a card: its name, bypass, its place in the chain, its knobs."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from neume.synth.manifest import Parameter
from neume.synth.rack.part import Insert

from ..controls.binding import bind
from ..controls.knob import Knob
from ..controls.paint import SMALL_PX, painter_of
from ..controls.quantities import parameter_quantity, unknown_quantity
from ..controls.switch import Switch
from ..controls.turner import Turner
from ..controls.value_box import ValueBox
from ..engine_model import EngineModel
from ..theme import TOUCH_PX, theme
from .effect_kinds import EffectKind, spoken_name
from .insert_edits import Owner, insert_target

MARGIN_PX: Final = 10
KNOB_PX: Final = (56, 96)  # narrowest and widest
BOX_PX: Final = 110


class EffectCard(QWidget):
    """Ctrl+arrows move it, like its own arrow buttons; Delete removes it."""

    move_wanted = Signal(int)  # -1 or 1
    removal_wanted = Signal()

    def __init__(
        self, engine: EngineModel, owner: Owner, index: int, insert: Insert, kind: EffectKind | None
    ) -> None:
        super().__init__()
        self._engine, self._owner, self._index = engine, owner, index
        self.name = kind.name if kind else spoken_name(insert.effect)
        self.setAccessibleName(self.tr("Effect {0}: {1}").format(index + 1, self.name))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.bypass = Switch(self.tr("Bypass"), self.tr("Bypass {0}").format(self.name), "warning")
        bind(self.bypass, engine, self._target("bypassed"), self.tr("bypass of {0}").format(self.name))
        self.left = self._button("‹", self.tr("Earlier in the chain"), partial(self.move_wanted.emit, -1))
        self.right = self._button("›", self.tr("Later in the chain"), partial(self.move_wanted.emit, 1))
        self.remove = self._button("✕", self.tr("Remove {0}").format(self.name), self.removal_wanted.emit)
        self.knobs: dict[str, Turner] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 6, MARGIN_PX, 6)
        column.setSpacing(4)
        column.addLayout(self._head())
        column.addLayout(self._turners(insert, kind))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        sideways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in sideways:
            self.move_wanted.emit(sideways[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_wanted.emit()
        else:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        painter.setBrush(shown.colour("surface"))
        painter.setPen(QPen(shown.colour("edge"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        title = QLabel(self.name)
        title.setStyleSheet("font-weight: 600;")
        row.addWidget(title)
        row.addStretch(1)
        row.addSpacing(16)
        for widget in (self.bypass, self.left, self.right, self.remove):
            row.addWidget(widget)
        return row

    def _turners(self, insert: Insert, kind: EffectKind | None) -> QHBoxLayout:
        """A knob for each parameter that is known, a box for each other value that the rack holds."""
        row = QHBoxLayout()
        row.setSpacing(4)
        known = (kind.parameters if kind else None) or ()
        for parameter in known:
            row.addWidget(self._knob(parameter))
        for name in insert.values.keys() - {parameter.id for parameter in known}:
            box = ValueBox(unknown_quantity(0.0), name, name)
            box.setFixedWidth(BOX_PX)
            self._bound(box, name, name)
            row.addWidget(box)
        hint = self._hint(kind)
        if hint:
            label = QLabel(hint)
            label.setProperty("look", "warning" if kind is None or kind.faults else "dim")
            label.setWordWrap(True)
            label.setMinimumWidth(180)
            row.addWidget(label)
        row.addStretch(1)
        return row

    def _hint(self, kind: EffectKind | None) -> str:
        if kind is None:
            return self.tr("Not installed: the sound passes by.")
        if kind.faults:
            return kind.faults[0]
        return self.tr("Looking what it has to turn …") if kind.parameters is None else ""

    def _knob(self, parameter: Parameter) -> Knob:
        narrow, wide = KNOB_PX
        metrics = self.fontMetrics()
        needed = metrics.horizontalAdvance(parameter.name) * SMALL_PX // max(1, metrics.height() - 3) + 8
        name = f"{self.name}: {parameter.name}"
        knob = Knob(parameter_quantity(parameter), name, parameter.name, width=min(wide, max(narrow, needed)))
        knob.setToolTip(name)
        self._bound(knob, parameter.id, parameter.name)
        return knob

    def _bound(self, control: Turner, parameter_id: str, name: str) -> None:
        text = self.tr("{0} of {1}").format(name, self.name)
        bind(control, self._engine, self._target(parameter_id), text)
        self.knobs[parameter_id] = control

    def _target(self, name: str) -> str:
        return insert_target(self._owner, self._index, name)

    def _button(self, text: str, name: str, press: object) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("look", "flat")
        button.setStyleSheet("padding: 0px;")
        button.setFixedSize(TOUCH_PX - 4, TOUCH_PX)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.clicked.connect(press)
        return button
