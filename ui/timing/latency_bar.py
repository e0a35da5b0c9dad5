"""The delay from a key to its sound as a bar of its parts, with the name and milliseconds of each."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from neume.synth.latency import Latency

from ..controls.paint import SMALL_PX, draw_text, font_of, painter_of
from ..controls.wordings import Plain
from ..keys.part_colours import blend
from ..theme import BASE_PX, theme
from .wordings import part_meaning, part_name

BAR_PX: Final = 34.0
LEGEND_PX: Final = 44.0
GAP_PX: Final = 2.0
PALEST: Final = 0.72  # how much of the ground is in the last part's colour
DOT_PX: Final = 9.0
DOTTED_PX: Final = 84.0  # a narrower entry has no room for one
MS: Final = Plain("ms")


class LatencyBar(QWidget):
    """A tool tip explains each part, in the bar and in the legend below. Belongs to the panel's thread."""

    def __init__(self) -> None:
        super().__init__()
        self.latency: Latency | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_latency(self, latency: Latency) -> None:
        self.latency = latency
        parts = ", ".join(f"{name} {MS.text(ms)}" for name, ms in self._parts())
        self.setAccessibleName(self.tr("Delay from key to sound: {0}").format(parts))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, int(BAR_PX + LEGEND_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, int(BAR_PX + LEGEND_PX))

    def segments(self) -> list[QRectF]:
        """Where each part is in the bar; no part is thinner than it can be seen."""
        if self.latency is None:
            return []
        samples = [max(0, part) for _, part in self.latency.parts()]
        room = self.width() - GAP_PX * (len(samples) - 1)
        total, left, places = max(1, sum(samples)), 0.0, []
        for part in samples:
            width = room * part / total
            places.append(QRectF(left, 0, width, BAR_PX))
            left += width + GAP_PX
        return places

    def entries(self) -> list[QRectF]:
        """Where each part is in the legend."""
        count = len(self.latency.parts()) if self.latency is not None else 0
        width = self.width() / max(1, count)
        return [QRectF(index * width, BAR_PX + 6, width - 6, LEGEND_PX - 6) for index in range(count)]

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(
                event.globalPos(), self.tip_at(event.pos().toPointF().x(), event.pos().y()), self
            )
            return True
        return super().event(event)

    def tip_at(self, x: float, y: float) -> str:
        """What the part at a place is; empty where there is none."""
        if self.latency is None:
            return ""
        places = self.segments() if y < BAR_PX else self.entries()
        for (name, samples), place in zip(self.latency.parts(), places, strict=True):
            if place.left() <= x <= place.right():
                head = f"{part_name(name)}: {MS.text(self.latency.milliseconds(samples))}"
                return f"<b>{head}</b><br>{part_meaning(name)}"
        return ""

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.latency is None:
            return
        painter = painter_of(self)
        places = zip(self.segments(), self.entries(), self._parts(), strict=True)
        for index, (segment, entry, (name, ms)) in enumerate(places):
            colour = self._colour(index)
            painter.setBrush(colour)
            painter.drawRoundedRect(segment, 4, 4)
            self._write_inside(painter, segment, ms, colour)
            if entry.width() > DOTTED_PX:
                painter.setBrush(colour)
                painter.drawEllipse(QRectF(entry.left(), entry.top() + 4, DOT_PX, DOT_PX))
                entry.setLeft(entry.left() + DOT_PX + 5)
            self._write_entry(painter, entry, name, ms)

    def _write_entry(self, painter: QPainter, entry: QRectF, name: str, ms: float) -> None:
        left = Qt.AlignmentFlag.AlignLeft
        painter.setFont(font_of(self, SMALL_PX))
        draw_text(painter, QRectF(entry.left(), entry.top(), entry.width(), 17), name, "dim", left)
        painter.setFont(font_of(self, BASE_PX, bold=True))
        below = QRectF(entry.left(), entry.top() + 17, entry.width(), 19)
        draw_text(painter, below, MS.text(ms), "text", left)

    def _parts(self) -> list[tuple[str, float]]:
        """Names to be shown, and milliseconds."""
        if self.latency is None:
            return []
        return [
            (part_name(name), self.latency.milliseconds(samples)) for name, samples in self.latency.parts()
        ]

    def _colour(self, index: int) -> QColor:
        """Paler from part to part."""
        assert self.latency is not None
        share = PALEST * index / max(1, len(self.latency.parts()) - 1)
        return blend(theme().colour("accent"), theme().colour("raised"), share)

    def _write_inside(self, painter: QPainter, segment: QRectF, ms: float, ground: QColor) -> None:
        text = f"{ms:.1f}"
        painter.setFont(font_of(self, BASE_PX, bold=True))
        if painter.fontMetrics().horizontalAdvance(text) + 8 > segment.width():
            return
        inks = (theme().colour("on_accent"), theme().colour("text"))
        ink = max(inks, key=lambda ink: abs(ink.lightnessF() - ground.lightnessF()))
        painter.setPen(ink)
        painter.drawText(segment, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(Qt.PenStyle.NoPen)
