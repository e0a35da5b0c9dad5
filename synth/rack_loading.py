"""Getting a rack ready to play: plug-in instruments made, effects prepared, parts put on streams.

Before the render thread takes a rack. What the last rack had and the next one has too is kept, tails and all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arrangement import UNUSED
from .effects.inserts import InsertChain
from .errors import NeumeError
from .instruments.instrument import GuardedInstrument
from .plugins import FAILURES, INSTRUMENTS_GROUP, failure_line, load_plugin
from .rack.assign import assign
from .rack.part import PLUGIN_PREFIX, Insert, Rack
from .rack_chain import ReadyRack

MASTER: Final = ("master", 0)
Place = tuple[str, int]  # of a chain of inserts: stream or guest, and its number


class Absent:
    """What plays for an instrument that could not be loaded: nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        self._silence = np.zeros((block_samples, 2), np.float32)

    def render(self, events: object, start_frame: int) -> NDArray[np.float32]:
        return self._silence

    def reset(self) -> None: ...

    def state(self) -> None: ...

    def restore(self, state: None) -> None: ...


@dataclass(frozen=True, slots=True)
class _Guest:
    plugin: str
    player: GuardedInstrument


class RackLoader:
    """Makes racks ready, one after another, for one chain.

    One owner's thread calls, never the render thread: importing a plug-in or a SoundFont takes its time.
    """

    def __init__(self, bundle_id: str, rate_hz: int, block_samples: int, streams: int) -> None:
        self._bundle_id, self._streams = bundle_id, streams
        self._rate_hz, self._block_samples = rate_hz, block_samples
        self._guests: dict[int, _Guest] = {}
        self._chains: dict[Place, InsertChain] = {}

    def ready(self, rack: Rack) -> tuple[ReadyRack, tuple[str, ...]]:
        """The rack, and a line for everything in it that cannot be had; all else plays."""
        problems: list[str] = []
        streams = self._assigned(rack)
        self._guests = {
            index: self._guest(index, part.instrument.removeprefix(PLUGIN_PREFIX), problems)
            for index, part in enumerate(rack.parts)
            if part.instrument.startswith(PLUGIN_PREFIX)
        }
        for index, part in enumerate(rack.parts):
            if part.instrument not in ("", self._bundle_id) and index not in self._guests:
                problems.append(
                    f"part {index + 1} wants bundle {part.instrument!r}: it plays {self._bundle_id}, the one "
                    "that is loaded (--bundle chooses another)"
                )
        wanted: dict[Place, tuple[Insert, ...]] = {MASTER: rack.inserts}
        for index, part in reversed(list(enumerate(rack.parts))):  # the first part of a stream decides
            guest = index in self._guests
            wanted["guest" if guest else "stream", index if guest else streams[index]] = part.inserts
        self._change(wanted)
        ready = ReadyRack(
            rack=rack,
            streams=streams,
            guests={index: guest.player for index, guest in self._guests.items()},
            inserts={number: chain for (kind, number), chain in self._chains.items() if kind == "stream"},
            guest_inserts={
                number: chain for (kind, number), chain in self._chains.items() if kind == "guest"
            },
            master_inserts=self._chains.get(MASTER),
        )
        return ready, tuple(problems)

    def _assigned(self, rack: Rack) -> tuple[int, ...]:
        """The stream of each part; guests have none. Every part that is no guest plays the one bundle."""
        playing = [i for i, part in enumerate(rack.parts) if not part.instrument.startswith(PLUGIN_PREFIX)]
        streams = [UNUSED] * len(rack.parts)
        if playing:
            parts = tuple(replace(rack.parts[index], instrument="", bundle_version="") for index in playing)
            for index, stream in zip(playing, assign(replace(rack, parts=parts), self._streams), strict=True):
                streams[index] = stream
        return tuple(streams)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with inserts, one line each."""
        return tuple(
            f"{_told(place)}, insert {fault.index + 1} ({fault.effect}): {fault.reason}"
            for place, chain in list(self._chains.items())  # a copy: the owner may add one meanwhile
            for fault in chain.faults
        )

    def _guest(self, index: int, plugin: str, problems: list[str]) -> _Guest:
        known = self._guests.get(index)
        if known is not None and known.plugin == plugin and known.player.fault is None:
            return known
        try:
            instrument = load_plugin(INSTRUMENTS_GROUP, plugin)()
            return _Guest(plugin, GuardedInstrument(instrument, self._rate_hz, self._block_samples))
        except FAILURES as error:  # a stranger's code, imported and called for the first time
            reason = str(error) if isinstance(error, NeumeError) else failure_line(error)
            problems.append(f"part {index + 1} is silent: {reason}")
            return _Guest(plugin, GuardedInstrument(Absent(plugin), self._rate_hz, self._block_samples))

    def _change(self, wanted: dict[Place, tuple[Insert, ...]]) -> None:
        """Give every place its inserts. A chain that is there stays, even empty, so that it can fade out."""
        for place in {*wanted, *self._chains}:
            inserts = wanted.get(place, ())
            if place in self._chains:
                self._chains[place].change(inserts)
            elif inserts:
                self._chains[place] = InsertChain(self._rate_hz, self._block_samples, inserts)


def _told(place: Place) -> str:
    kind, number = place
    return kind if place == MASTER else f"{kind} {number + 1}"
