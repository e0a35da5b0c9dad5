"""The rack: its parts as strips, the master beside them, their effects below, the presets above."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from ..choices import ChoiceStore
from ..engine_model import EngineModel
from .effects_drawer import DRAWER_PX, EffectsDrawer
from .insert_edits import Owner
from .instrument_names import InstrumentNames
from .master_strip import MasterStrip
from .part_actions import PartActions
from .presets_bar import PresetBar
from .strip import ALL, EFFECTS, INSTRUMENT, MIX, ZONE, PartStrip
from .strip_row import StripRow

ALL_PX: Final = 456  # so much room shows all that a strip has
HALF_PX: Final = 306  # and so much all but the zone, or all but the mixer
LEAST_STRIPS_PX: Final = 200  # with less, the effects hide the strips
# With less room than for all: what the buttons show, with room for a half of it and with less.
HALVES: Final = (ALL - {ZONE}, ALL - {MIX})
THIRDS: Final = (frozenset((MIX,)), frozenset((ZONE,)), frozenset((INSTRUMENT, EFFECTS)))
GAP_PX: Final = 8


class RackView(QWidget):
    """Belongs to the panel's thread. `selected` is the part that the browser loads into."""

    part_selected = Signal(int)
    instrument_wanted = Signal(int)  # the user wants to choose one for this part

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self.selected = 0
        self._engine, self._choices = engine, choices
        self.names = InstrumentNames(engine)
        self.part_actions = PartActions(engine, self.names, self)
        self.presets = PresetBar(engine)
        self.row = StripRow(engine, self.names)
        self.master = MasterStrip(engine)
        self.effects = EffectsDrawer(engine)
        self.extent = QWidget()
        self.extent_buttons = self._extent_buttons()
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_rack(engine.rack)

    def load_instrument(self, bundle: str, program: int) -> None:
        """Let the selected part be played by a program of a bundle; empty is the engine's default one."""
        self.part_actions.load(self.selected, bundle, program)

    def select(self, index: int) -> None:
        """Make a part the one that the browser loads into; the effects shown go with it."""
        if index == self.selected or not 0 <= index < len(self.row.strips):
            return
        self.selected = index
        self.row.show_selected(index)
        if not self.effects.isHidden() and self.effects.owner is not None:
            self.effects.open_for(index)
        self.part_selected.emit(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _connect(self) -> None:
        row = self.row
        row.strip_made.connect(self._connect_strip)
        row.selection_wanted.connect(self.select)
        row.instrument_wanted.connect(self._want_instrument)
        row.inserts_wanted.connect(self._toggle_effects)
        row.move_wanted.connect(self._move)
        row.addition_wanted.connect(self._add)
        self.master.inserts_wanted.connect(partial(self._toggle_effects, None))
        self.effects.closed.connect(self._fit)
        self._engine.rack_changed.connect(self._show_rack)
        self._engine.snapshot_came.connect(self._follow)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def _connect_strip(self, strip: PartStrip) -> None:
        header, actions = strip.header, self.part_actions
        strip.instrument_dropped.connect(lambda bundle, program: actions.load(strip.index, bundle, program))
        header.renamed.connect(lambda name: actions.rename(strip.index, name))
        header.neighbour_wanted.connect(lambda steps: self.row.focus_header(strip.index + steps))
        header.move_wanted.connect(lambda steps: self._move(strip.index, strip.index + steps))
        header.removal_wanted.connect(lambda: actions.remove(strip.index))
        header.copy_wanted.connect(lambda: self._duplicate(strip.index))
        header.menu_button.clicked.connect(lambda: self._open_menu(strip))

    def _add(self) -> None:
        self.part_actions.add()
        self.select(len(self.row.strips) - 1)

    def _move(self, index: int, to: int) -> None:
        """The selection and the keys go with the part."""
        if 0 <= to < len(self.row.strips):
            self.part_actions.move(index, to)
            self.select(to)
            self.row.focus_header(to)

    def _duplicate(self, index: int) -> None:
        count = len(self.row.strips)
        self.part_actions.duplicate(index)
        if len(self.row.strips) > count:
            self.select(index + 1)

    def _open_menu(self, strip: PartStrip) -> None:
        self.select(strip.index)
        button = strip.header.menu_button
        menu = self.part_actions.menu(button, strip.index, strip.sounding, strip.header.edit_name)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _want_instrument(self, index: int) -> None:
        self.select(index)
        self.instrument_wanted.emit(index)

    def _toggle_effects(self, owner: Owner) -> None:
        if owner is not None:
            self.select(owner)
        if not self.effects.isHidden() and self.effects.owner == owner:
            self.effects.close_drawer()
        else:
            self.effects.open_for(owner)
        self._fit()

    def _show_rack(self, rack: Rack | None) -> None:
        self._pages.setCurrentIndex(0 if rack is None else 1)
        if rack is None:
            return
        last = len(rack.parts) - 1
        kept = min(self.selected, last)
        self.row.show_rack(rack, kept)
        self.master.show_rack(rack)
        if kept != self.selected:
            self.selected = kept
            self.part_selected.emit(kept)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if self.isVisible():
            self.row.follow(snapshot)
            self.master.follow(snapshot.meters)

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        index = self.row.strip_of(now) if now is not None else None
        if index is not None and index < len(self.row.strips):
            self.select(index)

    def _fit(self) -> None:
        """Show of the strips what there is room for."""
        room = self.height() - self.presets.sizeHint().height() - GAP_PX
        if not self.effects.isHidden():
            room -= DRAWER_PX + GAP_PX
        self._pages.setVisible(self.effects.isHidden() or room >= LEAST_STRIPS_PX)
        choices = (ALL,) if room >= ALL_PX else HALVES if room >= HALF_PX else THIRDS
        self.extent.setVisible(len(choices) > 1)
        self.extent_buttons.button(2).setVisible(len(choices) > 2)
        sections = choices[min(self.extent_buttons.checkedId(), len(choices) - 1)]
        self.row.show_sections(sections)
        self.master.show_room(room)

    def _extent_buttons(self) -> QButtonGroup:
        """What the strips show, where there is not room for all."""
        group, row = QButtonGroup(self), QHBoxLayout(self.extent)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number, text in enumerate((self.tr("Mixer"), self.tr("Zones"), self.tr("Sounds"))):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(number == 0)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(button, number)
            row.addWidget(button)
        group.idClicked.connect(lambda _number: self._fit())
        return group

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP_PX)
        head.addWidget(self.presets, 1)
        head.addWidget(self.extent)
        strips = QWidget()
        desk = QHBoxLayout(strips)
        desk.setContentsMargins(0, 0, 0, 0)
        desk.setSpacing(GAP_PX)
        desk.addWidget(self.row, 1)
        desk.addWidget(self.master)
        waiting = QLabel(self.tr("Waiting for the engine …"))
        waiting.setProperty("look", "dim")
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(waiting)
        self._pages.addWidget(strips)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP_PX, 0, 0)
        column.setSpacing(GAP_PX)
        column.addLayout(head)
        column.addWidget(self._pages, 1)
        column.addWidget(self.effects)
