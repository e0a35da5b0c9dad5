"""How a meter moves: peaks rise at once and fall slowly, their highest waits, a clip stays until cleared.

Between the levels of a snapshot, linear, and what `meter` paints, in dBFS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

FLOOR_DB: Final = -72.0
FALL_DB_S: Final = 20.0 / 1.7  # IEC 60268-18: 20 dB in 1.7 s
HOLD_S: Final = 1.5
RMS_TIME_S: Final = 0.3  # of a VU meter
CLIP: Final = 0.999  # the limiter keeps peaks below 1
LONGEST_STEP_S: Final = 1.0  # a meter that was hidden does not care how long


@dataclass(slots=True)
class MeterLevel:
    """One channel. `feed` it with every snapshot."""

    peak_db: float = FLOOR_DB
    rms_db: float = FLOOR_DB
    held_db: float = FLOOR_DB  # the highest peak of the last moments
    clipped: bool = False
    _mean_square: float = 0.0
    _held_since_s: float = 0.0
    _seen_s: float | None = None

    def feed(self, peak: float, rms: float, now_s: float, clipped: bool = False) -> None:
        """The levels of this moment, linear; `now_s` of a clock that never goes back."""
        step_s = 0.0 if self._seen_s is None else min(LONGEST_STEP_S, max(0.0, now_s - self._seen_s))
        self._seen_s = now_s
        fallen_db = self.peak_db - FALL_DB_S * step_s
        self.peak_db = max(decibels(peak), fallen_db, FLOOR_DB)
        share = 1.0 - math.exp(-step_s / RMS_TIME_S)
        self._mean_square += share * (_finite(rms) ** 2 - self._mean_square)
        self.rms_db = min(self.peak_db, decibels(math.sqrt(self._mean_square)))
        if self.peak_db >= self.held_db or now_s - self._held_since_s > HOLD_S:
            self.held_db, self._held_since_s = self.peak_db, now_s
        self.clipped = self.clipped or clipped or _finite(peak) >= CLIP

    def clear(self) -> None:
        """Forget the clip and the highest peak."""
        self.clipped, self.held_db = False, self.peak_db


def decibels(level: float) -> float:
    """dBFS of a linear level, not below the floor."""
    return max(FLOOR_DB, 20.0 * math.log10(level)) if _finite(level) > 0.0 else FLOOR_DB


def _finite(level: float) -> float:
    return level if math.isfinite(level) else 0.0
