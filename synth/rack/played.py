"""Which rack is played, and what it came from: one record, so that a snapshot tells of one moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from .part import Rack
from .preset_search import open_preset, preset_after


@dataclass(frozen=True, slots=True)
class PlayedRack:
    """`preset`: the one that it came from, or was saved as last, by name; empty for none."""

    rack: Rack
    preset: str = ""
    revision: int = 1  # another number with every change

    def then(self, rack: Rack, preset: str | None = None) -> Self:
        """What is played after it; without a preset's name it is a change of the same one."""
        name = self.preset if preset is None else preset
        return replace(self, rack=rack, preset=name, revision=self.revision + 1)

    def beside(self, steps: int) -> Self:
        """Another preset, so many after this one in their order, or before it."""
        preset = preset_after(self.preset, steps)
        return self.then(open_preset(preset), preset)
