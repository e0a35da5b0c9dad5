"""The newest samples of what is played, kept for subscribers: from the mixer to the publisher."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .snapshots import MAX_WAVE_FRAMES, WaveChunk, wave_samples

SPARED_FRAMES: Final = 8_192  # the oldest are not told: they may be replaced while they are read
KEPT_FRAMES: Final = MAX_WAVE_FRAMES + SPARED_FRAMES


class WaveLog:
    """Keeps the last samples of a mono mix.

    Threads: the render thread puts, the server's thread reads, without a lock: never where the next go.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._samples: NDArray[np.int16] = np.zeros(KEPT_FRAMES, np.int16)
        self.written = 0  # samples since the beginning

    def put(self, block: NDArray[np.float32]) -> None:
        """Append a block, shape `(frames, 2)`, of at most `SPARED_FRAMES`."""
        assert len(block) <= SPARED_FRAMES
        begin = self.written % KEPT_FRAMES
        room = min(KEPT_FRAMES - begin, len(block))
        samples = wave_samples(block)
        self._samples[begin : begin + room] = samples[:room]
        self._samples[: len(block) - room] = samples[room:]
        self.written += len(block)

    def since(self, first_frame: int) -> WaveChunk | None:
        """Samples from `first_frame` on, or the last `MAX_WAVE_FRAMES`; None if there are none yet."""
        end = self.written
        first = max(first_frame, end - MAX_WAVE_FRAMES, 0)
        if first >= end:
            return None
        return WaveChunk.of(first, self._rate_hz, self._samples[np.arange(first, end) % KEPT_FRAMES])
