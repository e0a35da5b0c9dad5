"""Which preset is played, whether it has been changed, and what is done to its file. No widgets here.

bar, dialogs ─▶ PresetDesk ─▶ PresetLibrary (files);  PresetDesk ─▶ EngineModel (what is played)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from neume.synth.rack.part import Rack
from neume.synth.rack.preset_search import USER, ListedPreset
from neume.synth.rack.preset_write import write_preset

from ..engine_model import EngineModel
from ..rack_edit import Version
from .presets_files import (
    delete_preset,
    import_preset,
    rename_preset,
    replace_preset,
    save_new,
    save_over,
)
from .presets_library import PresetLibrary

Work: TypeAlias = Callable[[], Path | None]
Done: TypeAlias = Callable[[Path | None], object]


class PresetDesk(QObject):
    """Belongs to the panel's thread."""

    changed = Signal()  # the preset, or whether the rack differs from it
    asked = Signal(str, object)  # why a file cannot be replaced unasked, and what to call if it may be

    def __init__(self, engine: EngineModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.library = PresetLibrary(self)
        self._engine, self._recognised = engine, ""
        self.library.listed.connect(self._recognise)
        self.library.told.connect(engine.told)
        engine.rack_changed.connect(self._recognise)
        engine.preset_changed.connect(self.changed)
        engine.preset_left.connect(self._tell_unsaved)
        self.library.look()

    @property
    def current(self) -> str:
        """The file name of the preset that is played, or empty."""
        return self._engine.preset or self._recognised

    @property
    def rack(self) -> Rack | None:
        """What is played."""
        return self._engine.rack

    @property
    def preset(self) -> ListedPreset | None:
        """The one that is played, if it is listed."""
        return self.library.called(self.current) if self.current else None

    @property
    def own(self) -> bool:
        """Whether it is the user's."""
        return self.preset is not None and self.preset.origin == USER

    @property
    def dirty(self) -> bool:
        """Whether the rack differs from the preset that it came from."""
        preset = self.preset
        return self.rack is not None and (preset is None or preset.rack != self.rack)

    def load(self, preset: ListedPreset) -> None:
        """Play a preset; undo brings the rack of before back."""
        if preset.rack is not None:
            self._engine.load_preset(preset.name, preset.rack)

    def save(self) -> bool:
        """Over the user's own preset that is played; False if it is none and needs a name first."""
        preset, rack = self.preset, self.rack
        if rack is None or preset is None or preset.origin != USER:
            return False
        over = partial(replace_preset, rack, preset.name)
        self._do(partial(save_over, rack, preset), lambda _path: self.changed.emit(), over)
        return True

    def save_as(self, name: str, over: bool) -> None:
        """Under another name; `over`: even if an own preset has it."""
        self._name_rack(name)
        rack = self.rack
        if rack is not None:
            replaced = partial(replace_preset, rack, name)
            work = replaced if over else partial(save_new, rack, name)
            self._do(work, self._saved, replaced)

    def rename(self, preset: ListedPreset, name: str, over: bool) -> None:
        """Give an own preset another name; the rack that is played keeps its changes."""

        def done(path: Path | None) -> None:
            self._name_rack(name)
            self._saved(path)

        renamed = partial(rename_preset, preset, name)
        self._do(partial(renamed, over), done, partial(renamed, True))

    def delete(self, preset: ListedPreset) -> None:
        self._do(partial(delete_preset, preset), lambda _path: self.changed.emit())

    def bring_in(self, path: Path) -> None:
        """Take a file among the user's presets, and play it."""

        def done(saved: Path | None) -> None:
            preset = self.library.called(saved.stem) if saved is not None else None
            if preset is not None:
                self.load(preset)

        self._do(partial(import_preset, path), done, partial(import_preset, path, True))

    def take_out(self, path: Path) -> None:
        """Write what is played to a file; whoever chose it has agreed to replace it."""
        rack = self.rack
        if rack is not None:
            self._do(lambda: write_preset(rack, path), lambda _path: None)

    def _do(self, work: Work, done: Done, over: Work | None = None) -> None:
        """Change files; if one is in the way, ask, and then do `over`."""

        def ask(reason: str) -> None:
            if over is None:
                self._engine.told.emit(reason)
            else:
                self.asked.emit(reason, partial(self._do, over, done))

        self.library.change(work, done, ask)

    def _saved(self, path: Path | None) -> None:
        """What was saved is what is played now, even if it was turned on meanwhile."""
        if path is not None:
            self._engine.call_preset(path.stem)
        self.changed.emit()

    def _name_rack(self, name: str) -> None:
        text = self.tr("name the rack {0}").format(name)
        self._engine.edit(text, lambda rack: replace(rack, name=name))

    def _recognise(self, _rack: Rack | None = None) -> None:
        """An engine that names none may play one all the same: the default one, at its start."""
        if not self.current and self.rack is not None:
            alike = (p.name for p in self.library.presets if not p.hidden and p.rack == self.rack)
            self._recognised = next(alike, "")
        self.changed.emit()

    def _tell_unsaved(self, left: Version) -> None:
        """Another preset was loaded, perhaps by a foot: say so if changes went with the one before."""
        preset = self.library.called(left.preset or self._recognised)
        if preset is None or preset.rack != left.rack:
            text = self.tr("The changes of {0} are not saved. Undo brings them back.")
            self._engine.noted.emit(text.format(left.rack.name))
