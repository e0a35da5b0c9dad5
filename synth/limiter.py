"""The safety limiter at the end of the mixer: no sample ever leaves above the ceiling.

Stereo-linked and without delay. Inside a block it sees what comes and turns down along straight lines of one
segment; a peak at the very start of a block is met by following the waveform itself, which rises steadily.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

CEILING_DBFS: Final = -1.0
CEILING: Final = float(10.0 ** (CEILING_DBFS / 20.0))
SEGMENT_SAMPLES: Final = 64
RELEASE_S: Final = 0.1  # time constant
RECOVERED: Final = 1.0 - 1e-6


class Limiter:
    """Holds one number from block to block: `gain`, at most 1. The render thread owns it."""

    def __init__(self, rate_hz: int) -> None:
        self.gain = 1.0
        self._release_samples = RELEASE_S * rate_hz

    def reset(self) -> None:
        self.gain = 1.0

    def limit(self, audio: Float32) -> Float32:
        """Hold `audio`, shape `(channels, samples)` and finite, to the ceiling; below it, it is untouched."""
        gains = self.gains(audio)
        return audio if gains is None else held(audio * gains)

    def gains(self, audio: Float32) -> Float32 | None:
        """The gain of each sample of a block, shape `(samples,)`; None if it may pass as it is.

        Advances the limiter: call once a block.
        """
        level = np.abs(audio).max(axis=0) if audio.size else np.zeros(0, np.float32)
        if self.gain == 1.0 and level.max(initial=0.0) <= CEILING:
            return None
        edges = [*range(0, len(level), SEGMENT_SAMPLES), len(level)]
        limits = _limits(level, edges)
        at_edges = self._gains_at(edges, limits)
        gains = np.interp(np.arange(1, len(level) + 1), edges, at_edges).astype(np.float32)
        if limits and at_edges[0] > limits[0]:  # no time for a straight line: follow the rising waveform
            allowed = CEILING / np.maximum(level[: edges[1]], CEILING)
            gains[: edges[1]] = np.minimum(gains[: edges[1]], np.minimum.accumulate(allowed))
        self.gain = 1.0 if at_edges[-1] > RECOVERED else at_edges[-1]
        return gains

    def _gains_at(self, edges: list[int], limits: list[float]) -> list[float]:
        """The gain at each edge: recovering, and within the limits of the segments on both of its sides."""
        at_edges = [self.gain]
        for index, limit in enumerate(limits):
            following = limits[index + 1] if index + 1 < len(limits) else 1.0
            recovery = float(np.exp(-(edges[index + 1] - edges[index]) / self._release_samples))
            at_edges.append(min(1.0 - (1.0 - at_edges[-1]) * recovery, limit, following))
        return at_edges


def held(audio: Float32) -> Float32:
    """Cut what rounding left above the ceiling."""
    return np.asarray(np.clip(audio, -CEILING, CEILING), np.float32)


def _limits(level: Float32, edges: list[int]) -> list[float]:
    """The largest gain that each segment bears."""
    if not level.size:
        return []
    peaks = np.maximum.reduceat(level, edges[:-1])
    return [float(limit) for limit in CEILING / np.maximum(peaks, CEILING)]
