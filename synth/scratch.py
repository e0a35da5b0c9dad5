"""Scratch memory: large arrays that are used up within a block, kept from block to block.

Beside the excitation. The system takes fresh memory back as soon as it is freed, and gives it again page by
page, which takes longer than what is worked out in it.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float32, np.float64, np.int32, np.int64)


class Scratch:
    """Keeps the largest array that was asked for under each name. Not thread-safe."""

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: type[Number]) -> NDArray[Number]:
        """An array of any content, valid until the next one of its name is asked for."""
        size = math.prod(shape) * np.dtype(kind).itemsize
        memory = self._memory.get(name)
        if memory is None or memory.size < size:
            memory = self._memory[name] = np.empty(size, np.uint8)
        return memory[:size].view(kind).reshape(shape)
