"""A tremolo: the level goes down and up again, in straight lines.

Time is counted in whole samples, and so is the way of the depth to its new value: blocks of any size get the
same samples.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neume.synth.effects.effect import Parameter

Float32 = NDArray[np.float32]


class Tremolo:
    name: ClassVar = "Tremolo"
    parameters: ClassVar = (
        Parameter("speed_hz", "Speed", "Hz", 0.5, 10.0, 5.0),
        Parameter("depth", "Depth", "", 0.0, 1.0, 0.5),
    )
    tail_s: ClassVar = 0.0

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        self._rate_hz = rate_hz
        self._steps = rate_hz // 100  # in which the depth goes all the way, one a sample
        self._position = 0  # in the period
        self._period = round(rate_hz / 5.0)
        self._depth = self._wanted_depth = self._steps // 2

    def process(self, audio: Float32) -> Float32:
        """`(samples, 2)` → `(samples, 2)`"""
        count = np.arange(1, len(audio) + 1)
        places = (self._position + count) % self._period
        way = self._wanted_depth - self._depth
        depths = self._depth + np.sign(way) * np.minimum(count, abs(way))
        if len(audio):
            self._position, self._depth = int(places[-1]), int(depths[-1])
        lowered = 1.0 - np.abs(2.0 * places / self._period - 1.0)
        gains = 1.0 - depths / self._steps * lowered
        return audio * gains[:, None].astype(np.float32)

    def set(self, parameter_id: str, value: float) -> None:
        if parameter_id == "depth":
            self._wanted_depth = round(value * self._steps)
        else:
            period = round(self._rate_hz / value)
            self._position = self._position * period // self._period
            self._period = period

    def reset(self) -> None:
        """There is no tail."""

    def state(self) -> tuple[int, ...]:
        return self._position, self._period, self._depth, self._wanted_depth

    def restore(self, state: tuple[int, ...]) -> None:
        self._position, self._period, self._depth, self._wanted_depth = state
