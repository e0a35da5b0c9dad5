"""Who has to look when the rack has changed: the controls of the parts that are not the same any more.

A rack of sixteen parts has some two hundred controls, and a fader that is dragged changes it all the time.
"""

from __future__ import annotations

from typing import Protocol
from weakref import WeakSet

from PySide6.QtCore import QObject
from shiboken6 import isValid

from neume.synth.rack.part import Part, Rack

from ..engine_model import EngineModel


class Follower(Protocol):
    """A QObject that shows a value of one part, or of the rack itself."""

    def follow(self, rack: Rack) -> None: ...


class RackWatch(QObject):
    """One for an engine's model, and its child. Belongs to the panel's thread."""

    def __init__(self, engine: EngineModel) -> None:
        super().__init__(engine)
        self._followers: dict[int | None, WeakSet[Follower]] = {}
        self._parts: tuple[Part, ...] = ()
        engine.rack_changed.connect(self._look)

    def add(self, part: int | None, follower: Follower) -> None:
        """Let it follow the part of that number, or the rack itself for None."""
        self._followers.setdefault(part, WeakSet()).add(follower)

    def move(self, before: int | None, part: int | None, follower: Follower) -> None:
        """Let it follow another one."""
        self._followers.get(before, WeakSet()).discard(follower)
        self.add(part, follower)

    def _look(self, rack: Rack) -> None:
        parts, self._parts = self._parts, rack.parts
        changed: list[int | None] = [
            index
            for index in self._followers
            if index is None or _part(parts, index) is not _part(rack.parts, index)
        ]
        for index in changed:
            for follower in list(self._followers[index]):
                if isValid(follower):
                    follower.follow(rack)


def rack_watch(engine: EngineModel) -> RackWatch:
    """The one of this engine."""
    found = engine.findChild(RackWatch)
    return found if isinstance(found, RackWatch) else RackWatch(engine)


def _part(parts: tuple[Part, ...], index: int) -> Part | None:
    return parts[index] if index < len(parts) else None
