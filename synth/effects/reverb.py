"""The reverb: predelay, diffuser, feedback delay network, and a wet level that the size does not change."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from .builtin import BuiltInEffect, Memory, equal_power
from .diffuser import Diffuser
from .effect import Float32, Parameter
from .fading_delay import FadingDelay
from .feedback_network import LENGTHS_48K, FeedbackNetwork
from .glide import Glide

LONGEST_PREDELAY_MS: Final = 200.0
TAIL_DB: Final = 100.0
MEAN_LENGTH_S: Final = sum(LENGTHS_48K) / len(LENGTHS_48K) / 48_000
EARLY: Final = 2.0  # level of the first reflections: the echoes of each moment as strong as the network's
LEVEL: Final = 0.3  # measured: white noise leaves 0 to 2 dB weaker than it came


class Reverb(BuiltInEffect):
    """A room of any size. Steady sound leaves about as loud as it came, wet or dry."""

    name: ClassVar = "Reverb"
    parameters: ClassVar = (
        Parameter("mix", "Mix", "", 0.0, 1.0, 0.25),
        Parameter("size_s", "Decay to -60 dB", "s", 0.2, 8.0, 1.8),
        Parameter("damping_hz", "Damping", "Hz", 1_000.0, 20_000.0, 5_000.0),
        Parameter("predelay_ms", "Predelay", "ms", 0.0, LONGEST_PREDELAY_MS, 10.0),
    )

    @property
    def tail_s(self) -> float:
        return self.values["size_s"] * TAIL_DB / 60.0 + self.values["predelay_ms"] / 1000.0 + 0.15

    def _build(self) -> tuple[Memory, ...]:
        longest = round(LONGEST_PREDELAY_MS * self.rate_hz / 1000.0)
        self._predelay = FadingDelay(self._predelay_samples(), longest, self.rate_hz)
        self._diffuser = Diffuser(self.values["size_s"], self.rate_hz)
        self._network = FeedbackNetwork(self.values["size_s"], self.values["damping_hz"], self.rate_hz)
        self._levels = Glide(self._wanted_levels(), self.rate_hz)
        return (self._predelay, *self._diffuser.memories, *self._network.memories, self._levels)

    def _aim(self) -> None:
        self._predelay.to(self._predelay_samples())
        self._diffuser.aim(self.values["size_s"])
        self._network.aim(self.values["size_s"], self.values["damping_hz"])
        self._levels.to(self._wanted_levels())

    def _sound(self, audio: Float32, sent: Float32) -> Float32:
        diffuse = self._diffuser.run(self._predelay.through(sent))
        early = diffuse[:2] * np.float32(EARLY)
        wet = self._network.run(diffuse) + early
        levels = self._levels.take(audio.shape[1])
        return np.asarray(audio * levels[:1] + wet * levels[1:], np.float32)

    def _wanted_levels(self) -> Float32:
        """The network's energy grows with the decay: T / (13.8 mean length) for each line it is fed."""
        levels: Float32 = equal_power(self.values["mix"])
        levels[1] *= LEVEL * math.sqrt(13.8 * MEAN_LENGTH_S / self.values["size_s"])
        return levels

    def _predelay_samples(self) -> tuple[int, int]:
        delay = round(self.values["predelay_ms"] * self.rate_hz / 1000.0)
        return delay, delay
