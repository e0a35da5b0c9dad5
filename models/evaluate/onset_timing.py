"""Onset time error: how late a note begins against the reference, in milliseconds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .sliding import cosines, peak_position

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

BEFORE_S: Final = 0.04  # the window around a known onset
AFTER_S: Final = 0.08
LARGEST_S: Final = 0.025  # largest error that can be seen
HOP_SAMPLES: Final = 24  # 0.5 ms at 48 kHz
WINDOW_SAMPLES: Final = 512  # shorter ones see the single periods of a steady note as rises
LAG_HOPS: Final = 5  # 2.5 ms, over which a rise is seen
RANGE: Final = 0.01  # magnitudes 40 dB below the loudest are not looked at
LEAST_STRENGTH: Final = 0.02  # natural-log units
LEAST_CREST: Final = 5.0  # peak over mean of the strength: slower attacks have no moment to compare


def onset_error_ms(made: Float32, reference: Float32, onset: int, rate_hz: int = 48_000) -> float:
    """How much later than in the reference the note at sample `onset` begins, in ms; within ±25 ms.

    The onset strength of both signals `(samples,)`, taken every 0.5 ms around the onset, is the rise of the
    log-magnitude spectrum (512 samples, over 2.5 ms, falling bands left out, 40 dB deep) averaged over the
    bands; the answer is the lag with the largest normalised correlation, refined by a parabola. NaN where the
    onset lies at a border, or the reference has no clear attack there: the peak of its strength is below
    `LEAST_STRENGTH` or below `LEAST_CREST` times the mean.
    """
    start, end = onset - int(BEFORE_S * rate_hz), onset + int(AFTER_S * rate_hz)
    reach = int(LARGEST_S * rate_hz) // HOP_SAMPLES
    first, last = start - reach * HOP_SAMPLES, end + reach * HOP_SAMPLES
    if first < 0 or last > min(len(made), len(reference)):
        return float("nan")
    wanted = onset_strength(reference[start:end])
    if wanted.max() < max(LEAST_CREST * wanted.mean(), LEAST_STRENGTH):
        return float("nan")
    found = onset_strength(made[first:last])
    score = cosines(found, wanted)
    return float((peak_position(score) - reach) * HOP_SAMPLES * 1000.0 / rate_hz)


def onset_strength(audio: Float32) -> Float64:
    """Mean rise of the natural-log magnitudes over 2.5 ms, one value every `HOP_SAMPLES`."""
    magnitudes = _magnitudes(audio)
    logs = np.log(np.maximum(magnitudes, max(RANGE * float(magnitudes.max()), 1e-6)))
    return np.asarray(np.maximum(logs[LAG_HOPS:] - logs[:-LAG_HOPS], 0.0).mean(axis=1), dtype=np.float64)


def _magnitudes(audio: Float32) -> Float32:
    """Hann magnitudes `(hops, bins)`."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, WINDOW_SAMPLES)[::HOP_SAMPLES]
    return np.asarray(
        np.abs(np.fft.rfft(frames * np.hanning(WINDOW_SAMPLES).astype(np.float32))), dtype=np.float32
    )
