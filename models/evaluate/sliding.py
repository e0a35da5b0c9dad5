"""Sliding one curve along another: the arithmetic behind the tuning and the onset error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def cosines(wide: Float64, template: Float64) -> Float64:
    """Cosine of `template` with every stretch of `wide` of its length; 1 where both have the same shape.

    Shape `(len(wide) - len(template) + 1,)`; 0 for stretches of zeros.
    """
    energy = np.concatenate([[0.0], np.cumsum(wide**2)])
    lengths = np.sqrt(np.maximum(energy[len(template) :] - energy[: -len(template)], 1e-20))
    return np.asarray(
        np.correlate(wide, template, "valid") / (lengths * max(float(np.linalg.norm(template)), 1e-10))
    )


def peak_position(curve: Float64) -> float:
    """Index of the largest value, refined by the parabola through it and its neighbours."""
    index = int(curve.argmax())
    if not 0 < index < len(curve) - 1:
        return float(index)
    left, middle, right = curve[index - 1 : index + 2]
    bend = left - 2.0 * middle + right
    return index + (0.5 * float(left - right) / float(bend) if bend < 0.0 else 0.0)
