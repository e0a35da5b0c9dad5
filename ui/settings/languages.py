"""Which languages the panel's texts are there in: English, and the translations beside the panel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale

TRANSLATIONS: Final = Path(__file__).parents[1] / "translations"
PREFIX: Final = "neume_"


def languages(folder: Path = TRANSLATIONS) -> list[tuple[str, str]]:
    """Each as it calls itself, with its code, by code; from files such as `neume_de.qm`."""
    codes = {"en", *(path.stem.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*.qm"))}
    return [(_own_name(code), code) for code in sorted(codes)]


def _own_name(code: str) -> str:
    if code == "en":
        return "English"
    name = QLocale(code).nativeLanguageName()
    return name[:1].upper() + name[1:] if name else code
