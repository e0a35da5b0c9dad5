"""Which files are MIDI files, by name: for drops and dialogs. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QUrl

SUFFIXES: Final = (".mid", ".midi", ".kar")
PATTERNS: Final = " ".join(f"*{suffix}" for suffix in SUFFIXES)


def songs_of(urls: Sequence[QUrl]) -> list[Path]:
    """The MIDI files of this machine among what is dragged; nothing is opened."""
    paths = (Path(url.toLocalFile()) for url in urls if url.isLocalFile() and url.toLocalFile())
    return [path for path in paths if path.suffix.lower() in SUFFIXES]
