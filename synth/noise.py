"""Noise as a pure function of (seed, stream, position): the same live and offline, in any block size."""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXCITATION: Final = 1
DIFFUSION: Final = 2
UNIT_VARIANCE: Final = np.float32(np.sqrt(12.0))  # of noise between -1/2 and 1/2
_MASK64: Final = (1 << 64) - 1


class _Philox(threading.local):
    """A generator of each thread's own, set to its place anew for every draw: making one takes longer than
    drawing a block."""

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self._generator = np.random.Generator(self._bits)
        self._fresh: Any = {**self._bits.state}  # the state of one that has not drawn yet
        self._counter, self._key = np.zeros(4, np.uint64), np.zeros(2, np.uint64)
        self._fresh["state"] = {"counter": self._counter, "key": self._key}

    def at(self, purpose: int, seed: int, stream: int, position: int) -> np.random.Generator:
        """Philox 4x64 keyed by seed and purpose, its counter set by stream and position (Salmon et al. 2011).
        To be drawn from at once."""
        self._counter[2], self._counter[3] = position & _MASK64, stream & _MASK64
        self._key[0], self._key[1] = seed & _MASK64, purpose
        self._bits.state = self._fresh
        return self._generator


_philox: Final = _Philox()


def white_noise(seed: int, stream: int, block: int, samples: int) -> NDArray[np.float32]:
    """Unit-variance uniform noise of one block, shape `(samples,)`."""
    noise = _philox.at(EXCITATION, seed, stream, block).random(samples, np.float32)
    noise -= np.float32(0.5)
    noise *= UNIT_VARIANCE
    return noise


def diffusion_noise(seed: int, stream: int, block: int, values: int) -> NDArray[np.float32]:
    """Unit normal noise of one block's mel frames, shape `(values,)`."""
    return _philox.at(DIFFUSION, seed, stream, block).standard_normal(values, np.float32)
