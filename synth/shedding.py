"""Shedding load: what a player gives up, in a stated order, before the sound breaks off.

Beside the render thread, which tells the time of every block and asks what to give up now. First the steps
of the sampler (texture), then streams of their own (parts share one, which blurs them), then released notes
beyond a number, the oldest first (tails). Each comes back when there has been room for it for a while, and
one that has to go again at once after a longer while.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

TIGHT_SHARE: Final = 0.9  # of the time that a block has: one that takes longer is tight
TIGHT_BLOCKS, WATCHED_BLOCKS = 3, 12  # so many tight ones among the last so many, and something has to go
ROOMY_SHARE: Final = 0.5  # no block of the calm time may take longer before something comes back
CALM_S: Final = 4.0
LONGEST_CALM_S: Final = 64.0  # after relapses: each asks for twice as long a calm
RELAPSE_S: Final = 8.0  # what has come back and has to go within so long came back too early
RELEASES_KEPT: Final = (24, 8, 0)  # of each stream
ALL_RELEASES: Final = 1 << 30
MERGED: Final = ("", ", half the streams", ", one stream a bundle")  # what each depth of merging leaves
DEEPEST_MERGE: Final = len(MERGED) - 1


@dataclass(frozen=True, slots=True)
class Load:
    """What is played with: steps of the sampler, released notes that each stream may let ring, and how far
    streams are merged: 0, each part where the rack has it; 1 and 2 as in `MERGED`."""

    steps: int
    releases: int = ALL_RELEASES
    merged: int = 0

    def __str__(self) -> str:
        tails = "" if self.releases == ALL_RELEASES else f", {self.releases} released notes a part"
        return f"{self.steps} steps{MERGED[self.merged]}{tails}"


@runtime_checkable
class Merging(Protocol):
    """A chain that can move the parts of several streams onto one."""

    @property
    def merges(self) -> int:
        """How far merging goes with what it plays now, as in `Load.merged`."""
        ...


def load_ladder(steps: int, steps_allowed: Sequence[int], deepest_merge: int = 0) -> tuple[Load, ...]:
    """All loads from the chosen number of steps down to the lightest, in the order of their taking."""
    fewer = sorted((allowed for allowed in steps_allowed if allowed <= steps), reverse=True)
    merged = (Load(fewer[-1], merged=depth) for depth in range(1, deepest_merge + 1))
    hurried = (Load(fewer[-1], kept, deepest_merge) for kept in RELEASES_KEPT)
    return (*map(Load, fewer), *merged, *hurried)


class Shedder:
    """Goes down and up the ladder. The render thread owns it; any thread may read `load` and `rung`."""

    def __init__(
        self, ladder: Sequence[Load], block_ms: float, merges: Callable[[], int] = lambda: 0
    ) -> None:
        """`merges` tells how far merging goes at the moment; rungs that would merge further are passed by."""
        self._ladder, self._block_ms, self._merges = tuple(ladder), block_ms, merges
        self._tight: deque[bool] = deque(maxlen=WATCHED_BLOCKS)
        self._calm_blocks = 0
        self._calm_s = CALM_S  # that is asked for
        self._returned_blocks: float = math.inf  # since something came back
        self.rung = 0

    @property
    def load(self) -> Load:
        return self._ladder[self.rung]

    def observe(self, took_ms: float, ready_ms: float = math.inf) -> bool:
        """Take the time of one block into account; returns whether the load has changed.

        `ready_ms`: what the ring held when the block was begun; one that takes longer is late, even if it
        takes less than it lasts.
        """
        self._tight.append(took_ms > TIGHT_SHARE * min(self._block_ms, ready_ms))
        roomy = took_ms <= ROOMY_SHARE * self._block_ms
        self._calm_blocks = self._calm_blocks + 1 if roomy else 0
        self._returned_blocks += 1
        if sum(self._tight) >= TIGHT_BLOCKS and self.rung < len(self._ladder) - 1:
            return self._go(1)
        if self.rung and self._calm_blocks * self._block_ms >= 1000.0 * self._calm_s:
            return self._go(-1)
        return False

    def _go(self, direction: int) -> bool:
        if direction < 0:
            self._returned_blocks = 0
        elif self._returned_blocks * self._block_ms < 1000.0 * RELAPSE_S:
            self._calm_s = min(2.0 * self._calm_s, LONGEST_CALM_S)
        else:
            self._calm_s = CALM_S
        self.rung += direction
        while self._idle(self.load):  # never the first nor the last rung
            self.rung += direction
        self._tight.clear()
        self._calm_blocks = 0
        return True

    def _idle(self, load: Load) -> bool:
        """Whether a rung gives up nothing that the one before it has not given up."""
        return load.releases == ALL_RELEASES and load.merged > self._merges()
