"""Times of blocks as columns of pixels: between `BlockRing` and `ScrollPicture`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .deadline import Deadline

Uint32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class BlockColours:
    """0xffRRGGBB each."""

    ground: int
    unknown: int  # no time was told
    calm: int  # within the budget
    tight: int  # on the ring's reserve
    late: int


def block_columns(
    times_ms: NDArray[np.float32], deadline: Deadline, rows: int, colours: BlockColours
) -> Uint32:
    """A column for each block, `(rows, blocks)`: a bar as high as its time."""
    known = np.nan_to_num(times_ms, nan=0.0)
    bar = np.where(
        known > deadline.deadline_ms,
        np.uint32(colours.late),
        np.where(known > deadline.budget_ms, np.uint32(colours.tight), np.uint32(colours.calm)),
    )
    height = np.ceil(np.clip(known / deadline.top_ms, 0.0, 1.0) * rows).astype(np.int64)
    row = np.arange(rows)[:, None]
    ground = np.where(np.isnan(times_ms), np.uint32(colours.unknown), np.uint32(colours.ground))
    return np.asarray(np.where(row >= rows - height, bar, ground), np.uint32)
