"""Asks where a trace is to be written. The engine writes it: a table of stage times, one row a block."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

SUFFIX = "csv"


def ask_for_trace(parent: QWidget, heading: str, kind: str, take: Callable[[Path], object]) -> QFileDialog:
    """Shown without waiting; `take` gets the absolute path once it is chosen, and confirmed if it is there.

    `kind`: what the files are called, such as `Tables`.
    """
    dialog = QFileDialog(parent, heading)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilter(f"{kind} (*.{SUFFIX})")
    dialog.setDefaultSuffix(SUFFIX)
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    dialog.setDirectory(folder or str(Path.home()))
    dialog.selectFile(f"neume-trace-{time.strftime('%Y-%m-%d-%H%M%S')}.{SUFFIX}")
    dialog.fileSelected.connect(lambda path: take(Path(path).absolute()))
    dialog.open()
    return dialog
