"""The range that a learnt controller turns its target through, as pure changes of the rack. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Rack


@dataclass(frozen=True, slots=True)
class Learnt:
    """One mapping of a rack, whatever its range: who turns what."""

    channel: int | None
    controller: int
    target: str

    @classmethod
    def of(cls, mapping: Mapping) -> Self:
        return cls(mapping.channel, mapping.controller, mapping.target)

    def found_in(self, rack: Rack) -> Mapping | None:
        return next((mapping for mapping in rack.mappings if Learnt.of(mapping) == self), None)


def with_range(rack: Rack, learnt: Learnt, minimum: float, maximum: float) -> Rack:
    """The controller's 0 at `minimum`, its 127 at `maximum`; the rack as it is where both are the same, which
    would be no range."""
    if minimum == maximum:
        return rack
    ranged = (
        replace(mapping, minimum=minimum, maximum=maximum) if Learnt.of(mapping) == learnt else mapping
        for mapping in rack.mappings
    )
    return replace(rack, mappings=tuple(ranged))
