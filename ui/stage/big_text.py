"""Text as large as its place allows, broken into lines of like length: what must be read from far away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme

SMALLEST_PX: Final = 12
MEASURED_PX: Final = 100  # size at which words are measured
SAFETY: Final = 0.98  # letters do not scale exactly
MOST_WORDS: Final = 40  # the ways to break more than that are too many to try; the rest is left out


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text in lines, and the font that it is drawn in."""

    lines: tuple[str, ...]
    font: QFont

    @property
    def size_px(self) -> int:
        return self.font.pixelSize()

    def draw(self, painter: QPainter, place: QRectF, alignment: Qt.AlignmentFlag) -> None:
        """In the painter's pen. A line that has no room even at the smallest size ends in an ellipsis."""
        painter.setFont(self.font)
        metrics = QFontMetricsF(self.font)
        elide = Qt.TextElideMode.ElideRight
        text = "\n".join(metrics.elidedText(line, elide, place.width()) for line in self.lines)
        painter.drawText(place, alignment, text)


def fitted(
    base: QFont, text: str, width: float, height: float, largest_px: int, most_lines: int = 2
) -> FittedText:
    """The text in as many lines as let it be largest within `width` by `height`; no word is broken."""
    font = QFont(base)
    font.setPixelSize(MEASURED_PX)
    metrics = QFontMetricsF(font)
    words = text.split()[:MOST_WORDS]
    best: tuple[str, ...] = (text,)
    size_px = 0.0
    for count in range(1, min(most_lines, len(words)) + 1):
        lines, longest = _broken(words, count, metrics)
        by_width = MEASURED_PX * width / max(longest, 1.0)
        by_height = MEASURED_PX * height / (count * metrics.lineSpacing())
        if min(by_width, by_height) > size_px:
            best, size_px = lines, min(by_width, by_height)
    font.setPixelSize(min(largest_px, max(SMALLEST_PX, int(SAFETY * size_px))))
    return FittedText(best, font)


def _broken(words: Sequence[str], count: int, metrics: QFontMetricsF) -> tuple[tuple[str, ...], float]:
    """Words in `count` lines, the longest as short as can be, and how wide that one is."""
    ends = [0.0]
    for word in words:
        ends.append(ends[-1] + metrics.horizontalAdvance(word + " "))
    ways = ((0, *breaks, len(words)) for breaks in combinations(range(1, len(words)), count - 1))
    space = metrics.horizontalAdvance(" ")

    def longest(way: Sequence[int]) -> float:
        return max(ends[end] - ends[begin] for begin, end in pairwise(way)) - space

    best = min(ways, key=longest)
    return tuple(" ".join(words[begin:end]) for begin, end in pairwise(best)), longest(best)


class BigText(QWidget):
    """One text, centred, sized anew when it or its place changes."""

    def __init__(self, largest_px: int, most_lines: int = 2) -> None:
        super().__init__()
        self.text = ""
        self._largest_px, self._most_lines = largest_px, most_lines
        self._fitted = FittedText((), self.font())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(300, self._largest_px)

    @property
    def text_px(self) -> int:
        """How tall the letters are."""
        return self._fitted.size_px

    def show_text(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.setAccessibleName(text)
            self._fit()
            self.update()

    def resizeEvent(self, _event: object) -> None:
        self._fit()

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        painter.setPen(theme().colour("text"))
        self._fitted.draw(painter, QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter)

    def _fit(self) -> None:
        base = self.font()
        base.setWeight(QFont.Weight.Bold)
        width, height = self.width(), self.height()
        self._fitted = fitted(base, self.text, width, height, self._largest_px, self._most_lines)
