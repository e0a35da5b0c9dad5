"""How long each stage of a block takes: laps of a stop-watch, kept for the last few thousand blocks.

Beside the chain: the renderer calls `lap` as a block passes from stage to stage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Lap: TypeAlias = Callable[[str], None]
STAGES: Final = (
    "prepare",
    "spectrogram",
    "denoiser",
    "inverter",
    "guests",
    "mixer",
    "block",
)  # the last is the sum
PERCENTILES: Final = (50.0, 99.0, 99.9)


def no_lap(_: str) -> None:
    """What a renderer that nobody times calls."""


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Percentiles of one stage's times, in milliseconds."""

    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float


class BlockTimer:
    """Keeps the times of the last `blocks` blocks.

    The render thread calls `start`, `lap` and `stop`; any thread may call the rest, which may see the oldest
    block while it is replaced.
    """

    def __init__(self, blocks: int = 4096, now_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._now_ns = now_ns
        self._log = np.zeros((blocks, len(STAGES)), np.float32)
        self._current = dict.fromkeys(STAGES, 0)
        self._begin_ns = self._last_ns = 0
        self._forgotten = 0  # blocks before the last `forget`
        self.blocks = 0  # timed since the beginning

    def start(self) -> None:
        """A block begins."""
        self._current = dict.fromkeys(STAGES, 0)
        self._begin_ns = self._last_ns = self._now_ns()

    def lap(self, stage: str) -> None:
        """The time since the start, or since the last lap, was spent in `stage`."""
        now_ns = self._now_ns()
        self._current[stage] += now_ns - self._last_ns
        self._last_ns = now_ns

    def stop(self) -> None:
        """The block is done."""
        self._current["block"] = self._now_ns() - self._begin_ns
        self._log[self.blocks % len(self._log)] = [ns / 1e6 for ns in self._current.values()]
        self.blocks += 1

    def last_ms(self) -> dict[str, float]:
        """The stage times of the block that was timed last."""
        return {stage: ns / 1e6 for stage, ns in self._current.items()}

    def recent_ms(self, blocks: int) -> tuple[float, ...]:
        """The whole times of the last so many blocks, the newest last, to a microsecond."""
        count, size = self.blocks, len(self._log)
        first = max(0, count - min(blocks, size))
        return tuple(round(float(self._log[block % size, -1]), 3) for block in range(first, count))

    def forget(self) -> None:
        """Keep only the blocks from now on; `blocks` goes on counting."""
        self._forgotten = self.blocks

    def times_ms(self) -> NDArray[np.float32]:
        """The kept blocks, oldest first: `(blocks, len(STAGES))`."""
        count, size = self.blocks, len(self._log)
        return self._log[np.arange(max(self._forgotten, count - size), count) % size]

    def summary(self) -> dict[str, StageTimes]:
        """Percentiles of each stage over the kept blocks."""
        return percentiles(self.times_ms())


def percentiles(times_ms: NDArray[np.float32]) -> dict[str, StageTimes]:
    """Percentiles of each stage, from `(blocks, len(STAGES))` milliseconds; all zero for no block.

    Between two blocks as `numpy.percentile` has it, in half the time: a snapshot waits for this.
    """
    blocks = len(times_ms)
    if not blocks:
        return dict.fromkeys(STAGES, StageTimes(0.0, 0.0, 0.0, 0.0))
    places = np.array(PERCENTILES) / 100.0 * (blocks - 1)
    below = places.astype(np.int64)
    above = np.minimum(below + 1, blocks - 1)
    ranked = np.partition(times_ms.T, np.unique([*below, *above, blocks - 1]), axis=1).astype(np.float64)
    ranks = ranked[:, below] + (ranked[:, above] - ranked[:, below]) * (places - below)
    columns = np.column_stack([ranks, ranked[:, -1]]).tolist()
    return {stage: StageTimes(*column) for stage, column in zip(STAGES, columns, strict=True)}
