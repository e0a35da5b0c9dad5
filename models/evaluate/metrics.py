"""Distances between what was made and the reference, from arrays alone: spectra, loudness, flutter, texture.

Everywhere `made` and `reference` are the same performance, of equal length and not aligned or levelled in any
way: a wrong level or a delay is an error like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.mel import MelSpec

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

DECIBEL: Final = float(20.0 / np.log(10.0))  # of a natural-log magnitude
SOUNDING_DB: Final = -60.0  # a frame sounds when its loudest band is above this, dB below a full-scale sine
FLUTTER_RANGE_DB: Final = 50.0  # bands this far below the note's loudest one are left out
STFT_SIZES: Final = (512, 1024, 2048, 4096)
STFT_FLOOR: Final = 1e-4  # magnitude; -80 dB below a full-scale sine
ATTACK_S: Final = 0.3  # in which a note reaches its loudest
LEVEL_WINDOW_S: Final = 0.05


def sounding_frames(reference: Float32) -> NDArray[np.bool_]:
    """Which frames of a log-mel `(frames, mels)` sound: loudest band above `SOUNDING_DB`; `(frames,)`."""
    return np.asarray(reference.max(axis=1) * DECIBEL > SOUNDING_DB)


def log_mel_errors(made: Float32, reference: Float32) -> Float64:
    """Log-mel distance in dB of every frame in which the reference sounds, `(sounding,)`.

    The mean over all bands of the absolute difference of two natural-log mels `(frames, mels)`, whose floor
    is -80 dB. The log-mel distance of a set is the mean over all its sounding frames.
    """
    difference = np.abs(made.astype(np.float64) - reference).mean(axis=1) * DECIBEL
    return np.asarray(difference[sounding_frames(reference)])


def log_mel_distance(made: Float32, reference: Float32) -> float:
    """Mean of `log_mel_errors` in dB; NaN where the reference never sounds."""
    errors = log_mel_errors(made, reference)
    return float(errors.mean()) if errors.size else float("nan")


def stft_distance(made: Float32, reference: Float32) -> float:
    """Multi-resolution STFT distance of two signals `(samples,)`; no unit, 0 for equal signals.

    Spectral convergence plus mean absolute difference of natural-log magnitudes, averaged over Hann windows
    of `STFT_SIZES` at a quarter's hop (Yamamoto et al. 2020, section 2.2).
    """
    total = 0.0
    for size in STFT_SIZES:
        one, two = _magnitudes(made, size), _magnitudes(reference, size)
        convergence = np.linalg.norm(one - two) / max(float(np.linalg.norm(two)), 1e-9)
        logs = np.abs(np.log(np.maximum(one, STFT_FLOOR)) - np.log(np.maximum(two, STFT_FLOOR))).mean()
        total += float(convergence + logs)
    return total / len(STFT_SIZES)


def _magnitudes(audio: Float32, size: int) -> Float32:
    """Hann magnitudes, 1 for a full-scale sine: `(frames, size // 2 + 1)`."""
    window = np.hanning(size).astype(np.float32)
    padded = np.pad(audio, (0, max(0, size - len(audio))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 4]
    return np.asarray(np.abs(np.fft.rfft(frames * window)) * (2.0 / window.sum()), dtype=np.float32)


def spearman(x: Sequence[float] | Float64, y: Sequence[float] | Float64) -> float:
    """Rank correlation, -1 to 1; equal values share their mean rank. NaN if either never changes."""
    ranks = [_ranks(np.asarray(values, np.float64)) for values in (x, y)]
    if any(np.ptp(rank) == 0.0 for rank in ranks):
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: Float64) -> Float64:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def attack_level_db(audio: Float32, onset: int, rate_hz: int = 48_000) -> float:
    """Loudness of a note: the loudest 50 ms RMS in the 300 ms from its onset on, dB below full scale."""
    part = audio[onset : onset + int(ATTACK_S * rate_hz)].astype(np.float64) ** 2
    window = min(int(LEVEL_WINDOW_S * rate_hz), len(part))
    energy = np.concatenate([[0.0], np.cumsum(part)])
    return float(10.0 * np.log10((energy[window:] - energy[:-window]).max() / window + 1e-12))


def velocity_correlation(
    audio: Float32, onsets: Sequence[int], velocities: Sequence[int], rate_hz: int = 48_000
) -> float:
    """Spearman's rank correlation of the notes' `attack_level_db` with their velocities, -1 to 1."""
    return spearman(
        [attack_level_db(audio, onset, rate_hz) for onset in onsets], [float(v) for v in velocities]
    )


def flutter_db(made: Float32, reference: Float32) -> tuple[float, float]:
    """Change from frame to frame of a held note in dB, made and reference; both log-mels `(frames, mels)`.

    The mean absolute difference of neighbouring frames, over the bands whose mean in the reference is within
    `FLUTTER_RANGE_DB` of the loudest one's. The flutter ratio of a set is the sum over its held notes of the
    first over the sum of the second; 1 is right.
    """
    level = reference.astype(np.float64).mean(axis=0) * DECIBEL
    heard = level > level.max() - FLUTTER_RANGE_DB
    first, second = (
        float(np.abs(np.diff(mel[:, heard].astype(np.float64), axis=0)).mean() * DECIBEL)
        for mel in (made, reference)
    )
    return first, second


def held_mel(mel: Float32, start: int, end: int, spec: MelSpec) -> Float32:
    """The frames whose analysis windows lie between two samples."""
    first = -(-(start + spec.window_samples) // spec.hop_samples) - 1
    return mel[max(0, first) : max(0, end // spec.hop_samples)]
