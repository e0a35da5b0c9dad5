"""Folders of the user's: where recordings go, and showing one in the system's file manager."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from ..choices import Choices

OWN_FOLDER: Final = "Neume"  # in the user's music folder


def record_folder(chosen: Choices) -> Path:
    """Where recordings go, absolute: as chosen, or a folder of the user's music."""
    folder = Path(chosen.record_folder).expanduser() if chosen.record_folder else None
    return folder if folder is not None and folder.is_absolute() else usual_folder()


def usual_folder() -> Path:
    return platformdirs.user_music_path() / OWN_FOLDER


def made_folder(folder: Path) -> Path:
    """The folder, made if need be. Raises OSError. Not for the panel's thread: a disk may hang."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_folder(folder: Path) -> bool:
    """Ask the system to show it; whether there is something that does."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
