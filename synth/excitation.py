"""The excitation of the inverter: a harmonic and a noise signal built from the notes that sound.

Mel frames cannot tell the inverter a pitch to a few cents, nor an onset to a sample; this signal does. Each
note adds a band-limited tone at its bent pitch and some white noise, both starting on its very onset sample
and fading as the voice table says; the inverter's network shapes their short-time spectra. Here are the
wavetables, `hop_kernel` plays them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .hop_kernel import TABLE_SAMPLES

TABLE_TOP_HZ: Final = 20_000.0


@lru_cache(maxsize=4)
def wavetables(rate_hz: int, *, organ: bool = False) -> NDArray[np.float32]:
    """One period per MIDI key with harmonics up to 20 kHz, unit RMS; shape `(128, TABLE_SAMPLES + 1)`.

    Harmonic amplitudes fall as 1 / sqrt(k); Schroeder phases (1970) keep the waveform's envelope flat, so
    that every short window sees energy at all harmonics. The last sample repeats the first, for
    interpolation. `organ`: an octave lower than its key, a stop sounds its own fundamental and twelfth
    (16' and 5 1/3') beside the key's harmonics, which are the even ones.
    """
    tables = np.empty((128, TABLE_SAMPLES + 1), np.float32)
    top_hz = min(TABLE_TOP_HZ, 0.45 * rate_hz)
    for key in range(128):
        count = int(np.clip(top_hz / (440.0 * 2.0 ** ((key + 0.5 - 69) / 12)), 1, TABLE_SAMPLES // 4))
        k = np.arange(1, count + 1)
        spectrum = np.zeros(TABLE_SAMPLES // 2 + 1, np.complex128)
        heard = (k % 2 == 0) | (k <= 3) if organ else True
        spectrum[1 : count + 1] = heard * k**-0.5 * np.exp(-1j * np.pi * k * (k - 1) / count)
        wave = np.fft.irfft(spectrum, TABLE_SAMPLES)
        wave /= np.sqrt(np.mean(wave**2))
        tables[key, :-1] = wave
        tables[key, -1] = wave[0]
    return tables


@lru_cache(maxsize=2)
def flat_tables(rate_hz: int) -> NDArray[np.float32]:
    """The samples of all wavetables in one row; organs behind."""
    return np.ravel(np.concatenate([wavetables(rate_hz), wavetables(rate_hz, organ=True)]))
