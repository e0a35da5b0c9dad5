"""Small things that all painted controls draw alike: fonts, rings of focus, texts that fit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from ..theme import theme

SMALL_PX: Final = 11
VALUE_PX: Final = 13
RADIUS_PX: Final = 6.0
RING_PX: Final = 2.0
DARK_TEXT, BRIGHT_TEXT = "#0b0d10", "#ffffff"


def painter_of(widget: QWidget) -> QPainter:
    """Smooth, without pen and brush."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    return painter


def font_of(widget: QWidget, pixels: int, bold: bool = False) -> QFont:
    font = QFont(widget.font())
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def draw_ring(painter: QPainter, box: QRectF, radius: float = RADIUS_PX, colour: str = "accent") -> None:
    """Around what the keys of the computer turn."""
    painter.setPen(QPen(theme().colour(colour), RING_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = RING_PX / 2
    painter.drawRoundedRect(box.adjusted(half, half, -half, -half), radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)


def draw_text(
    painter: QPainter,
    box: QRectF,
    text: str,
    colour: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
) -> None:
    """One line, shortened with dots where it is too long; `colour` is a name of the theme's."""
    painter.setPen(theme().colour(colour))
    fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, fitting)
    painter.setPen(Qt.PenStyle.NoPen)


def text_on(ground: QColor) -> QColor:
    """What can be read on a colour."""
    return QColor(DARK_TEXT if ground.lightnessF() > 0.42 else BRIGHT_TEXT)
