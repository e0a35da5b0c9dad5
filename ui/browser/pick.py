"""Asking for a bundle to install: a menu, since no system's dialog takes folders and files alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

Take = Callable[[Iterable[Path]], object]
Mode = QFileDialog.FileMode


def ask_for_bundle(button: QWidget, take: Take) -> QMenu:
    """Open the menu below `button`; `take` gets what is picked, later. Nothing waits."""
    menu = QMenu(button)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(_tr("A zip archive..."), lambda: ask_for_path(button.window(), Mode.ExistingFile, take))
    menu.addAction(_tr("A folder..."), lambda: ask_for_path(button.window(), Mode.Directory, take))
    menu.popup(button.mapToGlobal(QPoint(0, button.height())))
    return menu


def ask_for_path(parent: QWidget, mode: Mode, take: Take) -> QFileDialog:
    """Open the dialog for a file or a folder."""
    dialog = QFileDialog(parent, _tr("Install a bundle"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(mode)
    if mode == Mode.ExistingFile:
        dialog.setNameFilters([_tr("Zip archives (*.zip)"), _tr("All files (*)")])
    dialog.fileSelected.connect(lambda path: take([Path(path)]))
    dialog.open()
    return dialog


def _tr(text: str) -> str:
    return QCoreApplication.translate("PickBundle", text)
