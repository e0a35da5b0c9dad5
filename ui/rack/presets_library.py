"""The presets that there are, as the panel knows them: listed and changed on threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from neume.synth.rack.preset_search import ListedPreset, list_presets

from .errands import Errands
from .presets_files import PresetThere


class PresetLibrary(QObject):
    """Belongs to the panel's thread. `presets` is what was listed last."""

    listed = Signal()
    told = Signal(str)  # why something has failed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.presets: tuple[ListedPreset, ...] = ()
        self._errands = Errands(self)

    @property
    def busy(self) -> bool:
        return self._errands.busy

    def look(self) -> None:
        """List them again; `listed` comes when that is done."""
        self._errands.run(lambda: tuple(list_presets()), self._heard, self.told.emit)

    def called(self, name: str) -> ListedPreset | None:
        """The one that is loaded by this name."""
        return next((p for p in self.presets if p.name == name and not p.hidden), None)

    def change(
        self,
        work: Callable[[], Path | None],
        done: Callable[[Path | None], object],
        ask: Callable[[str], object],
    ) -> None:
        """Do something to the files, then list them; `done` comes after that. `ask` gets the reason if the
        user has to be asked first."""

        def guarded() -> tuple[Path | None, str]:
            try:
                return work(), ""
            except PresetThere as there:
                return None, str(there)

        def answered(outcome: tuple[Path | None, str]) -> None:
            path, reason = outcome
            if reason:
                ask(reason)
                return
            self._errands.run(
                lambda: tuple(list_presets()), lambda presets: finished(presets, path), self.told.emit
            )

        def finished(presets: tuple[ListedPreset, ...], path: Path | None) -> None:
            self._heard(presets)
            done(path)

        self._errands.run(guarded, answered, self.told.emit)

    def _heard(self, presets: tuple[ListedPreset, ...]) -> None:
        self.presets = presets
        self.listed.emit()
