"""Which target waits for its controller, as one signal for all controls: told only when it changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from neume.synth.engine_snapshot import EngineSnapshot

from ..engine_model import EngineModel


class LearnWatch(QObject):
    """One for an engine's model, and its child. Belongs to the panel's thread."""

    changed = Signal(object)  # the target that waits now, or None

    def __init__(self, engine: EngineModel) -> None:
        super().__init__(engine)
        self.waiting: str | None = None
        engine.snapshot_came.connect(self._follow)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if snapshot.learning != self.waiting:
            self.waiting = snapshot.learning
            self.changed.emit(self.waiting)


def learn_watch(engine: EngineModel) -> LearnWatch:
    """The one of this engine."""
    found = engine.findChild(LearnWatch)
    return found if isinstance(found, LearnWatch) else LearnWatch(engine)
