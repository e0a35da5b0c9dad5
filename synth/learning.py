"""MIDI learn on the way in: learnt controllers become changes of the rack, everything else passes.

Between a source of events and the render thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from .events import MidiEvent, Panic
from .rack.learn import Change, Learner, Mapping
from .sources import EventSource

PANIC_BUTTON: Final = "panic"  # the target


class LearningSource:
    """A source whose learnt controllers are taken out.

    Threads: the render thread calls `take`; `learner` is its, so reach it between blocks; any thread may take
    `changes`, oldest first, from the left.
    """

    def __init__(
        self, source: EventSource, learner: Learner, current_value: Callable[[str], float | None]
    ) -> None:
        self.learner = learner
        self.changes: deque[Change | Mapping] = deque()
        self._source, self._current_value = source, current_value

    @property
    def ended(self) -> bool:
        return self._source.ended

    def take(self, end_frame: int) -> Iterable[MidiEvent]:
        return [passed for event in self._source.take(end_frame) for passed in self._passed(event)]

    def close(self) -> None:
        self._source.close()

    def _passed(self, event: MidiEvent) -> Iterable[MidiEvent]:
        """What the render thread hears of an event. A panic must not wait for the owner, who may be busy."""
        if not self.learner.claims(event):
            return (event,)
        waited = self.learner.armed is not None
        change: Change | Mapping | None = self.learner.apply(event, self._current_value)
        if waited and self.learner.armed is None:
            change = self.learner.mappings[-1]
        if isinstance(change, Change) and change.target == PANIC_BUTTON:
            return (Panic(event.frame),)
        if change is not None:
            self.changes.append(change)
        return ()
