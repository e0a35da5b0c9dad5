"""The ring between the render thread and the audio callback: stereo samples, first in, first out.

Threads: exactly one thread calls `write` and exactly one calls `read` and `skip`; no call waits or allocates
more than its slices. `written` and `taken` only grow; each is set by its own side alone, after the copy that
it tells of, so that the other side never sees samples that are not there. Any thread may read the counters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class Ring:
    """Room for `frames` float32 samples of `channels` channels; any number, not only powers of two."""

    def __init__(self, frames: int, channels: int = 2) -> None:
        self._samples: Float32 = np.zeros((frames, channels), np.float32)
        self.written = 0  # frames since the beginning
        self.taken = 0  # frames read or skipped since the beginning

    @property
    def frames(self) -> int:
        return len(self._samples)

    @property
    def channels(self) -> int:
        return int(self._samples.shape[1])

    @property
    def readable(self) -> int:
        """Frames waiting to be read. For the reader a lower bound, for the writer an upper one."""
        return self.written - self.taken

    @property
    def writable(self) -> int:
        """Frames that fit. For the writer a lower bound, for the reader an upper one."""
        return len(self._samples) - self.readable

    def write(self, block: Float32) -> int:
        """Append the leading frames of `block`, shape `(frames, channels)`, that fit; returns how many."""
        count = min(len(block), self.writable)
        start = self.written % len(self._samples)
        first = min(count, len(self._samples) - start)
        self._samples[start : start + first] = block[:first]
        self._samples[: count - first] = block[first:count]
        self.written += count
        return count

    def read(self, out: Float32) -> int:
        """Move waiting frames to the front of `out`, shape `(frames, channels)`; returns how many."""
        count = min(len(out), self.readable)
        start = self.taken % len(self._samples)
        first = min(count, len(self._samples) - start)
        out[:first] = self._samples[start : start + first]
        out[first:count] = self._samples[: count - first]
        self.taken += count
        return count

    def skip(self, frames: int) -> int:
        """Drop up to `frames` waiting frames unread; returns how many."""
        count = max(0, min(frames, self.readable))
        self.taken += count
        return count
