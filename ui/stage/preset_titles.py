"""The names of all good presets, read on a thread of their own: which comes next, and which was before.

The engine itself steps through them (`preset_after`); here is only what to write on the buttons.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from neume.synth.rack.preset_search import DEFAULT_PRESET, ListedPreset, list_presets


@dataclass(frozen=True, slots=True)
class PresetTitle:
    """`name` is the file's, `title` the rack's."""

    name: str
    title: str


class PresetTitles(QObject):
    """Belongs to the panel's thread; the files are read on another, one reading at a time."""

    changed = Signal()
    _read = Signal(object)  # tuple of PresetTitle, or None if nothing could be read

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles: tuple[PresetTitle, ...] = ()
        self._reading = self._again = False
        self._read.connect(self._take)

    def read(self) -> None:
        """Look again which presets there are; `changed` if they are others."""
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False
        threading.Thread(target=self._list, name="neume-preset-titles", daemon=True).start()

    def _list(self) -> None:
        found: tuple[PresetTitle, ...] | None = None
        with contextlib.suppress(OSError):  # the folder has gone: keep what was known
            found = good_titles(list_presets())
        with contextlib.suppress(RuntimeError):  # the panel has gone meanwhile
            self._read.emit(found)

    def _take(self, titles: tuple[PresetTitle, ...] | None) -> None:
        self._reading = False
        if titles is not None and titles != self.titles:
            self.titles = titles
            self.changed.emit()
        if self._again:
            self.read()


def good_titles(presets: Sequence[ListedPreset]) -> tuple[PresetTitle, ...]:
    """Those that can be stepped to, in the order in which they are."""
    good = {p.name: p.rack.name for p in presets if p.rack is not None and not p.hidden}
    return tuple(PresetTitle(name, good[name]) for name in sorted(good))


def title_after(titles: Sequence[PresetTitle], name: str, steps: int) -> str:
    """What is `steps` after the preset called `name`, round in a circle as `preset_after`; "" if none is."""
    if not titles:
        return ""
    names = [title.name for title in titles]
    start = next((other for other in (name, DEFAULT_PRESET) if other in names), names[0])
    return titles[(names.index(start) + steps) % len(titles)].title
