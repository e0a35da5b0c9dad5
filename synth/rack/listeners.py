"""Who hears which channel: a rack sorted by MIDI channels, so that routing is a look into a table.

Made anew with every rack, used by the router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from ..events import CHANNELS
from .part import Rack

PartNumbers: TypeAlias = tuple[int, ...]


class Ear(NamedTuple):
    """How one part hears notes; `curve` is what its table of 128 velocities makes of them."""

    part: int
    low_key: int
    high_key: int
    low_velocity: int
    high_velocity: int
    transpose_semitones: int
    curve: Sequence[int]


@dataclass(frozen=True, slots=True)
class Listeners:
    """For each of the sixteen channels, in ascending order of the parts' numbers."""

    hearing: tuple[PartNumbers, ...]  # every part whose channels it is among
    audible: tuple[PartNumbers, ...]  # of those, the ones that are not silenced by mute or solo
    following: tuple[PartNumbers, ...]  # of those that hear it, the ones that follow its program changes
    ears: tuple[tuple[Ear, ...], ...]  # of the audible ones


def listeners(rack: Rack) -> Listeners:
    numbers = range(len(rack.parts))
    ears = {number: _ear(rack, number) for number in numbers if rack.audible(number)}
    hearing = tuple(
        tuple(number for number in numbers if channel in rack.parts[number].channels)
        for channel in range(CHANNELS)
    )
    return Listeners(
        hearing=hearing,
        audible=tuple(tuple(n for n in heard if n in ears) for heard in hearing),
        following=tuple(tuple(n for n in heard if rack.parts[n].program is None) for heard in hearing),
        ears=tuple(tuple(ears[n] for n in heard if n in ears) for heard in hearing),
    )


def _ear(rack: Rack, number: int) -> Ear:
    part = rack.parts[number]
    return Ear(
        part=number,
        low_key=part.low_key,
        high_key=part.high_key,
        low_velocity=part.low_velocity,
        high_velocity=part.high_velocity,
        transpose_semitones=part.transpose_semitones,
        curve=part.curve.table,
    )
