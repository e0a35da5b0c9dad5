"""The delay: echoes of each side in its own time, which may change sides with every repeat."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from .builtin import LONGEST_CHUNK_S, BuiltInEffect, Memory, equal_power
from .effect import Float32, Parameter
from .fading_delay import FadingDelay
from .glide import Glide

SHORTEST_MS: Final = 1000.0 * LONGEST_CHUNK_S  # so that a chunk's echoes lie before the chunk
LONGEST_MS: Final = 2_000.0


class Delay(BuiltInEffect):
    """`cross` 0 keeps the repeats on their side, 1 sends each to the other one."""

    name: ClassVar = "Delay"
    parameters: ClassVar = (
        Parameter("mix", "Mix", "", 0.0, 1.0, 0.3),
        Parameter("left_ms", "Left", "ms", SHORTEST_MS, LONGEST_MS, 375.0),
        Parameter("right_ms", "Right", "ms", SHORTEST_MS, LONGEST_MS, 500.0),
        Parameter("feedback", "Feedback", "", 0.0, 0.95, 0.4),
        Parameter("cross", "Cross", "", 0.0, 1.0, 0.0),
    )

    @property
    def tail_s(self) -> float:
        """The first echo, and the repeats until they are 100 dB down."""
        longest_s = max(self.values["left_ms"], self.values["right_ms"]) / 1000.0
        feedback = self.values["feedback"]
        return longest_s * (1 + (math.ceil(-5.0 / math.log10(feedback)) if feedback else 0))

    def _build(self) -> tuple[Memory, ...]:
        self._lines = FadingDelay(self._delays(), round(LONGEST_MS * self.rate_hz / 1000.0), self.rate_hz)
        self._repeats = Glide(self._wanted_repeats(), self.rate_hz)
        self._levels = Glide(equal_power(self.values["mix"]), self.rate_hz)
        return self._lines, self._repeats, self._levels

    def _aim(self) -> None:
        self._lines.to(self._delays())
        self._repeats.to(self._wanted_repeats())
        self._levels.to(equal_power(self.values["mix"]))

    def _sound(self, audio: Float32, sent: Float32) -> Float32:
        count = audio.shape[1]
        echoes = self._lines.read(count)
        repeats = self._repeats.take(count)
        self._lines.write(sent + echoes * repeats[:1] + echoes[::-1] * repeats[1:])
        levels = self._levels.take(count)
        return audio * levels[:1] + echoes * levels[1:]

    def _wanted_repeats(self) -> Float32:
        """Feedback to the same and to the other side, `(2, 1)`."""
        feedback, cross = self.values["feedback"], self.values["cross"]
        return np.array([[feedback * (1.0 - cross)], [feedback * cross]], np.float32)

    def _delays(self) -> tuple[int, ...]:
        return tuple(round(self.values[side] * self.rate_hz / 1000.0) for side in ("left_ms", "right_ms"))
