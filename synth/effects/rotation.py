"""The slow rotation inside the reverb's network, which keeps single modes from standing out in a long tail.

S. J. Schlecht and E. A. P. Habets, *Time-varying feedback matrices in feedback delay networks and their
application in artificial reverberation* (JASA 138, 2015): the matrix stays orthogonal while it turns, so the
decay is what it was, and unlike delays that wander it detunes nothing by more than the rotation's frequency
in each pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .effect import Float32

SPEED_HZ: Final = 0.4  # slower, and modes stand out in a tail of 8 s; a held tone gets 1 Hz wide by this
SPREAD: Final = np.array([0.6, -0.72, 0.83, -0.94, 1.06, -1.17, 1.28, -1.4])  # pairs turn unlike one another


class Rotation:
    """Turns rows 0 to 7 and 8 to 15 against one another, pair by pair, on top of their last butterfly.

    The angle is exact at every `grid_samples`; between them the coefficients go in straight lines, chords of
    the circle, so that the network never gains.
    """

    def __init__(self, rate_hz: int, grid_samples: int, scale: float) -> None:
        self._turns = SPREAD * SPEED_HZ * grid_samples / rate_hz  # from grid point to grid point
        self._grid_samples = grid_samples
        self._scale = scale
        self._position = 0
        self._known = (-1, self._at(0), self._at(0))  # a grid point, its coefficients and those of the next

    def turn(self, rows: Float32) -> Float32:
        """`scale` times the butterfly of the halves of `rows` `(16, samples)`, rotated; a new array."""
        half = len(rows) // 2
        turned = np.empty_like(rows)
        for begin, end, across, along in self._spans(rows.shape[1]):
            first, second = rows[:half, begin:end], rows[half:, begin:end]
            np.multiply(first, across, out=turned[:half, begin:end])
            turned[:half, begin:end] += second * along
            np.multiply(first, along, out=turned[half:, begin:end])
            turned[half:, begin:end] -= second * across
        return turned

    def clear(self) -> None:
        self._position = 0

    def state(self) -> int:
        return self._position

    def restore(self, state: int) -> None:
        self._position = state

    def _spans(self, count: int) -> Iterator[tuple[int, int, Float32, Float32]]:
        """From grid point to grid point: begin, end, scale times cos - sin, scale times cos + sin."""
        begin = 0
        while begin < count:
            point, passed = divmod(self._position, self._grid_samples)
            end = min(count, begin + self._grid_samples - passed)
            way = np.arange(passed, passed + end - begin, dtype=np.float32) / np.float32(self._grid_samples)
            if self._known[0] != point:
                self._known = (point, self._at(point), self._at(point + 1))
            _, (across, along), (across_next, along_next) = self._known
            yield begin, end, across + (across_next - across) * way, along + (along_next - along) * way
            self._position += end - begin
            begin = end

    def _at(self, point: int) -> tuple[Float32, Float32]:
        angles: NDArray[np.float64] = 2 * np.pi * (self._turns * point % 1.0)[:, None]
        across, along = np.cos(angles) - np.sin(angles), np.cos(angles) + np.sin(angles)
        return np.asarray(self._scale * across, np.float32), np.asarray(self._scale * along, np.float32)
