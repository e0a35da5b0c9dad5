"""Changes of a chain of inserts, of a part or of the master; learnt controllers follow their inserts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from neume.synth.errors import UsageError
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert, Rack
from neume.synth.rack.ranges import MAX_INSERTS
from neume.synth.rack.targets import parse_target

Owner: TypeAlias = int | None  # the part's number, None: the master


def inserts_of(rack: Rack, owner: Owner) -> tuple[Insert, ...]:
    """The chain, first to last; none of a part that is not there."""
    if owner is None:
        return rack.inserts
    return rack.parts[owner].inserts if owner < len(rack.parts) else ()


def insert_target(owner: Owner, index: int, name: str) -> str:
    """The target text of a value of an insert."""
    return f"insert.{index}.{name}" if owner is None else f"part.{owner}.insert.{index}.{name}"


def insert_added(rack: Rack, owner: Owner, effect: str) -> Rack:
    """With one effect more, the last, all of its values at default."""
    chain = inserts_of(rack, owner)
    if len(chain) == MAX_INSERTS:
        raise UsageError(f"there are {MAX_INSERTS} effects already: remove one first")
    return _with_chain(rack, owner, (*chain, Insert(effect)), lambda index: index)


def insert_removed(rack: Rack, owner: Owner, index: int) -> Rack:
    """Without one effect and the controllers that turn it."""
    chain = inserts_of(rack, owner)
    _check(chain, index)
    order = [other for other in range(len(chain)) if other != index]
    return _rearranged(rack, owner, chain, order)


def insert_moved(rack: Rack, owner: Owner, index: int, to: int) -> Rack:
    """With the effect of `index` at `to`, the others in their order."""
    chain = inserts_of(rack, owner)
    _check(chain, index)
    _check(chain, to)
    order = [other for other in range(len(chain)) if other != index]
    order.insert(to, index)
    return _rearranged(rack, owner, chain, order)


def _rearranged(rack: Rack, owner: Owner, chain: Sequence[Insert], order: Sequence[int]) -> Rack:
    places = {old: new for new, old in enumerate(order)}
    return _with_chain(rack, owner, tuple(chain[old] for old in order), places.get)


def _with_chain(
    rack: Rack, owner: Owner, chain: tuple[Insert, ...], place: Callable[[int], int | None]
) -> Rack:
    """Mappings to inserts go to where `place` says; those that have none are dropped."""
    mappings = tuple(
        moved for mapping in rack.mappings if (moved := _moved(mapping, owner, place)) is not None
    )
    if owner is None:
        return replace(rack, inserts=chain, mappings=mappings)
    part = replace(rack.parts[owner], inserts=chain)
    parts = (*rack.parts[:owner], part, *rack.parts[owner + 1 :])
    return replace(rack, parts=parts, mappings=mappings)


def _moved(mapping: Mapping, owner: Owner, place: Callable[[int], int | None]) -> Mapping | None:
    target = parse_target(mapping.target)
    if target is None or target.insert is None or target.part != owner:
        return mapping
    index = place(target.insert)
    return None if index is None else replace(mapping, target=replace(target, insert=index).text)


def _check(chain: Sequence[Insert], index: int) -> None:
    if not 0 <= index < len(chain):
        raise UsageError(f"there is no effect {index + 1}: there are {len(chain)}")
