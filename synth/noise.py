"""Noise as a pure function of (seed, stream, position): the same live and offline, in any block size."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

EXCITATION: Final = 1
DIFFUSION: Final = 2
_MASK64: Final = (1 << 64) - 1


def _generator(purpose: int, seed: int, stream: int, position: int) -> np.random.Generator:
    """Philox 4x64 keyed by seed and purpose, its counter set by stream and position (Salmon et al. 2011)."""
    counter = np.array([0, 0, position & _MASK64, stream & _MASK64], np.uint64)
    key = np.array([seed & _MASK64, purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def white_noise(seed: int, stream: int, block: int, samples: int) -> NDArray[np.float32]:
    """Unit-variance uniform noise of one block, shape `(samples,)`."""
    uniform = _generator(EXCITATION, seed, stream, block).random(samples, np.float32)
    return np.asarray((uniform - np.float32(0.5)) * np.float32(np.sqrt(12.0)), dtype=np.float32)


def diffusion_noise(seed: int, stream: int, block: int, values: int) -> NDArray[np.float32]:
    """Unit normal noise of one block's mel frames, shape `(values,)`."""
    return _generator(DIFFUSION, seed, stream, block).standard_normal(values, np.float32)
