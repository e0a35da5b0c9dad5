"""How loud audio is, measured as it passes by: integrated loudness and true peak, in constant memory."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pyloudnorm.iirfilter import IIRfilter  # type: ignore[import-untyped]
from scipy.signal import lfilter  # type: ignore[import-untyped]

Float32 = NDArray[np.float32]
OVERSAMPLING: Final = 4  # BS.1770-4, annex 2
STEPS_PER_S: Final = 10  # gating blocks of 400 ms overlap by three quarters
STEPS_PER_BLOCK: Final = 4
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0


class LoudnessMeter:
    """Integrated loudness of stereo audio (ITU-R BS.1770-4); keeps one number for every 100 ms."""

    def __init__(self, rate_hz: int) -> None:
        self._step_samples = round(rate_hz / STEPS_PER_S)
        shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, rate_hz, "high_shelf")
        high_pass = IIRfilter(0.0, 0.5, 38.0, rate_hz, "high_pass")
        self._filters = [(f.b, f.a, np.zeros((2, 2))) for f in (shelf, high_pass)]
        self._pending = np.zeros((0, 2))
        self._energies: list[float] = []  # mean square of each step, both sides summed

    def add(self, audio: Float32) -> None:
        """Take the next samples, shape `(samples, 2)`."""
        weighted = np.asarray(audio, np.float64)
        for index, (b, a, state) in enumerate(self._filters):
            weighted, state = lfilter(b, a, weighted, axis=0, zi=state)
            self._filters[index] = (b, a, state)
        waiting = np.concatenate([self._pending, weighted])
        steps = len(waiting) // self._step_samples
        whole = waiting[: steps * self._step_samples].reshape(steps, 2 * self._step_samples)
        self._energies += (np.square(whole).sum(axis=1) / self._step_samples).tolist()
        self._pending = waiting[steps * self._step_samples :]

    def lufs(self) -> float | None:
        """Loudness of everything so far; None if nothing was loud enough, or less than 400 ms came."""
        steps = np.array(self._energies)
        if len(steps) < STEPS_PER_BLOCK:
            return None
        blocks = np.convolve(steps, np.full(STEPS_PER_BLOCK, 1 / STEPS_PER_BLOCK), "valid")
        blocks = blocks[_lufs(blocks) >= ABSOLUTE_GATE_LUFS]
        if not blocks.size:
            return None
        gate = _lufs(blocks.mean()) + RELATIVE_GATE_LU
        return float(_lufs(blocks[_lufs(blocks) > gate].mean()))


class TruePeakMeter:
    """Peak between the samples, by resampling to four times the rate; linear."""

    def __init__(self, rate_hz: int) -> None:
        self._oversampler = soxr.ResampleStream(rate_hz, OVERSAMPLING * rate_hz, 2, dtype="float32")
        self.peak = 0.0

    def add(self, audio: Float32, *, last: bool = False) -> None:
        """Take the next samples, shape `(samples, 2)`; `last` lets out what the filter still holds."""
        between = self._oversampler.resample_chunk(np.ascontiguousarray(audio), last=last)
        for level in (audio, between):
            self.peak = max(self.peak, float(np.abs(level).max(initial=0.0)))


def _lufs(energy: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10.0 * np.log10(np.maximum(energy, 1e-30)))
