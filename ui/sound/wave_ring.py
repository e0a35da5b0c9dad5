"""The last samples of what is played, for the oscilloscope and the spectrum: WaveChunk ─▶ WaveRing."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
SAMPLES: Final = 32_768  # 0.68 s at 48 kHz


class WaveRing:
    """Gives out only samples that follow each other: what came before a gap is forgotten. Belongs to the
    panel's thread."""

    def __init__(self) -> None:
        self._samples = np.zeros(SAMPLES, np.float32)
        self.next_frame = self._run_begin = 0

    @property
    def known(self) -> int:
        """How many of the newest samples are there without a gap."""
        return min(SAMPLES, self.next_frame - self._run_begin)

    def put(self, first_frame: int, samples: Float32) -> None:
        """Take mono samples, shape `(frames,)`."""
        if first_frame != self.next_frame:
            self._run_begin = first_frame
        self.next_frame = first_frame + len(samples)
        kept = samples[-SAMPLES:]
        self._samples[np.arange(self.next_frame - len(kept), self.next_frame) % SAMPLES] = kept

    def latest(self, count: int) -> Float32 | None:
        """The newest `count` samples, shape `(count,)`; None if there are not so many without a gap."""
        if count > self.known:
            return None
        return self._samples[np.arange(self.next_frame - count, self.next_frame) % SAMPLES]
