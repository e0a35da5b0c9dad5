"""Where each key lies on the screen, which key a point hits, and how loud: geometry without a widget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QRectF

from .key_range import KeyRange, is_black, white_index, white_key

BLACK_WIDTH: Final = 0.6  # of a white key's
BLACK_LENGTH: Final = 0.63
# How far a black key stands off the gap that it lies over, in its own widths: nearer to its group's outside.
BLACK_OFFSETS: Final = {1: -0.13, 3: 0.13, 6: -0.17, 8: 0.0, 10: 0.17}
SOFTEST: Final = 24  # at the far end of a key; softer ones are no use to a mouse
LOUDEST: Final = 127


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """The keys in view on `width` by `height` logical pixels; `ratio` device pixels make a logical one.

    Every edge lies on a device pixel, so that keys are sharp at any ratio.
    """

    shown: KeyRange
    width: float
    height: float
    ratio: float = 1.0
    edges: tuple[float, ...] = field(init=False)  # of the white keys, one more than there are
    rects: Mapping[int, QRectF] = field(init=False)  # of the keys in view; black ones lie over white ones

    def __post_init__(self) -> None:
        step = self.width / self.shown.whites
        edges = tuple(self._snapped(index * step) for index in range(self.shown.whites + 1))
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "rects", {key: self._rect(key) for key in self.shown.keys})

    @property
    def white_width(self) -> float:
        return self.width / self.shown.whites

    @property
    def black_height(self) -> float:
        return self._snapped(self.height * BLACK_LENGTH)

    def rect(self, key: int) -> QRectF:
        """The place of a key; empty if it is not in view."""
        return self.rects.get(key, QRectF())

    def key_at(self, x: float, y: float) -> int | None:
        """The key at a point, None left and right of the keys. Above and below them the nearest counts, so
        that a glissando need not be straight."""
        if not 0.0 <= x < self.edges[-1]:
            return None
        place = bisect_right(self.edges, x) - 1
        white = white_key(self.shown.first_white + place)
        if y < self.black_height:
            for key in (white - 1, white + 1):
                if is_black(key) and self.rect(key).left() <= x < self.rect(key).right():
                    return key
        return white

    def velocity_at(self, key: int, y: float) -> int:
        """Loud at the front of a key, soft at its far end; 24 to 127."""
        length = self.black_height if is_black(key) else self.height
        share = min(1.0, max(0.0, y / length)) if length else 1.0
        return round(SOFTEST + (LOUDEST - SOFTEST) * share)

    def _rect(self, key: int) -> QRectF:
        place = white_index(key) - self.shown.first_white
        if not is_black(key):
            left, right = self.edges[place], self.edges[place + 1]
            return QRectF(left, 0.0, right - left, self.height)
        width = self.white_width * BLACK_WIDTH
        left = self._snapped(self.edges[place + 1] + (BLACK_OFFSETS[key % 12] - 0.5) * width)
        return QRectF(left, 0.0, self._snapped(left + width) - left, self.black_height)

    def _snapped(self, position: float) -> float:
        return round(position * self.ratio) / self.ratio
