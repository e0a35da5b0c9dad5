"""Delays whose times change without a click or a slide: the new tap fades in over the old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .crossfade import Crossfade, CrossfadeState
from .delay_lines import DelayLines
from .effect import Float32

Delays: TypeAlias = tuple[int, ...]  # in samples, one a row


@dataclass(frozen=True, slots=True)
class FadingDelayState:
    lines: Float32
    fade: CrossfadeState[Delays]


class FadingDelay:
    """Delay lines with one tap each."""

    def __init__(self, delays: Delays, longest: int, rate_hz: int) -> None:
        self._lines = DelayLines(len(delays), longest)
        self._fade: Crossfade[Delays] = Crossfade(delays, rate_hz)

    def to(self, delays: Delays) -> None:
        self._fade.to(delays)

    def write(self, block: Float32) -> None:
        self._lines.write(block)

    def read(self, count: int) -> Float32:
        """The next `count` samples, `(rows, count)`, before they are written: no delay is below `count`."""
        return self._tapped(count, 0)

    def through(self, block: Float32) -> Float32:
        """Write `block`, `(rows, samples)`, and read it delayed; delays may be 0."""
        self.write(block)
        return self._tapped(block.shape[1], block.shape[1])

    def clear(self) -> None:
        self._lines.clear()
        self._fade.clear()

    def state(self) -> FadingDelayState:
        return FadingDelayState(self._lines.state(), self._fade.state())

    def restore(self, state: FadingDelayState) -> None:
        self._lines.restore(state.lines)
        self._fade.restore(state.fade)

    def _tapped(self, count: int, written: int) -> Float32:
        out = np.empty((self._lines.rows, count), np.float32)
        for span in self._fade.take(count):
            part = slice(span.begin, span.end)
            made = self._lines.read([delay + written for delay in span.old], count)[:, part]
            if span.new is not None:
                new = self._lines.read([delay + written for delay in span.new], count)[:, part]
                made = span.mix(made, new)
            out[:, part] = made
        return out
