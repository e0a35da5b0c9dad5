"""Which part plays on which stream, a row of the model's batch: one each, or merged where there are fewer.

Between the rack and the renderer. Merged parts share a note table, a strip and a chain of inserts, so the
likest are merged first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias

from ..errors import UsageError
from .part import Rack

Group: TypeAlias = tuple[int, ...]  # numbers of parts, ascending


def assign(rack: Rack, streams: int) -> tuple[int, ...]:
    """The stream of each part, streams counted in the order of their first parts.

    Only parts with the same instrument share a stream, so a rack takes at least one for each instrument,
    even if fewer are offered. Drums share with melodic parts only if nothing else is left. Raises UsageError
    for less than one stream.
    """
    if streams < 1:
        raise UsageError(f"{streams} streams; a rack needs at least 1")
    groups = sorted(_merged(rack, [(index,) for index in range(len(rack.parts))], streams))
    return tuple(next(s for s, group in enumerate(groups) if i in group) for i in range(len(rack.parts)))


def assign_fewer(rack: Rack, assigned: Sequence[int], streams: int) -> tuple[int, ...]:
    """The streams of an assignment merged to at most so many, by the same rules; each keeps the number that
    its first part has in `assigned`, so the numbers may have gaps."""
    together: dict[int, Group] = {}
    for index, stream in enumerate(assigned):
        together[stream] = (*together.get(stream, ()), index)
    merged = {index: group[0] for group in _merged(rack, [*together.values()], streams) for index in group}
    return tuple(assigned[merged[index]] for index in range(len(assigned)))


def _merged(rack: Rack, groups: list[Group], streams: int) -> list[Group]:
    """Pairs of groups merged, the likest first, until there are so few or no two may share."""
    while len(groups) > streams:
        pairs = [pair for pair in combinations(groups, 2) if _mergeable(rack, *pair)]
        if not pairs:
            break
        one, other = min(pairs, key=lambda pair: _cost(rack, *pair))
        groups = [group for group in groups if group not in (one, other)] + [tuple(sorted(one + other))]
    return groups


def _mergeable(rack: Rack, one: Group, other: Group) -> bool:
    return rack.parts[one[0]].instrument_id == rack.parts[other[0]].instrument_id


def _cost(rack: Rack, one: Group, other: Group) -> tuple[bool, bool, float, float, int, Group]:
    """What merging two groups loses, the worst first; equal ones merge so that groups stay even."""
    both = one + other
    parts = [rack.parts[index] for index in both]
    return (
        len({part.drums for part in parts}) > 1,
        any(part.inserts != parts[0].inserts for part in parts),
        _spread([part.pan for part in parts]),
        _spread([part.volume_db for part in parts]),
        len(both),
        both,
    )


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)
