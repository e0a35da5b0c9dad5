"""The bar of presets above the strips: which one is played, save, and a menu for all else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from neume.synth.rack.preset_search import SUFFIX

from ..engine_model import EngineModel
from ..theme import TOUCH_PX
from .preset_tile import PresetTile
from .presets_desk import PresetDesk
from .presets_dialogs import NameDialog, ask_first
from .presets_files import file_name, title
from .presets_popup import PresetsPopup

TILE_PX: Final = 190


class PresetBar(QWidget):
    """Belongs to the panel's thread. Ctrl+O opens the list, Ctrl+S saves, Ctrl+Shift+S saves as."""

    def __init__(self, engine: EngineModel) -> None:
        super().__init__()
        self.desk = PresetDesk(engine, self)
        self._popup: PresetsPopup | None = None
        self.tile = PresetTile(self.tr("Preset"))
        self.tile.setMinimumWidth(TILE_PX)
        self.tile.clicked.connect(self.open_list)
        self.save_button = self._button(self.tr("Save"), self.save)
        self.save_as_button = self._button(self.tr("Save as …"), self.save_as)
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setFixedSize(TOUCH_PX + 8, TOUCH_PX)
        self.more.setAccessibleName(self.tr("What else can be done with presets"))
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.clicked.connect(
            lambda: self.menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.tile, 1)
        for widget in (self.save_button, self.save_as_button, self.more):
            row.addWidget(widget)
        keys = {"Ctrl+S": self.save, "Ctrl+Shift+S": self.save_as, "Ctrl+O": self.open_list}
        for key, press in keys.items():
            QShortcut(QKeySequence(key), self, lambda press=press: press())
        self.desk.changed.connect(self._refresh)
        self.desk.library.listed.connect(self._relisted)
        self.desk.asked.connect(self._ask)

    def open_list(self) -> None:
        """The searchable list; what has come to the folder meanwhile comes a moment later."""
        popup = PresetsPopup(self.tile, self.desk.library.presets, self.desk.current)
        self._popup = popup
        popup.chosen.connect(self.desk.load)
        popup.destroyed.connect(self._forget_popup)
        popup.open_at(self.tile)
        self.desk.library.look()

    def menu(self) -> QMenu:
        """What else can be done; what cannot is greyed."""
        menu, preset, own = QMenu(self), self.desk.preset, self.desk.own
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        good = preset is not None and preset.rack is not None
        menu.addAction(self.tr("Rename …"), self.rename).setEnabled(own and good)
        menu.addAction(self.tr("Delete …"), self.delete).setEnabled(own)
        menu.addSeparator()
        menu.addAction(self.tr("Import a file …"), self.import_file)
        menu.addAction(self.tr("Export to a file …"), self.export_file)
        return menu

    def save(self) -> None:
        """A preset that is not the user's own is saved under a new name."""
        if not self.desk.save():
            self.save_as()

    def save_as(self) -> None:
        rack = self.desk.rack
        if rack is not None:
            heading = self.tr("Save the rack as a preset")
            dialog = NameDialog(self, heading, rack.name, self.desk.library.presets)
            dialog.named.connect(self.desk.save_as)
            dialog.open()

    def rename(self) -> None:
        preset = self.desk.preset
        if preset is not None:
            heading = self.tr("Rename {0}").format(title(preset))
            dialog = NameDialog(self, heading, title(preset), self.desk.library.presets, preset.name)
            dialog.named.connect(partial(self.desk.rename, preset))
            dialog.open()

    def delete(self) -> None:
        preset = self.desk.preset
        if preset is not None:
            question = self.tr("Delete the preset {0}?").format(title(preset))
            stays = self.tr("What is played stays as it is.")
            ask_first(self, question, self.tr("Delete"), partial(self.desk.delete, preset), stays)

    def import_file(self) -> QFileDialog:
        opening = QFileDialog.AcceptMode.AcceptOpen
        return self._file_dialog(self.tr("Import a preset"), opening, self.desk.bring_in)

    def export_file(self) -> QFileDialog:
        """The dialog itself asks before a file is replaced."""
        saving = QFileDialog.AcceptMode.AcceptSave
        dialog = self._file_dialog(self.tr("Export the rack"), saving, self.desk.take_out)
        if self.desk.rack is not None:
            dialog.selectFile(f"{file_name(self.desk.rack.name)}{SUFFIX}")
        return dialog

    def _ask(self, reason: str, go_on: Callable[[], object]) -> None:
        ask_first(self, self.tr("Replace it?"), self.tr("Replace"), go_on, reason)

    def _relisted(self) -> None:
        if self._popup is not None:
            self._popup.show_presets(self.desk.library.presets)

    def _forget_popup(self) -> None:
        self._popup = None

    def _refresh(self) -> None:
        rack, preset, dirty = self.desk.rack, self.desk.preset, self.desk.dirty
        line = ""
        if dirty:
            line = self.tr("changed") if preset is not None else self.tr("not saved")
        self.tile.show_preset(rack.name if rack is not None else "", dirty, line)
        self.save_button.setEnabled(dirty)
        words = self.tr("Save the changes"), self.tr("Save as a preset of your own")
        self.save_button.setToolTip(f"{words[0] if self.desk.own else words[1]} (Ctrl+S)")

    def _button(self, text: str, press: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFixedHeight(TOUCH_PX)
        button.clicked.connect(lambda: press())
        return button

    def _file_dialog(
        self, heading: str, mode: QFileDialog.AcceptMode, take: Callable[[Path], object]
    ) -> QFileDialog:
        dialog = QFileDialog(self, heading)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(mode)
        saving = mode == QFileDialog.AcceptMode.AcceptSave
        dialog.setFileMode(QFileDialog.FileMode.AnyFile if saving else QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Presets (*.toml)"))
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.fileSelected.connect(lambda path: take(Path(path)))
        dialog.open()
        return dialog
