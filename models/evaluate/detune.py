"""Tuning error of a held note: how far its partials lie from the reference's, in cents."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .sliding import cosines, peak_position

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

PARTIALS: Final = np.array([0.25, *np.arange(1, 13) / 2.0])  # organs also sound below their key
NEAR_CENTS: Final = 60.0  # each side of a partial: where the reference's energy is looked for
LARGEST_CENTS: Final = 100.0  # largest error that can be seen
STEP_CENTS: Final = 0.5
FFT_SAMPLES: Final = 1 << 19
TONAL_SHARE: Final = 0.8  # of the reference's energy that must lie near the partials; white noise has 0.45
LEAST_RMS: Final = 1e-4  # -80 dB: quieter notes are not heard


def detune_cents(made: Float32, reference: Float32, key: float, rate_hz: int = 48_000) -> float:
    """How much sharper than the reference a held note is, in cents (-100 to 100); NaN without a pitch.

    `made`, `reference`: the same stretch `(samples,)` of one note that sounds alone; `key`: its MIDI key.
    Around each of the `PARTIALS`, multiples of the key's frequency, the magnitude spectrum of the reference
    (Hann window over the stretch, ±60 cents) is slid along that of the made signal; the answer is the shift
    with the largest normalised correlation, the partials weighted by their level in the reference. How loud
    the made partials are does not matter, only where they lie. NaN where less than `TONAL_SHARE` of the
    reference's energy lies near them.
    """
    if min(_rms(made), _rms(reference)) < LEAST_RMS:
        return float("nan")
    wanted, found = _spectrum(reference), _spectrum(made)
    bin_hz = rate_hz / FFT_SAMPLES
    partials_hz = 440.0 * 2.0 ** ((key - 69.0) / 12.0) * PARTIALS
    partials_hz = partials_hz[partials_hz < 0.4 * rate_hz]
    near = np.arange(-NEAR_CENTS, NEAR_CENTS + STEP_CENTS, STEP_CENTS)
    wide = np.arange(-NEAR_CENTS - LARGEST_CENTS, NEAR_CENTS + LARGEST_CENTS + STEP_CENTS, STEP_CENTS)
    if not partials_hz.size or _tonal_share(wanted, partials_hz, bin_hz) < TONAL_SHARE:
        return float("nan")
    score = np.zeros(len(wide) - len(near) + 1)
    for hz in partials_hz:
        template = _at(wanted, hz * 2.0 ** (near / 1200.0), bin_hz)
        score += np.linalg.norm(template) * cosines(_at(found, hz * 2.0 ** (wide / 1200.0), bin_hz), template)
    return peak_position(score) * STEP_CENTS - LARGEST_CENTS


def _rms(audio: Float32) -> float:
    return float(np.sqrt(np.mean(audio.astype(np.float64) ** 2))) if len(audio) else 0.0


def _spectrum(audio: Float32) -> Float64:
    return np.asarray(np.abs(np.fft.rfft(audio.astype(np.float64) * np.hanning(len(audio)), FFT_SAMPLES)))


def _at(spectrum: Float64, hz: Float64, bin_hz: float) -> Float64:
    """The spectrum at any frequencies, linearly interpolated."""
    position = hz / bin_hz
    low = np.minimum(position.astype(np.int64), len(spectrum) - 2)
    fraction = position - low
    return np.asarray(spectrum[low] * (1.0 - fraction) + spectrum[low + 1] * fraction)


def _tonal_share(spectrum: Float64, partials_hz: Float64, bin_hz: float) -> float:
    """Energy within ±60 cents of the partials over all energy in and just around their range."""
    reach = 2.0 ** (NEAR_CENTS / 1200.0)
    power = np.concatenate([[0.0], np.cumsum(spectrum**2)])
    between = [(partials_hz[0] * 0.5, partials_hz[-1] + 0.5 * partials_hz[0])]
    near = [(hz / reach, hz * reach) for hz in partials_hz]
    total, inside = (
        sum(
            power[min(int(high / bin_hz) + 1, len(spectrum))] - power[int(low / bin_hz)]
            for low, high in ranges
        )
        for ranges in (between, near)
    )
    return float(inside / max(total, 1e-30))
