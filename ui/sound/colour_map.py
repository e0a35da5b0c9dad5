"""Colour maps for pictures of sound: equal steps in dB are equal steps to the eye. For `mel_picture`.

Colours are laid along a curve in OKLab (B. Ottosson, "A perceptual color space for image processing", 2020)
that only ever gets lighter, or only darker, and are spaced evenly along it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
STEPS: Final = 256
# Lightness, chroma and hue in degrees at points along the curve, from silence to the loudest.
DARK: Final = (
    (0.19, 0.010, 265.0),
    (0.34, 0.085, 270.0),
    (0.50, 0.110, 225.0),
    (0.68, 0.125, 175.0),
    (0.84, 0.130, 120.0),
    (0.96, 0.090, 98.0),
)
LIGHT: Final = (
    (0.965, 0.006, 240.0),
    (0.86, 0.065, 165.0),
    (0.71, 0.110, 185.0),
    (0.54, 0.115, 240.0),
    (0.38, 0.125, 280.0),
    (0.22, 0.090, 310.0),
)
_FINE: Final = 2048
_TO_LMS: Final = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB: Final = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@lru_cache(maxsize=4)
def colours_of(dark: bool) -> NDArray[np.uint32]:
    """`STEPS` colours as 0xffRRGGBB, from silence to the loudest, for a dark or a light theme."""
    channels = np.rint(255.0 * srgb(even_curve(dark, STEPS))).astype(np.uint32)
    return np.asarray(0xFF000000 | channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2], np.uint32)


def colour_at(dark: bool, share: NDArray[np.floating]) -> NDArray[np.uint32]:
    """The colours at shares of the map; the ends beyond 0 and 1."""
    places = np.rint(np.clip(share, 0.0, 1.0) * (STEPS - 1)).astype(np.int64)
    return np.asarray(colours_of(dark)[places])


def even_curve(dark: bool, count: int) -> Float64:
    """`count` colours in OKLab, shape `(count, 3)`, at equal distances, all of them colours of a screen."""
    stops = np.array(DARK if dark else LIGHT)
    along, places = np.linspace(0.0, len(stops) - 1.0, _FINE), np.arange(len(stops))
    light, chroma, hue = (np.interp(along, places, stops[:, column]) for column in range(3))
    angle = np.radians(hue)
    chroma = _within_screen(light, chroma, angle)
    curve = np.stack([light, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    steps = np.sqrt((np.diff(curve, axis=0) ** 2).sum(axis=1))
    way = np.concatenate([[0.0], np.cumsum(steps)])
    even = np.linspace(0.0, way[-1], count)
    return np.stack([np.interp(even, way, curve[:, column]) for column in range(3)], axis=1)


def srgb(oklab: Float64) -> Float64:
    """Shape `(n, 3)` in OKLab → sRGB, 0 to 1; what no screen shows is cut off."""
    linear = np.clip(_linear(oklab), 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _linear(oklab: Float64) -> Float64:
    return np.asarray(((oklab @ _TO_LMS.T) ** 3) @ _TO_RGB.T)


def _within_screen(light: Float64, chroma: Float64, angle: Float64) -> Float64:
    """The chroma, less where no screen has so much of it."""
    low, high = np.zeros_like(chroma), chroma.copy()
    for _ in range(20):
        middle = (low + high) / 2
        linear = _linear(np.stack([light, middle * np.cos(angle), middle * np.sin(angle)], axis=1))
        fits = ((linear >= 0.0) & (linear <= 1.0)).all(axis=1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low
