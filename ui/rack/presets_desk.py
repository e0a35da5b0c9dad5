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

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack
from neume.synth.rack.preset_search import USER, ListedPreset
from neume.synth.rack.preset_write import write_preset

from ..engine_model import EngineModel
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
    """Belongs to the panel's thread. `current`: the file name of the preset that is played, or empty."""

    changed = Signal()  # the preset, or whether the rack differs from it
    asked = Signal(str, object)  # why a file cannot be replaced unasked, and what to call if it may be

    def __init__(self, engine: EngineModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current, self.library = "", PresetLibrary(self)
        self._engine, self._told = engine, ""
        self._named = False  # whether the engine has ever said which it plays
        self.library.listed.connect(self._recognise)
        self.library.told.connect(engine.told)
        engine.rack_changed.connect(self._heard_rack)
        engine.snapshot_came.connect(self._follow)
        self.library.look()

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
            rack = preset.rack
            self._engine.edit(self.tr("load {0}").format(rack.name), lambda _rack: rack)
            self._call(preset.name)

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
            self._do(work, partial(self._saved, rack), replaced)

    def rename(self, preset: ListedPreset, name: str, over: bool) -> None:
        """Give an own preset another name; the rack that is played keeps its changes."""
        dirty = self.dirty

        def done(path: Path | None) -> None:
            self._name_rack(name)
            if path is not None and dirty:
                self.current = path.stem
            elif path is not None:
                self._call(path.stem)
            self.changed.emit()

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

    def _saved(self, rack: Rack, path: Path | None) -> None:
        """What was saved is what is played now: next and previous go on from there."""
        if path is not None and self.rack == rack:
            self._call(path.stem)
        elif path is not None:
            self.current = path.stem  # turned on meanwhile, which must not be lost
        self.changed.emit()

    def _name_rack(self, name: str) -> None:
        text = self.tr("name the rack {0}").format(name)
        self._engine.edit(text, lambda rack: replace(rack, name=name))

    def _call(self, name: str) -> None:
        """Tell the engine which preset it is that it plays."""
        self.current = name
        self._engine.load_preset(name)
        self.changed.emit()

    def _recognise(self) -> None:
        """An engine that has never named one may play one all the same: the default one, at its start."""
        if not self._named and not self.current and self.rack is not None:
            alike = (p.name for p in self.library.presets if not p.hidden and p.rack == self.rack)
            self.current = next(alike, "")
        self.changed.emit()

    def _heard_rack(self, _rack: Rack) -> None:
        self._recognise()

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if snapshot.preset != self._told:
            self._told = self.current = snapshot.preset
            self._named = True
            self.changed.emit()
