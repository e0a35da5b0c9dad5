"""The audio callback's side of the ring: copy, pad, count, return.

The last link before the device. When the ring runs dry the sound fades from its last sample instead of
breaking off; what comes too late is dropped, so the delay afterwards is what it was before. An outlet that
rests does the same without taking anything: another one goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from .ring import Ring
from .sample_clock import SampleClock

Float32 = NDArray[np.float32]
FADE_SAMPLES: Final = 64  # 1.3 ms at 48 kHz: too short to hear as a fade, too long to click
_RISE: Final = (np.arange(1, FADE_SAMPLES + 1, dtype=np.float32) / FADE_SAMPLES)[:, None]


class Tap(Protocol):
    """Sees all that is played, in the device's thread: must not wait."""

    def put(self, played: Float32) -> None: ...


class Outlet:
    """Fills a device's buffers from `ring`; sample n of the ring is played as sample n of the device, or not.

    The device's thread calls `fill`, nothing else here is for it. Any thread may read the counters and set
    `armed` and `resting`.
    """

    def __init__(
        self,
        ring: Ring,
        clock: SampleClock,
        now_ns: Callable[[], int] = time.monotonic_ns,
        tap: Tap | None = None,
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._now_ns = now_ns
        self._tap = tap
        self._last = np.zeros(ring.channels, np.float32)  # the last frame played
        self._starved = False
        self._risen = FADE_SAMPLES  # frames of the fade-in that are behind
        self.armed = False  # before, silence is played and nothing counts
        self.resting = False  # silence, faded into, is played and nothing counts
        self.position = 0  # frames that the device has taken
        self.underruns = 0  # times that the ring ran dry
        self.missing_frames = 0  # frames padded

    def fill(self, out: Float32) -> None:
        """Write the next frames into `out`, shape `(frames, channels)`."""
        if not self.armed:
            out[:] = 0.0
            return
        if self.resting:
            self._rest(out)
            return
        frames = len(out)
        self._clock.update(self._now_ns(), self.position, frames)
        late = self.position - self._ring.taken
        if late:
            late -= self._ring.skip(late)
        got = 0 if late else self._ring.read(out)
        if self._risen < FADE_SAMPLES:
            self._rise(out[:got])
        if got < frames:
            self._fall(out, got)
        self._starved = got < frames
        self._last[:] = out[-1]
        self.position += frames
        if self._tap is not None:
            self._tap.put(out)

    def _rise(self, played: Float32) -> None:
        """Fade in after a gap."""
        length = min(len(played), FADE_SAMPLES - self._risen)
        played[:length] *= _RISE[self._risen : self._risen + length]
        self._risen += length

    def _rest(self, out: Float32) -> None:
        self._fade(out)
        self._risen = 0
        self._last[:] = out[-1]

    def _fall(self, out: Float32, got: int) -> None:
        """Pad from frame `got` on, fading from the last frame that was played."""
        if got:
            self._last[:] = out[got - 1]
        self._fade(out[got:])
        if not self._starved:
            self.underruns += 1
        self._risen = 0
        self.missing_frames += len(out) - got

    def _fade(self, out: Float32) -> None:
        """Silence, after a fall from the last frame that was played."""
        length = min(len(out), FADE_SAMPLES)
        out[length:] = 0.0
        out[:length] = self._last * (1.0 - _RISE[:length])
