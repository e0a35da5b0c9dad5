"""The newest mel frames, kept for subscribers: from the spectrogram stage to the publisher."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .snapshots import MAX_MEL_FRAMES, MelChunk

KEPT_FRAMES: Final = 1024  # 5.5 s of the default bundle
SPARED_FRAMES: Final = 64  # the oldest are not told: they may be replaced while they are read


class MelLog:
    """Keeps the last frames of `mels` bands.

    Threads: the render thread puts, the server's thread reads, without a lock: never where the next go.
    """

    def __init__(self, mels: int) -> None:
        self._frames: NDArray[np.float16] = np.zeros((KEPT_FRAMES, mels), np.float16)
        self.written = 0  # frames since the beginning

    def put(self, frames: NDArray[np.floating]) -> None:
        """Append at most `SPARED_FRAMES` frames, shape `(frames, mels)`, natural log magnitudes.

        Frames of another number of bands, which a bundle that was swapped in may have, are left out.
        """
        assert len(frames) <= SPARED_FRAMES
        if frames.shape[1] != self._frames.shape[1]:
            return
        self._frames[np.arange(self.written, self.written + len(frames)) % KEPT_FRAMES] = frames
        self.written += len(frames)

    def since(self, first_frame: int) -> MelChunk | None:
        """Frames from `first_frame` on, or from the oldest that is kept; None if there are none yet."""
        end = self.written
        first = max(first_frame, end - (KEPT_FRAMES - SPARED_FRAMES), 0)
        count = min(end - first, MAX_MEL_FRAMES)
        if count <= 0:
            return None
        begin = first % KEPT_FRAMES
        if begin + count <= KEPT_FRAMES:
            return MelChunk.of(first, self._frames[begin : begin + count])
        parts = self._frames[begin:], self._frames[: begin + count - KEPT_FRAMES]
        return MelChunk.of(first, np.concatenate(parts))
