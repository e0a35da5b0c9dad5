"""Paints single keys: resting, pressed here, or lit by what comes from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QLinearGradient, QPainter

from ..theme import theme
from .key_range import is_black
from .part_colours import blend, ebony, is_dark, ivory

LIP_PX: Final = 5.0  # of a key that is up: its front edge is seen
GAP_PX: Final = 1.0  # between keys
RADIUS_PX: Final = 3.0
GLOW: Final = 0.5  # how much of its part's colour a lit key takes
LABEL_PX: Final = 11
NARROWEST_LABEL_PX: Final = 13.0  # white keys that are narrower bear no text


@dataclass(frozen=True, slots=True)
class KeyLook:
    """What is to be seen of one key. `glow`: a part's colour while the key sounds from elsewhere."""

    pressed: bool = False
    glow: QColor | None = None
    letter: str = ""  # of the computer keyboard's key that plays it
    name: str = ""  # of its octave


def paint_key(painter: QPainter, rect: QRectF, key: int, look: KeyLook) -> None:
    """Paint a key at its place, whose edges lie on device pixels."""
    black = is_black(key)
    body = rect.adjusted(0.0, 0.0, -GAP_PX, 0.0)
    if black:  # its outline keeps a pressed one apart from pressed white ones
        _paint_rounded(painter, rect, QBrush(ebony()))
        body = rect.adjusted(GAP_PX, 0.0, -GAP_PX, -GAP_PX)
    face = _face(black, look)
    lip = 0.0 if look.pressed else LIP_PX
    _paint_rounded(painter, body, _shade(face, black, lip))
    front = body.adjusted(0.0, 0.0, 0.0, -lip)
    _paint_rounded(painter, front, _lit(face, front, black, look.pressed))
    if look.glow is not None and not look.pressed:
        _paint_lamp(painter, front, look.glow)
    if rect.width() >= NARROWEST_LABEL_PX or (black and look.letter and rect.width() >= LABEL_PX):
        _paint_texts(painter, front, black, look)


def _face(black: bool, look: KeyLook) -> QColor:
    rest = ebony() if black else ivory()
    if look.pressed:
        return theme().colour("accent")
    return rest if look.glow is None else blend(rest, look.glow, GLOW)


def _shade(face: QColor, black: bool, lip: float) -> QBrush:
    """The front edge of a key that is up, seen under its face."""
    if not lip:
        return QBrush(face)
    return QBrush(blend(face, theme().colour("edge"), 0.75) if black else face.darker(135))


def _lit(face: QColor, front: QRectF, black: bool, pressed: bool) -> QBrush:
    """Light from the front: a black key shines towards its front end, a white one darkens under the felt."""
    light = QLinearGradient(front.topLeft(), front.bottomLeft())
    if black:
        shine = 0.0 if pressed else 0.4 if is_dark(theme()) else 0.22
        light.setColorAt(0.0, face.darker(125) if pressed else face)
        light.setColorAt(1.0, blend(face, theme().colour("edge"), shine))
    else:
        light.setColorAt(0.0, face.darker(114))
        light.setColorAt(0.25, face)
    return QBrush(light)


def _paint_rounded(painter: QPainter, rect: QRectF, brush: QBrush) -> None:
    """Rounded at the front, square at the far end."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.save()
    painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
    painter.drawRoundedRect(rect.adjusted(0.0, -RADIUS_PX, 0.0, 0.0), RADIUS_PX, RADIUS_PX)
    painter.restore()


def _paint_lamp(painter: QPainter, front: QRectF, glow: QColor) -> None:
    """A round lamp at the key's front: what comes from elsewhere differs by form, too."""
    radius = min(6.0, front.width() * 0.3)
    centre = QPointF(front.center().x(), front.bottom() - radius - 6.0)
    painter.setBrush(blend(glow, theme().colour("ground"), 0.75))
    painter.drawEllipse(centre, radius + 1.5, radius + 1.5)
    painter.setBrush(glow)
    painter.drawEllipse(centre, radius, radius)


def _paint_texts(painter: QPainter, front: QRectF, black: bool, look: KeyLook) -> None:
    if not look.letter and not look.name:
        return
    font = QFont(painter.font())
    font.setPixelSize(LABEL_PX)
    painter.setFont(font)
    base, away = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, -3.0
    if look.name and look.glow is None:
        painter.setPen(_ink(black, look, 0.85))
        painter.drawText(front.adjusted(-4.0, 0.0, 4.0, away), base, look.name)
    if look.letter and not (black and look.glow is not None):
        painter.setPen(_ink(black, look, 0.6))
        painter.drawText(front.adjusted(-4.0, 0.0, 4.0, away - (2.0 if black else 19.0)), base, look.letter)


def _ink(black: bool, look: KeyLook, strength: float) -> QColor:
    """Text on a key: as dark as the ground on ivory, light on ebony."""
    if look.pressed:
        return theme().colour("on_accent")
    return blend(ebony(), ivory(), strength) if black else blend(ivory(), ebony(), strength)
