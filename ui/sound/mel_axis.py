"""Where a frequency lies in a picture of mel frames, and what is written beside it.

A share is 0 at the bottom (`MEL.low_hz`) and 1 at the top (`MEL.high_hz`), even in mels between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.mel import MelSpec, hz_to_mel, mel_to_hz
from neume.synth.midi_words import note_name

MEL: Final = MelSpec()
TICKS_HZ: Final = (20, 50, 100, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 20_000)
# The order in which ticks get their place where there is little of it.
URGENT_HZ: Final = (1_000, 10_000, 100, 20_000, 5_000, 2_000, 500, 200, 3_000)
LOW_MEL: Final = float(hz_to_mel(MEL.low_hz))
HIGH_MEL: Final = float(hz_to_mel(MEL.high_hz))
A4_KEY, A4_HZ = 69, 440.0


def share_of(frequency_hz: float) -> float:
    return (float(hz_to_mel(frequency_hz)) - LOW_MEL) / (HIGH_MEL - LOW_MEL)


def frequency_at(share: float) -> float:
    return float(mel_to_hz(LOW_MEL + share * (HIGH_MEL - LOW_MEL)))


def band_at(share: float, mels: int) -> float:
    """The band, and fractions between two, at a share: centres lie evenly, with half a filter at each end."""
    return min(mels - 1.0, max(0.0, share * (mels + 1) - 1.0))


def bands_of_rows(rows: int, mels: int) -> NDArray[np.float64]:
    """`band_at` for the middles of `rows` rows from the top down, shape `(rows,)`."""
    shares = 1.0 - (np.arange(rows) + 0.5) / rows
    return np.clip(shares * (mels + 1) - 1.0, 0.0, mels - 1.0)


def ticks(
    length_px: float,
    apart_px: float,
    share: Callable[[float], float] = share_of,
    marks: Sequence[float] = TICKS_HZ,
    urgent: Sequence[float] = URGENT_HZ,
) -> list[float]:
    """Those of the marks whose labels are at least `apart_px` from each other, in order."""
    kept: list[float] = []
    order = [*urgent, *(mark for mark in marks if mark not in urgent)]
    for mark in order:
        place = share(mark) * length_px
        if mark in marks and all(abs(place - share(other) * length_px) >= apart_px for other in kept):
            kept.append(mark)
    return sorted(kept)


def tick_text(frequency_hz: float) -> str:
    """`200`, `1k`, `1.5k`."""
    return f"{frequency_hz / 1000:g}k" if frequency_hz >= 1000 else f"{frequency_hz:g}"


def nearest_note(frequency_hz: float) -> str:
    """The key of a keyboard that is nearest, such as A4; nothing outside of MIDI's 128."""
    if frequency_hz <= 0.0:
        return ""
    key = round(A4_KEY + 12.0 * math.log2(frequency_hz / A4_HZ))
    return note_name(key) if 0 <= key <= 127 else ""
