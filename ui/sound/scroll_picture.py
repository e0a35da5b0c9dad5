"""A picture that scrolls without being drawn again: a ring of columns, shown as two pieces.

Of the spectrogram and of the block times. Column `n` stays at its place in memory until column `n + columns`
replaces it; what is seen ends at whatever column is the newest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter


class ScrollPicture:
    """`columns` columns, each `wide` pixels of the device, `rows` pixels high. Belongs to one thread."""

    def __init__(self, columns: int, rows: int, wide: int = 1, ratio: float = 1.0) -> None:
        self.columns, self.rows, self.wide, self.ratio = columns, rows, wide, ratio
        self._pixels = np.zeros((rows, columns * wide), np.uint32)
        bytes_per_line = self._pixels.strides[0]
        self._image = QImage(
            self._pixels.data, columns * wide, rows, bytes_per_line, QImage.Format.Format_RGB32
        )

    @property
    def pixels(self) -> NDArray[np.uint32]:
        """The memory of the picture, 0xffRRGGBB, for tests."""
        return self._pixels

    def put(self, first_column: int, colours: NDArray[np.uint32]) -> None:
        """Write consecutive columns, shape `(rows, count)`; of more than the picture has, the last."""
        first_column += max(0, colours.shape[1] - self.columns)
        colours = colours[:, -self.columns :]
        begin, count = first_column % self.columns, colours.shape[1]
        room = min(count, self.columns - begin)
        for start, piece in ((begin, colours[:, :room]), (0, colours[:, room:])):
            if piece.shape[1]:
                left = start * self.wide
                right = left + piece.shape[1] * self.wide
                self._pixels[:, left:right] = piece if self.wide == 1 else piece.repeat(self.wide, axis=1)

    def ago(self, across: float) -> int:
        """How many columns before the newest one lies at a share of the width, 0 to 1."""
        return self.columns - 1 - min(self.columns - 1, int(across * self.columns + 1e-6))

    def pieces(self, end_column: int) -> list[tuple[int, int, int]]:
        """What is to be drawn when `end_column` is the first one not known yet: where in the picture's
        memory, where on the screen, and how many, all in columns, from the left."""
        split = end_column % self.columns
        shown = [(split, 0, self.columns - split), (0, self.columns - split, split)]
        return [piece for piece in shown if piece[2]]

    def draw(self, painter: QPainter, left: float, top: float, end_column: int) -> None:
        """Draw all columns before `end_column` with the corner at `left`, `top`: a pixel for a pixel of a
        screen that has `ratio` of them for one of Qt's."""
        for source, target, count in self.pieces(end_column):
            width, scale = count * self.wide, 1.0 / self.ratio
            place = QRectF(left + target * self.wide * scale, top, width * scale, self.rows * scale)
            painter.drawImage(place, self._image, QRectF(source * self.wide, 0, width, self.rows))
