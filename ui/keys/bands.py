"""Splits and layers as bands above the keys: which part plays which keys, in as few rows as they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neume.synth.rack.part import Part, Rack

MOST_ROWS: Final = 4


@dataclass(frozen=True, slots=True)
class Band:
    """One part's keys, ends included. `heard`: it plays what is played on the channel asked for."""

    part: int
    name: str
    low_key: int
    high_key: int
    row: int
    heard: bool


def bands_of(rack: Rack, channel: int) -> tuple[Band, ...]:
    """The parts of a rack as bands, no two of a row on the same key.

    Parts that play on `channel` come first. If all of them need more than `MOST_ROWS` rows, only those are
    there; what does not fit even then is left out.
    """
    heard = [index for index, part in enumerate(rack.parts) if _hears(rack, index, part, channel)]
    others = [index for index in range(len(rack.parts)) if index not in heard]
    everything = _stacked(rack, [*heard, *others], set(heard))
    if all(band.row < MOST_ROWS for band in everything):
        return everything
    return tuple(band for band in _stacked(rack, heard, set(heard)) if band.row < MOST_ROWS)


def part_playing(rack: Rack, channel: int, key: int) -> int | None:
    """The first part that a key on a channel lets sound, None if none does."""
    for index, part in enumerate(rack.parts):
        if part.low_key <= key <= part.high_key and _hears(rack, index, part, channel):
            return index
    return None


def _hears(rack: Rack, index: int, part: Part, channel: int) -> bool:
    return channel in part.channels and rack.audible(index)


def _stacked(rack: Rack, order: Sequence[int], heard: set[int]) -> tuple[Band, ...]:
    """Each part in the first row that is free over its keys."""
    rows: list[list[Part]] = []
    bands = []
    for index in order:
        part = rack.parts[index]
        row = next((n for n, others in enumerate(rows) if _is_free(others, part)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(part)
        bands.append(Band(index, part.name, part.low_key, part.high_key, row, index in heard))
    return tuple(bands)


def _is_free(others: Sequence[Part], part: Part) -> bool:
    return all(other.high_key < part.low_key or other.low_key > part.high_key for other in others)
