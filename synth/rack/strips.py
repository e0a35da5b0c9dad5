"""How loud and where each part is: the rack's volumes, pans, mutes and solos as strips of the mixer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from ..mixer import Strip
from .part import Rack


def part_strips(rack: Rack) -> list[Strip]:
    """One strip for each part. A part is silent if it is muted, or if others are soloed and it is not."""
    return [Strip(part.volume_db, part.pan, not rack.audible(index)) for index, part in enumerate(rack.parts)]


def stream_strips(rack: Rack, streams: Sequence[int]) -> list[Strip]:
    """One strip for each stream, where `streams` says which stream each part is on (see `assign`).

    Parts that share a stream meet at the mean of the audible ones' volumes and pans; with none audible the
    stream is silent.
    """
    strips = part_strips(rack)
    return [
        _merged(list(compress(strips, (own == stream for own in streams))))
        for stream in range(max(streams) + 1)
    ]


def _merged(strips: Sequence[Strip]) -> Strip:
    heard = [strip for strip in strips if not strip.muted]
    shown = heard or strips
    gain_db = sum(strip.gain_db for strip in shown) / len(shown)
    return Strip(gain_db, sum(strip.pan for strip in shown) / len(shown), muted=not heard)
