"""MIDI learn on the way in: learnt controllers become changes of the rack, everything else passes.

Between a source of events and the render thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from .events import MidiEvent
from .rack.learn import Change, Learner
from .sources import EventSource


class LearningSource:
    """A source whose learnt controllers are taken out.

    Threads: the render thread calls `take`; `learner` is its, so reach it between blocks; any thread may take
    `changes`, oldest first, from the left.
    """

    def __init__(
        self, source: EventSource, learner: Learner, current_value: Callable[[str], float | None]
    ) -> None:
        self.learner = learner
        self.changes: deque[Change] = deque()
        self._source, self._current_value = source, current_value

    @property
    def ended(self) -> bool:
        return self._source.ended

    def take(self, end_frame: int) -> Iterable[MidiEvent]:
        return [event for event in self._source.take(end_frame) if not self._claimed(event)]

    def close(self) -> None:
        self._source.close()

    def _claimed(self, event: MidiEvent) -> bool:
        if not self.learner.claims(event):
            return False
        change = self.learner.apply(event, self._current_value)
        if change is not None:
            self.changes.append(change)
        return True
