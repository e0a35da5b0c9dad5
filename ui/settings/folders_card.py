"""Where things are kept: recordings, presets, bundles, choices and logs, each to be opened."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from neume.synth.bundle.install import user_folder as bundle_folder
from neume.synth.control.log_file import log_path
from neume.synth.errors import NeumeError
from neume.synth.rack.preset_search import user_folder as preset_folder

from ..browser.background import Background
from ..browser.elided_label import ElidedLabel
from ..choices import Choices, ChoiceStore
from ..engine_model import EngineModel
from .card import Card, button, tell
from .opening import made_folder, open_folder, record_folder


class FoldersCard(Card):
    """Belongs to the panel's thread; folders are made on another."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore, background: Background) -> None:
        super().__init__(self.tr("Folders"))
        self._choices, self._background = choices, background
        self.folders = {
            self.tr("Recordings"): record_folder(choices.now),
            self.tr("Presets"): preset_folder(),
            self.tr("Bundles"): bundle_folder(),
            self.tr("Settings"): choices.path.parent,
            self.tr("Engine's log"): log_path(engine.client.name).parent,
        }
        self.paths: dict[str, ElidedLabel] = {}
        self.open_buttons = {}
        for title, folder in self.folders.items():
            label = self.paths[title] = ElidedLabel()
            label.setProperty("look", "dim")
            label.tell(str(folder))
            opener = self.open_buttons[title] = button(
                self.tr("Open"), self.tr("Open the folder: {0}").format(title)
            )
            opener.clicked.connect(partial(self.open, title))
            self.row(title, label, opener)
        self.change = button(self.tr("Record into another folder…"))
        self.change.clicked.connect(self.choose)
        self.add(self.change)
        self.problem = self.note()
        self.problem.hide()
        choices.changed.connect(self._show)

    def open(self, title: str, *_: object) -> None:
        """Show a folder in the system's file manager; it is made if it is not there."""
        self._background.run(partial(made_folder, self.folders[title]), self._opened)

    def choose(self) -> QFileDialog:
        """Ask for the folder of recordings."""
        dialog = QFileDialog(self.window(), self.tr("Record into"), str(record_folder(self._choices.now)))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda path: self._choices.change(record_folder=path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _opened(self, folder: Path | NeumeError | OSError) -> None:
        if isinstance(folder, Path):
            tell(self.problem, "")
            open_folder(folder)
        else:
            tell(self.problem, str(folder), "warning")

    def _show(self, chosen: Choices) -> None:
        title = self.tr("Recordings")
        folder = record_folder(chosen)
        if folder != self.folders[title]:
            self.folders[title] = folder
            self.paths[title].tell(str(folder))
