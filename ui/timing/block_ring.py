"""The times of the last blocks, each at its own place. Snapshots know the last few; the plot shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
BLOCKS: Final = 4096  # 44 s of the default bundle: as wide as a large screen


class BlockRing:
    """Milliseconds of each block, NaN where nobody has told. Belongs to the panel's thread."""

    def __init__(self) -> None:
        self._times_ms = np.full(BLOCKS, np.nan, np.float32)
        self.next_block = 0

    def put(self, blocks: int, recent_ms: Sequence[float]) -> tuple[int, int] | None:
        """Take a snapshot's count of blocks and the times of the last of them, the newest last. Returns the
        first and the end of what is new, gaps included; None if everything is: another engine counts anew."""
        begin = self.next_block
        if blocks == begin:
            return begin, begin
        told = recent_ms[-blocks:] if blocks else ()
        anew = blocks < begin or blocks - begin >= BLOCKS
        if anew:
            self._times_ms[:] = np.nan
            begin = blocks - len(told)
        fresh = told[-(blocks - begin) :] if blocks > begin else ()
        self._times_ms[np.arange(begin, blocks - len(fresh)) % BLOCKS] = np.nan
        self._times_ms[np.arange(blocks - len(fresh), blocks) % BLOCKS] = fresh
        self.next_block = blocks
        return None if anew else (begin, blocks)

    def times_ms(self, first_block: int, end: int) -> Float32:
        """Of consecutive blocks, shape `(end - first_block,)`; NaN for those not kept."""
        wanted = np.arange(first_block, end)
        found = self._times_ms[wanted % BLOCKS]
        found[(wanted >= self.next_block) | (wanted < self.next_block - BLOCKS) | (wanted < 0)] = np.nan
        return found
