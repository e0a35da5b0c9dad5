"""Mel frames as colours: bands become rows of pixels. Between `MelRing` and `ScrollPicture`."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .colour_map import colour_at
from .mel_axis import bands_of_rows
from .mel_ring import BLANK, LOST, level_of

Uint32 = NDArray[np.uint32]
HATCH_PX: Final = 10  # from one stripe of what is lost to the next
STRIPE_PX: Final = 4


def level_colours(dark: bool, low_db: float, high_db: float, blank: int, lost: int) -> Uint32:
    """A colour for each of the 256 levels: the whole map between two decibels, and `blank` and `lost`."""
    levels, low, high = np.arange(256.0), level_of(low_db), level_of(high_db)
    table = colour_at(dark, (levels - low) / (high - low))
    table[BLANK], table[LOST] = blank | 0xFF000000, lost | 0xFF000000
    return table


class MelPainter:
    """For one height and one table of colours; made again when either changes."""

    def __init__(self, rows: int, mels: int, table: Uint32) -> None:
        self.rows, self._table = rows, table
        bands = bands_of_rows(rows, mels)
        self._below = np.floor(bands).astype(np.int64)
        self._above = np.minimum(self._below + 1, mels - 1)
        # Fixed point, 7 bits of fraction: 255 * 128 fits into 16 bits.
        self._share = np.rint((bands - self._below) * 128.0).astype(np.uint16)[:, None]

    def colours(self, first_frame: int, levels: NDArray[np.uint8]) -> Uint32:
        """`(mels, frames)` levels → `(rows, frames)` colours, straight lines between the bands; stripes where
        frames were lost."""
        wide = levels.astype(np.uint16)
        below, above = wide[self._below], wide[self._above]
        mixed = (below * (np.uint16(128) - self._share) + above * self._share + np.uint16(64)) >> np.uint16(7)
        lost = np.flatnonzero(levels[0] == LOST)
        if len(lost):
            diagonal = np.arange(self.rows)[:, None] + (first_frame + lost)
            mixed[:, lost] = np.where(diagonal % HATCH_PX < STRIPE_PX, LOST, BLANK)
        return np.asarray(self._table[mixed])
