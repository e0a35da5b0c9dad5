"""The chorus: three copies a side whose delays sway, each in its own time."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from .builtin import SIDES, BuiltInEffect, Memory, equal_power
from .delay_lines import DelayLines
from .effect import Float32, Parameter
from .glide import Glide
from .oscillator import Oscillator

CENTRE_MS: Final = 10.0
DEEPEST_MS: Final = 8.0
VOICES: Final = 3  # a side
DEPTH_GLIDE_S: Final = 0.2  # a delay that moves bends the pitch
OFFSETS: Final = (0.0, 1 / 3, 2 / 3, 1 / 6, 1 / 2, 5 / 6)  # of the left voices, then of the right ones
POINTS: Final = 4  # that an interpolated sample is made of


class Chorus(BuiltInEffect):
    """Widens and thickens; in mono it stays what it is, since the sides are never out of phase."""

    name: ClassVar = "Chorus"
    parameters: ClassVar = (
        Parameter("mix", "Mix", "", 0.0, 1.0, 0.5),
        Parameter("rate_hz", "Rate", "Hz", 0.05, 5.0, 0.6),
        Parameter("depth_ms", "Depth", "ms", 0.0, DEEPEST_MS, 2.0),
    )

    @property
    def tail_s(self) -> float:
        return (CENTRE_MS + DEEPEST_MS + 1.0) / 1000.0

    def _build(self) -> tuple[Memory, ...]:
        longest = self._samples(CENTRE_MS + DEEPEST_MS) + POINTS
        self._lines = DelayLines(SIDES, round(longest))
        self._sway = Oscillator(self.values["rate_hz"], OFFSETS, self.rate_hz)
        self._depth = Glide(self._wanted_depth(), self.rate_hz, DEPTH_GLIDE_S)
        self._levels = Glide(equal_power(self.values["mix"]), self.rate_hz)
        return self._lines, self._sway, self._depth, self._levels

    def _aim(self) -> None:
        self._sway.to(self.values["rate_hz"])
        self._depth.to(self._wanted_depth())
        self._levels.to(equal_power(self.values["mix"]))

    def _sound(self, audio: Float32, sent: Float32) -> Float32:
        count = audio.shape[1]
        self._lines.write(sent)
        delays = self._sway.take(count) * self._depth.take(count)
        delays += np.float32(self._samples(CENTRE_MS))
        voices = self._delayed(delays)
        wet = np.stack([voices[side] + voices[side + 1] + voices[side + 2] for side in (0, VOICES)])
        levels = self._levels.take(count)
        return audio * levels[:1] + wet * levels[1:] * np.float32(VOICES**-0.5)

    def _delayed(self, delays: Float32) -> Float32:
        """The sides, delayed by `delays` `(voices, samples)` in samples: Catmull-Rom between four points."""
        whole = np.floor(delays)
        t = delays - whole
        before, here, there, beyond = self._lines.taps(whole.astype(np.int64) + _POINTS)
        cubic = (here - there) * np.float32(3.0) + beyond - before
        square = before * np.float32(2.0) - here * np.float32(5.0) + there * np.float32(4.0) - beyond
        return np.asarray(
            here + np.float32(0.5) * t * (there - before + t * (square + t * cubic)), np.float32
        )

    def _wanted_depth(self) -> Float32:
        return np.array([[self._samples(self.values["depth_ms"])]], np.float32)

    def _samples(self, time_ms: float) -> float:
        return time_ms * self.rate_hz / 1000.0


_POINTS: NDArray[np.int64] = np.arange(-1, POINTS - 1)[:, None, None]
