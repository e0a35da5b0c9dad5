"""The mel contract: how audio becomes the log-mel frames that both stages and the metrics speak."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


def hz_to_mel(freq_hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """HTK mel scale (O'Shaughnessy 1987): 2595 log10(1 + f / 700)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(freq_hz, dtype=np.float64) / 700.0))


def mel_to_hz(mel: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0))


@dataclass(frozen=True)
class MelSpec:
    """Natural-log magnitude mel frames of a causal analysis.

    Frame `i` is analysed from the window of `window_samples` that ends at sample `(i + 1) * hop_samples`.
    Magnitudes are scaled so that a full-scale sine at a band's centre reads about 0 (0 dB).
    """

    rate_hz: int = 48_000
    hop_samples: int = 256
    rise_samples: int = 768  # the window's peak sits one hop before its end: little delay, see `window`
    fall_samples: int = 256
    fft_samples: int = 2048  # zero-padded: the lowest bands are narrower than the window resolves
    mels: int = 100
    low_hz: float = 20.0
    high_hz: float = 20_000.0
    floor: float = 1e-4  # magnitude; -80 dB below a full-scale sine

    @property
    def window_samples(self) -> int:
        return self.rise_samples + self.fall_samples

    @property
    def frames_per_second(self) -> float:
        return self.rate_hz / self.hop_samples

    @property
    def log_floor(self) -> float:
        return float(np.log(self.floor))

    def digest(self) -> str:
        """SHA-256 of the contract's numbers, so that two stages cannot disagree unnoticed."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @cached_property
    def window(self) -> Float32:
        """Hann halves of unequal length (Mauler & Martin 2007), unit gain for a full-scale sine.

        A frame is centred on its window's peak, so it describes sound `fall_samples` before its end, not half
        a window before. Shape `(window_samples,)`.
        """
        rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(self.rise_samples) / self.rise_samples)
        fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(self.fall_samples) / self.fall_samples)
        window = np.concatenate([rise, fall])
        return np.asarray(2.0 * window / window.sum(), dtype=np.float32)

    @cached_property
    def filterbank(self) -> Float32:
        """Triangular filters with unit peak on power, shape `(fft_samples // 2 + 1, mels)`."""
        return _filterbank(self.rate_hz, self.fft_samples, self.mels, self.low_hz, self.high_hz)

    @cached_property
    def centres_hz(self) -> NDArray[np.float64]:
        """Centre frequency of each band, shape `(mels,)`."""
        return mel_to_hz(np.linspace(hz_to_mel(self.low_hz), hz_to_mel(self.high_hz), self.mels + 2))[1:-1]

    def analyse(self, audio: Float32, chunk_frames: int = 4096) -> Float32:
        """Log-mel frames `(samples // hop, mels)` of mono audio `(samples,)`, silence before its start."""
        frames = len(audio) // self.hop_samples
        padded = np.concatenate([np.zeros(self.window_samples - self.hop_samples, np.float32), audio])
        view = np.lib.stride_tricks.sliding_window_view(padded, self.window_samples)[:: self.hop_samples]
        out = np.empty((frames, self.mels), np.float32)
        for start in range(0, frames, chunk_frames):
            block = view[start : min(start + chunk_frames, frames)] * self.window
            power = np.abs(np.fft.rfft(block, self.fft_samples)) ** 2
            band = np.sqrt(power.astype(np.float32) @ self.filterbank)
            out[start : start + len(block)] = np.log(np.maximum(band, self.floor))
        return out


@lru_cache(maxsize=8)
def _filterbank(rate_hz: int, fft_samples: int, mels: int, low_hz: float, high_hz: float) -> Float32:
    edges = mel_to_hz(np.linspace(hz_to_mel(low_hz), hz_to_mel(high_hz), mels + 2))
    bins_hz = np.fft.rfftfreq(fft_samples, 1.0 / rate_hz)[:, None]
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins_hz - lower) / (centre - lower)
    falling = (upper - bins_hz) / (upper - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)
