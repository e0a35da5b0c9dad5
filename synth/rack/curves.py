"""Velocity curves: how hard a key was struck → how hard the part plays it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

LOUDEST: Final = 127
FIXED: Final = "fixed"
# Velocity over 127 is raised to this. Below 1 a light touch plays louder, above 1 it takes a heavy hand.
EXPONENTS: Final = {"linear": 1.0, "soft": 0.6, "hard": 1.6}
SHAPES: Final = (*EXPONENTS, FIXED)


@dataclass(frozen=True, slots=True)
class VelocityCurve:
    """`shape` is one of `SHAPES`; `fixed_velocity`, 1 to 127, belongs to the fixed one alone."""

    shape: str = "linear"
    fixed_velocity: int | None = None

    @property
    def table(self) -> tuple[int, ...]:
        """What each velocity becomes: 128 entries, 0 for 0, all others 1 to 127."""
        return _table(self.shape, self.fixed_velocity)


LINEAR: Final = VelocityCurve()


def fixed(velocity: int) -> VelocityCurve:
    """The curve of an organ: however a key is struck, it sounds at `velocity`."""
    return VelocityCurve(FIXED, velocity)


@cache
def _table(shape: str, fixed_velocity: int | None) -> tuple[int, ...]:
    if shape == FIXED:
        assert fixed_velocity is not None, "the preset reader lets no fixed curve without a velocity through"
        return (0,) + (fixed_velocity,) * LOUDEST
    exponent = EXPONENTS[shape]
    risen = (LOUDEST * (velocity / LOUDEST) ** exponent for velocity in range(1, LOUDEST + 1))
    return (0, *(max(1, round(velocity)) for velocity in risen))
