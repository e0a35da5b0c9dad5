"""Any device rate: a streaming resampler between the outlet, at the ring's rate, and the device's callback.

soxr's variable-rate engine filters in time, so what it holds back is constant (5 ms); its other qualities
work in blocks of a Fourier transform, hold back 10 to 19 ms and give their output in bursts.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ..audio_device import Fill
from ..audio_out import CHANNELS

Float32 = NDArray[np.float32]
RATE_RANGE_HZ: Final = (8_000, 384_000)
SPARE_FRAMES: Final = 2  # of the ring's rate, against the rounding of two rates
PROBE_FRAMES: Final = 8192
LARGEST_PULL_FRAMES: Final = 65_536


class Resampled:
    """Fills a device's blocks at `device_rate_hz` from `fill`, which is asked for frames at `rate_hz`.

    When the device has got j frames, the source has been asked for `ceil(j * rate_hz / device_rate_hz)`, as
    by a device of its own rate; what it gives sounds `delay_frames` later. The device's thread calls `pull`.
    """

    def __init__(self, fill: Fill, rate_hz: int, device_rate_hz: int) -> None:
        self._fill = fill
        self._rates_hz = rate_hz, device_rate_hz
        held_frames, shift_frames = _probe(rate_hz, device_rate_hz)
        primed_frames = math.ceil(held_frames) + SPARE_FRAMES
        self.delay_frames = round(primed_frames + shift_frames)
        self._stream = _stream(rate_hz, device_rate_hz)
        self._ready: Float32 = self._stream.resample_chunk(np.zeros((primed_frames, CHANNELS), np.float32))
        self._pulled = np.zeros((LARGEST_PULL_FRAMES, CHANNELS), np.float32)
        self._asked = 0  # frames that the source has been asked for
        self._given = 0  # frames that the device has got

    def pull(self, out: Float32) -> None:
        """The callback: write the next frames into `out`, shape `(frames, 2)`."""
        rate_hz, device_rate_hz = self._rates_hz
        due = -(-(self._given + len(out)) * rate_hz // device_rate_hz)
        self._ask(due - self._asked)
        while len(self._ready) < len(out):
            self._ask(max(1, due - self._asked))
        out[:] = self._ready[: len(out)]
        self._ready = self._ready[len(out) :]
        self._given += len(out)

    def _ask(self, frames: int) -> None:
        source = self._pulled[: max(0, min(frames, LARGEST_PULL_FRAMES))]
        if len(source):
            self._fill(source)
            self._asked += len(source)
            self._ready = np.concatenate([self._ready, self._stream.resample_chunk(source)])


def _stream(rate_hz: int, device_rate_hz: int) -> soxr.ResampleStream:
    stream = soxr.ResampleStream(rate_hz, device_rate_hz, CHANNELS, "float32", "HQ", vr=True)
    stream.set_io_ratio(rate_hz, device_rate_hz)
    return stream


def _probe(rate_hz: int, device_rate_hz: int) -> tuple[float, float]:
    """Frames that the resampler holds back at most, and those by which it shifts the sound, at `rate_hz`.

    Measured with an impulse: out comes a filter's kernel, whose centre of gravity is where it went.
    """
    ratio = rate_hz / device_rate_hz
    stream, made = _stream(rate_hz, device_rate_hz), []
    impulse = np.zeros((PROBE_FRAMES, CHANNELS), np.float32)
    impulse[PROBE_FRAMES // 2] = 1.0
    held_frames, done = 0.0, 0
    for frame in range(PROBE_FRAMES):
        made.append(stream.resample_chunk(impulse[frame : frame + 1]))
        done += len(made[-1])
        held_frames = max(held_frames, frame + 1 - done * ratio)
    kernel = np.concatenate(made)[:, 0].astype(np.float64)
    centre = float(np.arange(len(kernel)) @ kernel / kernel.sum())
    return held_frames, centre * ratio - PROBE_FRAMES // 2
