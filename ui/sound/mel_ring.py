"""The mel frames of the last seconds, each at its own time, with holes where frames were lost.

MelChunk ─▶ MelRing ─▶ mel_picture (colours) and the hover's readout
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAMES: Final = 4096  # 22 s of the default bundle: as wide as a large screen
LOWEST_DB, HIGHEST_DB = -84.0, 6.0  # what a level can say; 0 dB is a full-scale sine
BLANK, LOST, QUIETEST, LOUDEST = 0, 1, 2, 255  # levels: before the beginning, never came, and the range
DB_PER_LEVEL: Final = (HIGHEST_DB - LOWEST_DB) / (LOUDEST - QUIETEST)
DB_PER_NEPER: Final = 20.0 / math.log(10.0)


def level_of(db: float) -> float:
    """The level, and fractions between two, of decibels; beyond the range for what cannot be said."""
    return QUIETEST + (db - LOWEST_DB) / DB_PER_LEVEL


def db_of(level: float) -> float:
    return LOWEST_DB + (level - QUIETEST) * DB_PER_LEVEL


def levels_of(frames: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Natural log magnitudes `(frames, mels)` as levels of the same shape, to a sixth of a decibel."""
    db = np.asarray(frames, np.float32) * np.float32(DB_PER_NEPER)
    level = (db - np.float32(LOWEST_DB)) / np.float32(DB_PER_LEVEL) + np.float32(QUIETEST + 0.5)
    return np.asarray(np.clip(level, QUIETEST, LOUDEST), np.uint8)


class MelRing:
    """Keeps frames `next_frame - FRAMES` to `next_frame`. Belongs to the panel's thread."""

    def __init__(self, mels: int) -> None:
        self.mels = mels
        self._levels = np.full((mels, FRAMES), BLANK, np.uint8)
        self._begun = self._looked_away = False
        self.next_frame = 0

    def look_away(self) -> None:
        """What comes before the next frames that are put is not lost, only not looked at: left blank."""
        self._looked_away = True

    def put(self, first_frame: int, frames: NDArray[np.floating]) -> tuple[int, int] | None:
        """Take frames, shape `(frames, mels)`. Returns the first and the end of all that has changed, a gap
        before them included; None if everything has: another engine counts anew, or it has been too long."""
        end = first_frame + len(frames)
        continues = self._begun and self.next_frame <= first_frame < self.next_frame + FRAMES
        if not continues:
            self._levels[:] = BLANK
        begin = self.next_frame if continues else first_frame
        gap = np.arange(begin, first_frame) % FRAMES
        self._levels[:, gap] = BLANK if self._looked_away else LOST
        kept = frames[-FRAMES:]
        self._levels[:, np.arange(end - len(kept), end) % FRAMES] = levels_of(kept).T
        self.next_frame, self._begun, self._looked_away = end, True, False
        return (begin, end) if continues else None

    def levels(self, first_frame: int, end: int) -> NDArray[np.uint8]:
        """Levels of frames, shape `(mels, end - first_frame)`; `BLANK` for those not kept."""
        wanted = np.arange(first_frame, end)
        found = self._levels[:, wanted % FRAMES]
        found[:, (wanted >= self.next_frame) | (wanted < self.next_frame - FRAMES)] = BLANK
        return found

    def copy(self) -> MelRing:
        """One that stays as it is."""
        still = MelRing(self.mels)
        still._levels = self._levels.copy()
        still._begun, still.next_frame = self._begun, self.next_frame
        return still
