"""Shedding load: what a player gives up, in a stated order, before the sound breaks off.

Beside the render thread, which tells the time of every block and asks what to give up now. First the steps
of the sampler (texture), then released notes beyond a number, the oldest first (tails). Each comes back when
there has been room for it for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TIGHT_SHARE: Final = 0.9  # of a block's length: a block that takes longer is tight
TIGHT_BLOCKS, WATCHED_BLOCKS = 3, 12  # so many tight ones among the last so many, and something has to go
ROOMY_SHARE: Final = 0.5  # no block of the calm time may take longer before something comes back
CALM_S: Final = 4.0
RELEASES_KEPT: Final = (24, 8, 0)  # of each stream
ALL_RELEASES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Load:
    """What is played with: steps of the sampler, and released notes that each stream may let ring."""

    steps: int
    releases: int = ALL_RELEASES

    def __str__(self) -> str:
        tails = "" if self.releases == ALL_RELEASES else f", {self.releases} released notes a part"
        return f"{self.steps} steps{tails}"


def load_ladder(steps: int, steps_allowed: Sequence[int]) -> tuple[Load, ...]:
    """All loads from the chosen number of steps down to the lightest, in the order of their taking."""
    fewer = sorted((allowed for allowed in steps_allowed if allowed <= steps), reverse=True)
    return (*map(Load, fewer), *(Load(fewer[-1], kept) for kept in RELEASES_KEPT))


class Shedder:
    """Goes down and up the ladder. The render thread owns it; any thread may read `load` and `rung`."""

    def __init__(self, ladder: Sequence[Load], block_ms: float) -> None:
        self._ladder, self._block_ms = tuple(ladder), block_ms
        self._tight: deque[bool] = deque(maxlen=WATCHED_BLOCKS)
        self._calm_blocks = 0
        self.rung = 0

    @property
    def load(self) -> Load:
        return self._ladder[self.rung]

    def observe(self, took_ms: float) -> bool:
        """Take the time of one block into account; returns whether the load has changed."""
        self._tight.append(took_ms > TIGHT_SHARE * self._block_ms)
        roomy = took_ms <= ROOMY_SHARE * self._block_ms
        self._calm_blocks = self._calm_blocks + 1 if roomy else 0
        if sum(self._tight) >= TIGHT_BLOCKS and self.rung < len(self._ladder) - 1:
            return self._go(1)
        if self.rung and self._calm_blocks * self._block_ms >= 1000.0 * CALM_S:
            return self._go(-1)
        return False

    def _go(self, direction: int) -> bool:
        self.rung += direction
        self._tight.clear()
        self._calm_blocks = 0
        return True
