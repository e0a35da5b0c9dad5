"""The spectrum of the output as the eye wants it: dBFS over a logarithmic axis, and the peaks that stay.

`WaveRing.latest` ─▶ spectrum_db ─▶ LogAxis.columns ─▶ Falling
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
FFT_SAMPLES: Final = 8192  # 5.9 Hz a bin, 171 ms at 48 kHz
FLOOR_DB: Final = -120.0
LOW_HZ, HIGH_HZ = 20.0, 20_000.0


@lru_cache(maxsize=2)
def hann(samples: int) -> Float32:
    """A Hann window of unit gain for a full-scale sine: its bin reads 1."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(samples) / samples)
    return np.asarray(2.0 * window / window.sum(), np.float32)


def spectrum_db(samples: Float32) -> Float32:
    """dBFS of each bin, shape `(len(samples) // 2 + 1,)`; a full-scale sine amid a bin reads 0."""
    power = np.abs(np.fft.rfft(samples * hann(len(samples)))) ** 2
    return np.asarray(10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0))), np.float32)


class LogAxis:
    """`columns` columns from `LOW_HZ` to `HIGH_HZ`, for spectra of one size and rate."""

    def __init__(self, columns: int, rate_hz: int, fft_samples: int = FFT_SAMPLES) -> None:
        self.columns, self.rate_hz = columns, rate_hz
        edges = frequency_at(np.arange(columns + 1) / columns) * fft_samples / rate_hz
        self._silent = edges[:-1] > fft_samples / 2  # above half the rate
        edges = np.minimum(edges, fft_samples / 2 - 1)
        self._middles = (edges[:-1] + edges[1:]) / 2
        bins = np.ceil(edges).astype(np.int64)
        self._starts, self._end = bins[:-1], int(bins[-1]) + 1
        self._hits = np.diff(bins) > 0  # there is a bin in the column: the loudest is shown

    def of(self, spectrum: Float32) -> Float32:
        """What each column shows of a spectrum in dB, shape `(columns,)`."""
        shown = np.interp(self._middles, np.arange(len(spectrum)), spectrum).astype(np.float32)
        loudest = np.maximum.reduceat(spectrum[: self._end], self._starts)
        np.maximum(shown, loudest, out=shown, where=self._hits)
        shown[self._silent] = FLOOR_DB
        return shown


class Falling:
    """Peaks that stay for `hold_s` and then fall by `fall_db_s`, each column for itself."""

    def __init__(self, hold_s: float, fall_db_s: float) -> None:
        self._hold_s, self._fall_db_s = hold_s, fall_db_s
        self.clear()

    def clear(self) -> None:
        self._peaks = np.zeros(0, np.float32)
        self._since_s = np.zeros(0)
        self._seen_s = 0.0

    def follow(self, shown: Float32, now_s: float) -> Float32:
        """The peaks after these levels, shape `(columns,)`; `now_s` of a clock that never goes back."""
        if len(shown) != len(self._peaks):
            self._peaks, self._since_s = shown.copy(), np.full(len(shown), now_s)
        due = now_s - self._since_s > self._hold_s
        self._peaks[due] -= np.float32(self._fall_db_s * (now_s - self._seen_s))
        higher = shown >= self._peaks
        self._peaks[higher], self._since_s[higher] = shown[higher], now_s
        self._seen_s = now_s
        return self._peaks


def share_of(frequency_hz: float) -> float:
    """Where a frequency lies on the logarithmic axis, 0 at `LOW_HZ`, 1 at `HIGH_HZ`."""
    return float(np.log(frequency_hz / LOW_HZ) / np.log(HIGH_HZ / LOW_HZ))


def frequency_at(share: NDArray[np.floating] | float) -> Float64:
    return np.asarray(LOW_HZ * (HIGH_HZ / LOW_HZ) ** np.asarray(share, np.float64))
