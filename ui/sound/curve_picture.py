"""A curve as a picture, smooth and filled below, made by numpy. For the oscilloscope and the spectrum.

Qt's own smooth lines of more than one pixel cost 15 to 20 ms for a thousand points; this costs about one.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int16 = NDArray[np.int16]
Uint32 = NDArray[np.uint32]
FINE: Final = 16  # steps of a pixel: 2047 rows fit into 16 bits
MOST_ROWS: Final = 2000


def curve(values: NDArray[np.floating], begin: float, length: float, columns: int) -> NDArray[np.float64]:
    """Lowest and highest of the straight lines between values over each column, shape `(2, columns)`.

    The columns go from index `begin` of the values, a fraction, to `begin + length`.
    """
    points = 1 + math.ceil(length / columns)
    places = begin + length * np.arange(columns * points + 1) / (columns * points)
    line = np.interp(places, np.arange(len(values)), values)
    inside, ends = line[:-1].reshape(columns, points), line[points::points]
    return np.stack([np.minimum(inside.min(axis=1), ends), np.maximum(inside.max(axis=1), ends)])


def curve_picture(
    top_px: NDArray[np.floating], bottom_px: NDArray[np.floating], rows: int, wide_px: float, table: Uint32
) -> Uint32:
    """A line that goes from `top_px` down to `bottom_px` in each column, shape `(rows, columns)`.

    Both are counted from the upper edge. `wide_px` is how thick the line is where it is level. `table` is of
    `curve_table`.
    """
    assert rows <= MOST_ROWS
    top, bottom = _fine(top_px - wide_px / 2, rows), _fine(bottom_px + wide_px / 2, rows)
    row = (np.arange(rows, dtype=np.int16) * FINE)[:, None]
    cover = np.minimum(row + np.int16(FINE), bottom)
    cover -= np.maximum(row, top)
    np.maximum(cover, 0, out=cover)
    middle = top + (bottom - top) // 2
    cover += (row >= middle) * np.int16(FINE + 1)
    return np.asarray(table[cover])


def curve_table(ground: int, line: int, fill: int) -> Uint32:
    """Colours as 0xRRGGBB between ground and line, then between fill and line."""
    share = np.linspace(0.0, 1.0, FINE + 1)
    return np.concatenate([_blend(ground, line, share), _blend(fill, line, share)])


def _blend(one: int, other: int, share: NDArray[np.float64]) -> Uint32:
    mixed = np.full(len(share), 0xFF000000, np.uint32)
    for shift in (16, 8, 0):
        begin, end = one >> shift & 255, other >> shift & 255
        mixed |= np.rint(begin + (end - begin) * share).astype(np.uint32) << np.uint32(shift)
    return mixed


def _fine(place_px: NDArray[np.floating], rows: int) -> Int16:
    return np.asarray(np.rint(np.clip(place_px, -4.0, rows + 4.0) * FINE), np.int16)
