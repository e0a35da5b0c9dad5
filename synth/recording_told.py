"""How long a recording is by now, and how much of what was played lately could still be kept: for a panel.

Beside the recordings: a sink of their feed that writes nothing down.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .engine_snapshot import RecordingState
from .takes.retrospect import KEEP_S

Float32 = NDArray[np.float32]


class RecordingTold:
    """Follows what is played.

    Threads: the real-time thread of the feed calls `put`; one owner calls `begin` and `end`; any thread reads
    `state` and `remembered_s`.
    """

    def __init__(self, rate_hz: int, *, remembers: bool) -> None:
        self._rate_hz, self._keep = rate_hz, (KEEP_S if remembers else 0) * rate_hz
        self._position = 0  # of the next frame to be played
        self._sounded: deque[int] = deque(maxlen=KEEP_S + 1)  # where each second with sound in it began
        self._oldest: int | None = None  # of those that are not too old
        self._silent_from = 0
        self._take: tuple[Path, int] | None = None  # and the position at which it was begun
        self._ended: int | None = None  # the position at which it came to grief

    def put(self, played: Float32, position: int) -> None:
        """Take what is played, shape `(frames, 2)`, and where in the stream."""
        self._position = end = position + len(played)
        if played.any():
            self._silent_from = end
            if not self._sounded or position - self._sounded[-1] >= self._rate_hz:
                self._sounded.append(position)
        while self._sounded and self._sounded[0] <= end - self._keep - self._rate_hz:
            self._sounded.popleft()
        self._oldest = self._sounded[0] if self._sounded else None

    def begin(self, path: Path) -> None:
        self._ended, self._take = None, (path, self._position)

    def end(self) -> None:
        self._take = None

    def state(self, problem: Exception | None) -> RecordingState | None:
        """The take under way; `problem` is what has ended it early."""
        take = self._take
        if take is None:
            return None
        if problem is not None and self._ended is None:
            self._ended = self._position
        path, begin = take
        end = self._position if self._ended is None else self._ended
        told = None if problem is None else str(problem)
        return RecordingState(str(path), (end - begin) / self._rate_hz, told)

    @property
    def remembered_s(self) -> float:
        """From the first sound to the last one of the last half hour, to a second; 0 if none is kept."""
        oldest = self._oldest
        if oldest is None or not self._keep:
            return 0.0
        first = max(oldest, self._position - self._keep)
        return max(0.0, (self._silent_from - first) / self._rate_hz)
