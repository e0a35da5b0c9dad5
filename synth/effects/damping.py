"""The low-pass in the reverb's lines: without recursion, so that all lines are filtered at once."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from .effect import Float32

CUT_OFF: Final = 1e-6  # what of the impulse response is left out
HIGHEST: Final = 0.45  # of the rate


def pole_at(corner_hz: float, rate_hz: int) -> float:
    """The pole of the one-pole low-pass (1 - pole) / 2 · (1 + z⁻¹) / (1 - pole z⁻¹), -3 dB at `corner_hz`."""
    k = math.tan(math.pi * min(corner_hz / rate_hz, HIGHEST))
    return (1.0 - k) / (1.0 + k)


def context_samples(pole: float) -> int:
    """How many samples `low_pass` needs to have seen."""
    return 1 << _doublings(pole)


def low_pass(audio: Float32, pole: float) -> Float32:
    """Filter `audio` `(rows, samples)`; the first `context_samples(pole)` columns of the result mean nothing.

    The impulse response is a geometric series, and its first terms are the product of (1 + pole^m z^-m) for m
    = 1, 2, 4 ...: each doubles their number. Rows lie behind one another in memory and are filtered as one
    signal, so what reaches over from one into the next stays in the columns that mean nothing.
    """
    total = _echoed(audio.reshape(-1), 1, 1.0)
    for doubling in range(_doublings(pole)):
        reach = 1 << doubling
        total = _echoed(total, reach, pole**reach)
    total *= np.float32((1.0 - pole) / 2.0)
    return total.reshape(audio.shape)


def _echoed(signal: Float32, delay: int, gain: float) -> Float32:
    """signal[n] + gain · signal[n - delay]"""
    made = np.empty_like(signal)
    made[:delay] = 0.0
    np.multiply(signal[:-delay], np.float32(gain), out=made[delay:])
    made[delay:] += signal[delay:]
    return made


def _doublings(pole: float) -> int:
    size = max(abs(pole), CUT_OFF)
    return max(0, math.ceil(math.log2(math.log(CUT_OFF) / math.log(size))))
