"""What the built-in effects share: their values, falling asleep, and saving what they remember."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .effect import Float32, Parameter, held

SIDES: Final = 2
ASLEEP_AFTER_TAILS: Final = 2.0  # of silent input: what rings is 200 dB down then
LONGEST_CHUNK_S: Final = 0.02


class Memory(Protocol):
    """A part of what an effect remembers: delay lines, filters, values on their way."""

    def clear(self) -> None:
        """Forget all sound, and arrive wherever it is on the way to."""
        ...

    def state(self) -> Any: ...

    def restore(self, state: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class BuiltInState:
    values: dict[str, float]
    awake: bool
    silent_samples: int
    memories: tuple[Any, ...]


class BuiltInEffect(ABC):
    """An `Effect` that sleeps, at no cost, from 200 dB below its last sound to the next sample that is not 0.

    So nothing rings on in denormals. Blocks are cut into chunks of at most `LONGEST_CHUNK_S`.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]

    def __init__(self) -> None:
        self.values = {parameter.id: parameter.default for parameter in self.parameters}
        self._ranges = {parameter.id: parameter for parameter in self.parameters}
        self._memories: tuple[Memory, ...] = ()
        self._awake = False
        self._silent_samples = 0  # of input, while awake

    @property
    @abstractmethod
    def tail_s(self) -> float: ...

    @abstractmethod
    def _build(self) -> tuple[Memory, ...]:
        """Make what is remembered at `rate_hz`, already at `values`."""

    @abstractmethod
    def _aim(self) -> None:
        """Set off for `values`."""

    @abstractmethod
    def _sound(self, audio: Float32, sent: Float32) -> Float32:
        """The next chunk: `(2, samples)` each → the same shape. `sent` is what to make the wet sound of."""

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        """Blocks may have any size, so `block_samples` is not needed here."""
        self.rate_hz = rate_hz
        self._chunk_samples = max(1, round(LONGEST_CHUNK_S * rate_hz))
        self._memories = self._build()
        self._awake = False

    def set(self, parameter_id: str, value: float) -> None:
        """As the protocol has it; values outside the range are held to it."""
        if parameter_id not in self._ranges:
            raise UsageError(f"{self.name} has no {parameter_id!r}; it has {', '.join(self._ranges)}")
        self.values[parameter_id] = held(self._ranges[parameter_id], value)
        self._aim()
        if not self._awake:
            self.reset()

    def process(self, audio: Float32, sent: Float32 | None = None) -> Float32:
        """As the protocol has it. Where `sent` `(samples, 2)` is given, the wet sound is made of that, and
        the effect falls asleep once both are silent."""
        out = np.zeros_like(audio)
        begin = 0
        while begin < len(audio):
            span = slice(begin, min(len(audio), begin + self._chunk_samples))
            count = span.stop - begin
            sounding = _sounding(audio[span])
            heard = np.flatnonzero(sounding if sent is None else sounding | _sounding(sent[span]))
            if not self._awake:
                begin += int(heard[0]) if heard.size else count
                self._awake, self._silent_samples = bool(heard.size), 0
                continue
            end = begin + self._waking_samples(heard, count)
            if end > begin:
                dry = np.ascontiguousarray(audio[begin:end].T)
                wet = dry if sent is None else np.ascontiguousarray(sent[begin:end].T)
                out[begin:end] = self._sound(dry, wet).T
            begin = end
            if self._silent_samples >= self._patience_samples:
                self.reset()
        return out

    def reset(self) -> None:
        self._awake = False
        for memory in self._memories:
            memory.clear()

    def state(self) -> BuiltInState:
        memories = tuple(memory.state() for memory in self._memories)
        return BuiltInState(dict(self.values), self._awake, self._silent_samples, memories)

    def restore(self, state: BuiltInState) -> None:
        self.values = dict(state.values)
        self._awake, self._silent_samples = state.awake, state.silent_samples
        for memory, saved in zip(self._memories, state.memories, strict=True):
            memory.restore(saved)

    @property
    def _patience_samples(self) -> int:
        tail = math.ceil(ASLEEP_AFTER_TAILS * self.tail_s * self.rate_hz)
        return max(self._chunk_samples, tail)

    def _waking_samples(self, heard: np.ndarray, count: int) -> int:
        """How many of the next `count` samples to work on before sleep; `heard` are those that are not 0."""
        silent = int(heard[0]) if heard.size else count  # at the chunk's start
        left = max(0, self._patience_samples - self._silent_samples)
        if silent >= left:
            self._silent_samples += left
            return left
        self._silent_samples = count - 1 - int(heard[-1]) if heard.size else self._silent_samples + count
        return count


def _sounding(audio: Float32) -> NDArray[np.bool_]:
    """Which samples are not 0 on both sides, `(samples,)`."""
    return np.asarray((audio[:, 0] != 0) | (audio[:, 1] != 0))


def equal_power(mix: float) -> Float32:
    """Gains of the dry and the wet sound, `(2, 1)`: 0 is all dry, 1 all wet, their powers add up to 1."""
    angle = mix * math.pi / 2
    gains = [[math.cos(angle) if mix < 1.0 else 0.0], [math.sin(angle)]]
    return np.array(gains, np.float32)
