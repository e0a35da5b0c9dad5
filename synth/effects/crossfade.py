"""Settings that cannot move in small steps, such as delay times: the new one fades in over the old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from .effect import Float32
from .glide import GLIDE_S

Setting = TypeVar("Setting")


@dataclass(frozen=True, slots=True)
class Span(Generic[Setting]):
    """A stretch of a block. In a fade there is a `new` setting, and `weight` `(samples,)` of it, up to 1."""

    begin: int
    end: int
    old: Setting
    new: Setting | None
    weight: Float32 | None
    starts: bool  # the first of its fade
    arrives: bool  # the last of its fade

    def mix(self, old: Float32, new: Float32) -> Float32:
        assert self.weight is not None
        return np.asarray(old * (np.float32(1.0) - self.weight) + new * self.weight, np.float32)


@dataclass(frozen=True, slots=True)
class CrossfadeState(Generic[Setting]):
    old: Setting
    new: Setting | None
    waiting: Setting | None
    passed: int


class Crossfade(Generic[Setting]):
    """One fade at a time: a setting that comes during a fade waits for its end, and the last one counts."""

    def __init__(self, setting: Setting, rate_hz: int) -> None:
        self._samples = max(1, round(GLIDE_S * rate_hz))
        self._old = setting
        self._new: Setting | None = None
        self._waiting: Setting | None = None
        self._passed = 0

    def to(self, setting: Setting) -> None:
        """Settings are compared with `==`: the one that is already there starts nothing."""
        if self._new is not None:
            self._waiting = setting
        elif setting != self._old:
            self._new, self._passed = setting, 0

    def clear(self) -> None:
        """Arrive at the last setting at once."""
        for setting in (self._new, self._waiting):
            if setting is not None:
                self._old = setting
        self._new = self._waiting = None

    def take(self, count: int) -> Iterator[Span[Setting]]:
        """Cut the next `count` samples where a fade ends."""
        begin = 0
        while begin < count:
            span = self._span(begin, count)
            if span.arrives:
                self._arrive()
            yield span
            begin = span.end

    def state(self) -> CrossfadeState[Setting]:
        return CrossfadeState(self._old, self._new, self._waiting, self._passed)

    def restore(self, state: CrossfadeState[Setting]) -> None:
        self._old, self._new, self._waiting = state.old, state.new, state.waiting
        self._passed = state.passed

    def _span(self, begin: int, count: int) -> Span[Setting]:
        if self._new is None:
            return Span(begin, count, self._old, None, None, False, False)
        end = min(count, begin + self._samples - self._passed)
        passed, self._passed = self._passed, self._passed + end - begin
        weight = np.arange(passed + 1, self._passed + 1, dtype=np.float32) / np.float32(self._samples)
        arrives = self._passed == self._samples
        return Span(begin, end, self._old, self._new, weight, passed == 0, arrives)

    def _arrive(self) -> None:
        assert self._new is not None
        self._old, self._new, waiting = self._new, None, self._waiting
        self._waiting = None
        if waiting is not None:
            self.to(waiting)
