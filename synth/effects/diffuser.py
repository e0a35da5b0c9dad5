"""The first reflections of the reverb: two feed-forward steps turn each sample into 256 echoes at once.

Each step delays sixteen rows by different times and mixes them with the Hadamard matrix, so what enters the
feedback network is dense already, and drums do not patter. Echoes fade with their delay as in the network.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .builtin import SIDES, Memory
from .delay_lines import DelayLines
from .effect import Float32
from .feedback_network import LINES, SCALE, butterflies, losses
from .glide import Glide

# In samples at 48 kHz. In the first step the left side has the first eight rows, the right side the others.
STEPS_48K: Final = (
    (0, 41, 67, 97, 127, 149, 181, 211, 0, 29, 59, 83, 113, 139, 173, 199),
    (0, 94, 178, 256, 341, 430, 497, 583, 661, 742, 804, 880, 965, 1054, 1140, 1207),
)
SIGNS: Final = np.array([1, -1, 1, 1, -1, 1, -1, -1, 1, 1, -1, 1, -1, -1, 1, -1], np.float32)[:, None]


class Diffuser:
    """Stereo in, sixteen rows out, each with as much power as one side."""

    def __init__(self, decay_s: float, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._steps = [
            _Step([round(delay * rate_hz / 48_000) for delay in delays], rows, decay_s, rate_hz)
            for delays, rows in zip(STEPS_48K, (SIDES, LINES), strict=True)
        ]
        self.memories: tuple[Memory, ...] = tuple(
            memory for step in self._steps for memory in (step.lines, step.gains)
        )

    def aim(self, decay_s: float) -> None:
        for step in self._steps:
            step.gains.to(step.gains_for(decay_s, self._rate_hz))

    def run(self, audio: Float32) -> Float32:
        """The next chunk: `(2, samples)` → `(16, samples)`."""
        rows = audio
        for step in self._steps:
            rows = step.lines.through(rows, step.delays)
            rows *= step.gains.take(audio.shape[1])
            rows = butterflies(rows, 4)
        return rows


class _Step:
    def __init__(self, delays: list[int], rows: int, decay_s: float, rate_hz: int) -> None:
        self.delays = delays
        self.lines = DelayLines(rows, max(delays))
        self.gains = Glide(self.gains_for(decay_s, rate_hz), rate_hz)

    def gains_for(self, decay_s: float, rate_hz: int) -> Float32:
        return SIGNS * losses(self.delays, decay_s, rate_hz) * np.float32(SCALE)
