"""The inserts of a part or of the master: effects one after another, changed while they play.

Between a part's strip and the sum, and between the sum and the limiter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Protocol

from ..errors import UsageError
from .effect import Effect, Float32
from .insert_slot import InsertSlot, SlotState
from .load import load_effect
from .sends import Sends

MAX_INSERTS: Final = 16


class InsertSpec(Protocol):
    """What a rack says of one insert. Values that are left out are the parameters' defaults."""

    @property
    def effect(self) -> str: ...

    @property
    def values(self) -> Mapping[str, float]: ...

    @property
    def bypassed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class InsertFault:
    """Something wrong with one insert. A `muted` one is passed by, another plays without what is wrong."""

    index: int
    effect: str
    reason: str
    muted: bool


@dataclass(frozen=True, slots=True)
class _Planned:
    slot: InsertSlot
    values: Mapping[str, float]
    bypassed: bool


class InsertChain:
    """Runs effects in series, without latency; whatever they do, audio comes out.

    A change fades: new effects in, removed ones out, in about a block. Those that stay keep their tails. What
    is given before the first block is there from its first sample.

    Threads: one thread at a time may call `change`, which imports and prepares; any thread may read `faults`.
    Everything else is the render thread's, which never waits here.
    """

    def __init__(
        self,
        rate_hz: int,
        block_samples: int,
        inserts: Sequence[InsertSpec] = (),
        load: Callable[[str], Effect] = load_effect,
    ) -> None:
        self._rate_hz = rate_hz
        self._block_samples = block_samples
        self._load = load
        self._plan: tuple[_Planned, ...] = ()
        self._taken: tuple[_Planned, ...] = self._plan
        self._running: list[InsertSlot] = []
        self._started = False
        self.change(inserts)

    @property
    def faults(self) -> tuple[InsertFault, ...]:
        """What is wrong with the inserts that were last asked for."""
        return tuple(
            InsertFault(index, planned.slot.effect_id, reason, planned.slot.muted)
            for index, planned in enumerate(self._plan)
            for reason in planned.slot.faults
        )

    @property
    def tail_s(self) -> float:
        """How long the chain may ring on after its input."""
        self._take_over()
        return sum(planned.slot.tail_s for planned in self._taken if not planned.bypassed)

    def change(self, inserts: Sequence[InsertSpec]) -> None:
        """Have other inserts from the next block on; effects that are in both, in the same order, stay.

        An effect that has failed gets a new chance by being bypassed for a while. Raises UsageError for more
        than `MAX_INSERTS`.
        """
        if len(inserts) > MAX_INSERTS:
            raise UsageError(f"{len(inserts)} inserts; allowed are at most {MAX_INSERTS}")
        kept = self._kept([insert.effect for insert in inserts])
        plan = []
        for index, insert in enumerate(inserts):
            slot = kept.get(index)
            if slot is None or (slot.muted and insert.bypassed):
                slot = InsertSlot(insert.effect, self._load, self._rate_hz, self._block_samples)
            plan.append(_Planned(slot, dict(insert.values), insert.bypassed))
        self._plan = tuple(plan)

    def process(self, audio: Float32, sends: Sends | None = None) -> Float32:
        """The next block, `(samples, 2)` float32 and finite → the same; without inserts, `audio` itself.

        `sends`: what effects get instead of all that reaches them, as `Send` says; None for all of it.
        """
        self._take_over()
        if not len(audio):
            return audio
        self._started = True
        for slot in self._running:
            audio = slot.process(audio, sends)
        if any(slot.gone for slot in self._running):
            self._running = [slot for slot in self._running if not slot.gone]
        return audio

    def set(self, index: int, parameter_id: str, value: float) -> None:
        """Move one parameter of the insert at `index`. The next `change` says again what it is."""
        self._take_over()
        self._taken[index].slot.set(parameter_id, value)

    def reset(self) -> None:
        """Silence all tails at once."""
        for slot in self._running:
            slot.reset()

    def state(self) -> tuple[SlotState, ...]:
        self._take_over()
        return tuple(planned.slot.state() for planned in self._taken)

    def restore(self, state: tuple[SlotState, ...]) -> None:
        """Go on from the state of a chain with the same inserts."""
        self._take_over()
        for planned, saved in zip(self._taken, state, strict=True):
            planned.slot.restore(saved)

    def _kept(self, wanted: list[str]) -> dict[int, InsertSlot]:
        """Which running effects stay, by their index in `wanted`."""
        present = [planned.slot for planned in self._plan]
        matcher = SequenceMatcher(None, [slot.effect_id for slot in present], wanted, autojunk=False)
        return {
            match.b + step: present[match.a + step]
            for match in matcher.get_matching_blocks()
            for step in range(match.size)
        }

    def _take_over(self) -> None:
        """Put the last plan into effect: effects that leave fade out in the places that they have."""
        if self._plan is self._taken:
            return
        self._taken = self._plan
        wanted = [planned.slot for planned in self._taken]
        for planned in self._taken:
            planned.slot.aim(planned.values, planned.bypassed, at_once=not self._started)
        running: list[InsertSlot] = []
        for slot in self._running:
            if slot not in wanted:
                slot.leave()
        before = list(self._running)
        for slot in wanted:
            if slot in before:
                place = before.index(slot)
                running += before[:place]
                before = before[place + 1 :]
            running.append(slot)
        self._running = running + before
