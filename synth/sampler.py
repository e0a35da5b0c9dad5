"""DDIM sampling of the standardised residual with few steps: the schedule and one step's arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESIDUAL_LIMIT = 5.0  # standard deviations; what training clipped at


@dataclass(frozen=True, slots=True)
class SamplerStep:
    """One deterministic step from `noise_level` to the next: signal and noise shares before and after."""

    noise_level: float
    signal: float
    noise: float
    next_signal: float
    next_noise: float

    def advance(self, noisy: NDArray[np.float32], estimate: NDArray[np.float32]) -> NDArray[np.float32]:
        """Move `noisy` along the v-prediction `estimate` (Salimans & Ho 2022; DDIM, Song et al. 2021)."""
        clean = np.clip(self.signal * noisy - self.noise * estimate, -RESIDUAL_LIMIT, RESIDUAL_LIMIT)
        noise = self.noise * noisy + self.signal * estimate
        return np.asarray(self.next_signal * clean + self.next_noise * noise, dtype=np.float32)


def cosine_schedule(steps: int) -> tuple[SamplerStep, ...]:
    """Evenly spaced noise levels from 1 to 0 on the cosine schedule: signal = cos(pi/2 level)."""
    levels = np.linspace(1.0, 0.0, steps + 1)
    signal, noise = np.cos(levels * np.pi / 2), np.sin(levels * np.pi / 2)
    return tuple(
        SamplerStep(
            float(levels[k]), float(signal[k]), float(noise[k]), float(signal[k + 1]), float(noise[k + 1])
        )
        for k in range(steps)
    )
