"""What recordings get while an audition sounds: the same blocks without it.

Between what the device has played and the takes' feed. The ring holds the clip already, so the blocks as they
were rendered are kept until they have been played.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..takes import Feed

Float32 = NDArray[np.float32]
KEPT_BLOCKS: Final = 512  # more than the ring holds


class KeptBlock(NamedTuple):
    place: int
    clean: Float32
    mixed: Float32


class CleanTap:
    """A `Tap` that hands on what is played, auditions taken out.

    Threads: the render thread calls `keep`, the tap's thread `put`. The kept blocks are replaced as a whole.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._kept: tuple[KeptBlock, ...] = ()

    def keep(self, clean: Float32, mixed: Float32, place: int) -> None:
        played = self._feed.position
        waiting = [block for block in self._kept if block.place + len(block.clean) > played]
        self._kept = (*waiting[-KEPT_BLOCKS:], KeptBlock(place, clean, mixed))

    def put(self, played: Float32, position: int | None = None) -> None:
        """Take frames, shape `(frames, 2)`, from `position` of the ring on; None: they follow the last."""
        begin = self._feed.position if position is None else position
        kept = self._kept
        if kept and kept[-1].place + len(kept[-1].clean) > begin:
            played = _cleaned(played, begin, kept)
        self._feed.put(played, position)


def _cleaned(played: Float32, begin: int, kept: tuple[KeptBlock, ...]) -> Float32:
    """The rendered samples, with whatever fade the outlet gave to those that were played.

    A sample that was played as it lay in the ring comes out as it was rendered, to the last bit: x / x = 1.
    """
    cleaned = played.copy()
    for place, clean, mixed in kept:
        first, last = max(begin, place), min(begin + len(played), place + len(clean))
        if first >= last:
            continue
        here, there = slice(first - begin, last - begin), slice(first - place, last - place)
        fade = np.ones_like(clean[there])
        with np.errstate(over="ignore"):
            np.divide(played[here], mixed[there], out=fade, where=mixed[there] != 0.0)
        cleaned[here] = clean[there] * np.clip(fade, 0.0, 1.0)
    return cleaned
