"""The panel's texts in the user's language: installs the translation that fits, if there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from .settings.languages import PREFIX, TRANSLATIONS

SOURCE_LANGUAGE: Final = "en"  # of the texts in the code
# What the files have instead of a class: for `_tr(...)`, and for the variable in `parent.tr(...)`.
LOOSE_CONTEXTS: Final = ("", "parent", "words")
QT_PREFIX: Final = "qtbase_"  # Qt's own texts, such as the buttons of its dialogs


def wanted_languages(chosen: str) -> list[str]:
    """Language codes such as `de-AT`, the best one first: the chosen one, or else the system's."""
    return [chosen] if chosen else QLocale.system().uiLanguages()


def translation_for(languages: Sequence[str], folder: Path = TRANSLATIONS) -> Path | None:
    """The file for the first of the languages that there is one for, None for the texts of the code."""
    for code in _with_general(languages):
        if code == SOURCE_LANGUAGE:
            return None
        file = folder / f"{PREFIX}{code}.qm"
        if file.is_file():
            return file
    return None


def install_translation(
    application: QCoreApplication, chosen: str, folder: Path = TRANSLATIONS
) -> str | None:
    """Show the texts in the language `chosen`, empty for the system's; returns the code of what is shown,
    None for the texts of the code. To be called before the first widget is made."""
    file = translation_for(wanted_languages(chosen), folder)
    if file is None or not _install(application, file):
        return None
    code = file.stem.removeprefix(PREFIX)
    qt_folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    _install(application, qt_folder / f"{QT_PREFIX}{code}.qm")
    return code


def _with_general(languages: Sequence[str]) -> Iterator[str]:
    """Each code and then its language alone: de_AT, de."""
    for language in languages:
        code = language.replace("-", "_")
        yield code
        if "_" in code:
            yield code.partition("_")[0]


class _Translator(QTranslator):
    """Finds texts, too, for which pyside6-lupdate knows no class: those of `LOOSE_CONTEXTS`."""

    def translate(
        self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        for place in (context, *LOOSE_CONTEXTS):
            if found := super().translate(place, sourceText, disambiguation, n):
                return found
        return None  # and not "", which would be shown


def _install(application: QCoreApplication, file: Path) -> bool:
    translator = _Translator(application)
    return translator.load(str(file)) and application.installTranslator(translator)
