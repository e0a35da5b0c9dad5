"""Who makes the next block: the models, or the fallback voice that takes over when they are too late.

Beside the render thread, which tells how much time is left and how long everything took. The voice takes
over when the models would surely be late, and plays while the models rehearse: they make the same blocks for
nobody to hear. When they have been in time often enough, they have the next block.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

REMEMBERED_BLOCKS: Final = 8  # whose median is how long the models are expected to take
KEEPS_UP_SHARE: Final = 0.9  # of the time that there is: a rehearsal that took no longer was in time
FIRST_REHEARSALS, MOST_REHEARSALS = 2, 64  # in time, in a row, before the models have the next block
CALM_MS: Final = 4000.0  # models that have played for so long have not been handed back to too early
FIRST_REST_BLOCKS, MOST_REST_BLOCKS = 8, 256  # without a rehearsal, after one that was longer than a block
VOICE_SHARE: Final = 0.5  # of a block: a block without models that takes longer is no help


class HandOver:
    """Decides block by block. The render thread owns it; any thread may read `plain`."""

    def __init__(self, block_ms: float, start_level_ms: float, device_block_ms: float) -> None:
        """`start_level_ms`: what is left to play when a block is begun in undisturbed playing."""
        self.plain = False  # the voice has the next block
        self._block_ms, self._full_ms = block_ms, start_level_ms
        self._period_ms = device_block_ms
        self._keeps_up_ms = KEEPS_UP_SHARE * min(block_ms, start_level_ms)
        self._took_ms: deque[float] = deque(maxlen=REMEMBERED_BLOCKS)
        self._needed, self._in_time = FIRST_REHEARSALS, 0
        self._rest_blocks, self._resting = FIRST_REST_BLOCKS, 0
        self._played_ms = CALM_MS  # by the models since they have been handed back to
        self._deaf_blocks = 0  # for which the voice is no help

    def decide(self, spare_ms: float) -> bool:
        """Whether the voice makes the block that is begun now. `spare_ms`: what is left to play."""
        if self._deaf_blocks:
            self._deaf_blocks -= 1
            self.plain = False
        elif not self.plain and self._too_late(spare_ms):
            self._take_over()
        return self.plain

    def models_took(self, took_ms: float) -> None:
        """The models have made a block."""
        self._took_ms.append(took_ms)
        self._played_ms += self._block_ms
        if self._played_ms >= CALM_MS:
            self._needed, self._rest_blocks = FIRST_REHEARSALS, FIRST_REST_BLOCKS

    def models_failed(self) -> None:
        """The models have failed on a block, which the voice has made."""
        self._take_over()
        self._rest()

    def voice_took(self, took_ms: float) -> None:
        """A block was made without the models. What else is in it may be what is slow."""
        if took_ms > VOICE_SHARE * self._block_ms:
            self._deaf_blocks = MOST_REST_BLOCKS
            self.plain = False

    def wants_rehearsal(self, spare_ms: float) -> bool:
        """Whether the models should rehearse the block that the voice has just made."""
        if not self.plain or spare_ms < self._full_ms:  # the voice is still catching up
            return False
        if self._resting:
            self._resting -= 1
            return False
        return True

    def rehearsed(self, took_ms: float, *, failed: bool = False) -> None:
        self._took_ms.append(took_ms)
        if failed or took_ms > self._block_ms:
            self._rest()
        elif took_ms > self._keeps_up_ms:
            self._in_time = 0
        else:
            self._in_time += 1
            if self._in_time >= self._needed:
                self._hand_back(took_ms)

    def _too_late(self, spare_ms: float) -> bool:
        """A device takes a block at a time: up to one more is left to play than it seems."""
        expected_ms = median(self._took_ms) if self._took_ms else 0.0
        return spare_ms < 0.0 or expected_ms > spare_ms + self._period_ms

    def _take_over(self) -> None:
        slow = bool(self._took_ms) and self._took_ms[-1] > self._keeps_up_ms  # else the device was in a hurry
        if slow and self._played_ms < CALM_MS:  # a relapse
            self._needed = min(2 * self._needed, MOST_REHEARSALS)
        self.plain = True
        self._in_time = self._resting = 0

    def _rest(self) -> None:
        self._in_time = 0
        self._resting = self._rest_blocks
        self._rest_blocks = min(2 * self._rest_blocks, MOST_REST_BLOCKS)

    def _hand_back(self, took_ms: float) -> None:
        self.plain = False
        self._played_ms = 0.0
        self._took_ms.clear()
        self._took_ms.append(took_ms)
