"""A colour for each part of the rack, and for the keys: the same wherever a part is shown."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor

from ..theme import Theme, theme

# Degrees; neighbours in the rack are far apart, and no hue is the alarm's red.
HUES: Final = (205, 40, 280, 95, 325, 185, 60, 245)
SATURATION: Final = 0.55
DARK_LIGHTNESS, LIGHT_LIGHTNESS = 0.66, 0.38
SECOND_ROUND: Final = -0.14  # lightness of the ninth part and those after it


def part_colour(index: int) -> QColor:
    """Of the part at that index of the rack, in the theme of now."""
    lightness = DARK_LIGHTNESS if is_dark(theme()) else LIGHT_LIGHTNESS
    lightness += SECOND_ROUND * (index // len(HUES) % 2)
    return QColor.fromHslF(HUES[index % len(HUES)] / 360.0, SATURATION, lightness)


def ivory() -> QColor:
    """Of the white keys: the theme's lightest colour, dimmed on a dark stage."""
    shown = theme()
    return blend(shown.colour("text"), shown.colour("edge"), 0.22) if is_dark(shown) else QColor(shown.raised)


def ebony() -> QColor:
    """Of the black keys: the theme's darkest colour."""
    shown = theme()
    return QColor(shown.ground if is_dark(shown) else shown.text)


def is_dark(shown: Theme) -> bool:
    return QColor(shown.ground).lightness() < 128


def blend(one: QColor, other: QColor, share: float) -> QColor:
    """`share` of the other colour, 0 to 1, in the first."""
    return QColor.fromRgbF(
        one.redF() + (other.redF() - one.redF()) * share,
        one.greenF() + (other.greenF() - one.greenF()) * share,
        one.blueF() + (other.blueF() - one.blueF()) * share,
    )
