"""Getting a rack ready to play: bundles opened, plug-ins made, effects prepared, parts put on streams.

Before the render thread takes a rack. What the last rack had and the next one has too is kept, tails and all;
what has left is closed once the render thread has let it go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arrangement import UNUSED
from .bundle import Bundle
from .effects.inserts import InsertChain
from .errors import NeumeError
from .instruments.instrument import GuardedInstrument
from .plugins import FAILURES, INSTRUMENTS_GROUP, failure_line, load_plugin
from .rack.assign import assign, assign_fewer
from .rack.part import PLUGIN_PREFIX, Insert, Part, Rack
from .rack_bundles import RackBundles
from .rack_chain import ReadyRack
from .rack_sections import Section, make_section
from .stages import Stages

MASTER: Final = ("master", 0)
Place = tuple[str, int]  # of a chain of inserts: stream or guest, and its number


class Absent:
    """What plays for an instrument that could not be had: nothing."""

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
    instrument: str  # as the part names it
    player: GuardedInstrument
    problem: str | None = None  # why nothing plays in its place


class RackLoader:
    """Makes racks ready, one after another, for one chain.

    One owner's thread calls, never the render thread: opening a bundle, a plug-in or a SoundFont takes its
    time. What fails stays silent until its part changes its instrument or `try_again` is called: a knob that
    turns must not start it anew.
    """

    def __init__(
        self, bundle: Bundle, stages: Stages, streams: int, *, seed: int = 0, block_hops: int | None = None
    ) -> None:
        """`bundle` is the default one, `streams` how many of all bundles together the machine can hold; a
        rack takes more only if it names more bundles."""
        hop_samples = bundle.manifest.mel.hop_samples
        block_samples = None if block_hops is None else block_hops * hop_samples
        default = make_section(bundle, stages, streams, seed=seed, block_samples=block_samples)
        self._bundles, self._streams = RackBundles(default, seed), streams
        self._rate_hz, self._block_samples = default.renderer.rate_hz, default.renderer.block_samples
        self._guests: dict[int, _Guest] = {}
        self._open: list[GuardedInstrument] = []  # those that have been made and not been closed
        self._chains: dict[Place, InsertChain] = {}

    @property
    def default(self) -> Section:
        return self._bundles.default

    def candidate(self, name_or_path: str | Path | None) -> Section:
        """As `RackBundles.candidate`."""
        return self._bundles.candidate(name_or_path)

    def set_default(self, section: Section) -> None:
        """A candidate becomes the default, from the next rack made ready on."""
        self._bundles.set_default(section)

    def try_again(self) -> None:
        """Whoever loads a preset wants what has failed to be started anew, with the next rack."""
        self._bundles.try_again()
        self._guests = {index: guest for index, guest in self._guests.items() if not _failed(guest)}

    def ready(self, rack: Rack) -> tuple[ReadyRack, tuple[str, ...]]:
        """The rack, and a line for everything in it that cannot be had; all else plays."""
        named = {
            i: part for i, part in enumerate(rack.parts) if not part.instrument.startswith(PLUGIN_PREFIX)
        }
        found, missing = self._bundles.sections(named)
        streams, merged = self._assigned(rack, found)
        wide = {s: self._bundles.wide_enough(s, max(streams) + 1) for s in set(found.values())}
        self._guests = {
            index: self._guest(index, part, missing.get(index))
            for index, part in enumerate(rack.parts)
            if index not in found
        }
        self._change(rack, streams)
        ready = ReadyRack(
            rack=rack,
            default=self.default,
            sections=tuple(wide[found[i]] if i in found else None for i in range(len(rack.parts))),
            streams=streams,
            merged=merged,
            guests={index: guest.player for index, guest in self._guests.items()},
            inserts=self._inserts("stream"),
            guest_inserts=self._inserts("guest"),
            master_inserts=self._chains.get(MASTER),
        )
        problems = [(index, guest.problem) for index, guest in self._guests.items() if guest.problem]
        return ready, tuple(f"part {index + 1} is silent: {problem}" for index, problem in problems)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with inserts, one line each."""
        return tuple(
            f"{_told(place)}, insert {fault.index + 1} ({fault.effect}): {fault.reason}"
            for place, chain in list(self._chains.items())  # a copy: the owner may add one meanwhile
            for fault in chain.faults
        )

    def let_go(self, departed: deque[object]) -> tuple[str, ...]:
        """Free what the chain has put there, and close guests; returns a line for each that could not be."""
        gone = [departed.popleft() for _ in range(len(departed))]
        return self._close([guest for guest in self._open if guest in gone])

    def close(self) -> tuple[str, ...]:
        """Close all guests, once the chain is no longer played; returns lines as `let_go`."""
        return self._close(list(self._open))

    def _close(self, guests: Sequence[GuardedInstrument]) -> tuple[str, ...]:
        self._open = [guest for guest in self._open if guest not in guests]
        return tuple(line for line in [guest.close() for guest in guests] if line is not None)

    def _assigned(
        self, rack: Rack, found: dict[int, Section]
    ) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
        """The stream of each part, and the same with half of them and with one for each bundle, as far as
        that is fewer. Parts share a stream only with parts that play the same bundle."""
        if not found:
            return (UNUSED,) * len(rack.parts), ()
        parts = tuple(
            replace(rack.parts[index], instrument=section.bundle.digest, bundle_version="")
            for index, section in found.items()
        )
        playing = replace(rack, parts=parts)
        assigned = [assign(playing, self._streams)]
        for fewer in (-(-len(set(assigned[0])) // 2), 1):
            streams = assign_fewer(playing, assigned[-1], fewer)
            if streams != assigned[-1]:
                assigned.append(streams)
        spread = [_spread(found, streams, len(rack.parts)) for streams in assigned]
        return spread[0], tuple(spread[1:])

    def _guest(self, index: int, part: Part, problem: str | None) -> _Guest:
        known = self._guests.get(index)
        if (
            known is not None
            and known.instrument == part.instrument
            and (problem is None or known.problem == problem)
        ):
            return known
        if problem is not None:
            return self._absent(part, problem)
        plugin = part.instrument.removeprefix(PLUGIN_PREFIX)
        try:
            instrument = load_plugin(INSTRUMENTS_GROUP, plugin)()
            return self._opened(part, GuardedInstrument(instrument, self._rate_hz, self._block_samples))
        except FAILURES as error:  # a stranger's code, imported and called for the first time
            return self._absent(part, str(error) if isinstance(error, NeumeError) else failure_line(error))

    def _absent(self, part: Part, problem: str) -> _Guest:
        player = GuardedInstrument(Absent(part.instrument), self._rate_hz, self._block_samples)
        return self._opened(part, player, problem)

    def _opened(self, part: Part, player: GuardedInstrument, problem: str | None = None) -> _Guest:
        self._open.append(player)
        return _Guest(part.instrument, player, problem)

    def _inserts(self, wanted: str) -> dict[int, InsertChain]:
        return {number: chain for (kind, number), chain in self._chains.items() if kind == wanted}

    def _change(self, rack: Rack, streams: Sequence[int]) -> None:
        """Give every place its inserts. A chain that is there stays, even empty, so that it can fade out."""
        wanted: dict[Place, tuple[Insert, ...]] = {MASTER: rack.inserts}
        for index, part in reversed(list(enumerate(rack.parts))):  # the first part of a stream decides
            guest = index in self._guests
            wanted["guest" if guest else "stream", index if guest else streams[index]] = part.inserts
        for place in {*wanted, *self._chains}:
            inserts = wanted.get(place, ())
            if place in self._chains:
                self._chains[place].change(inserts)
            elif inserts:
                self._chains[place] = InsertChain(self._rate_hz, self._block_samples, inserts)


def _spread(found: dict[int, Section], streams: Sequence[int], parts: int) -> tuple[int, ...]:
    stream_of = dict(zip(found, streams, strict=True))
    return tuple(stream_of.get(index, UNUSED) for index in range(parts))


def _failed(guest: _Guest) -> bool:
    return guest.problem is not None or guest.player.fault is not None


def _told(place: Place) -> str:
    kind, number = place
    return kind if place == MASTER else f"{kind} {number + 1}"
