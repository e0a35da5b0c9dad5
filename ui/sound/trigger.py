"""Where the oscilloscope begins, so that a steady sound stands still: at a rising zero crossing, and of the
several that a period may have, at the one that looks most like what was shown before."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
HYSTERESIS: Final = 0.12  # of the peak: ripples that stay within it are no crossings
QUIET: Final = 10.0 ** (-84.0 / 20.0)  # below it, nothing is looked for
MOST_CROSSINGS: Final = 96
COMPARED: Final = 200  # points of each picture


def rising_crossings(samples: Float32) -> NDArray[np.int64]:
    """Indices `i` where samples go from `samples[i - 1] <= 0` to `samples[i] > 0` and truly rise: from below
    the hysteresis to above it."""
    limit = HYSTERESIS * float(np.abs(samples).max(initial=0.0))
    if limit < HYSTERESIS * QUIET:
        return np.zeros(0, np.int64)
    side = np.where(samples > limit, 1, np.where(samples < -limit, -1, 0))
    clear = np.flatnonzero(side)
    turns = clear[1:][(side[clear[1:]] > 0) & (side[clear[:-1]] < 0)]
    zeros = np.flatnonzero((samples[1:] > 0) & (samples[:-1] <= 0)) + 1
    return zeros[np.searchsorted(zeros, turns, side="right") - 1]


def trigger(samples: Float32, span: int, before: Float32 | None) -> float | None:
    """Where in `samples` the picture of `span` samples begins, with a fraction; None if nothing crosses.

    `before`: the picture of the last time, shape `(span,)`, None at first: then the crossing before the
    highest peak is taken.
    """
    starts = rising_crossings(samples)
    starts = starts[(starts >= 1) & (starts + span < len(samples))][-MOST_CROSSINGS:]
    if not len(starts):
        return None
    chosen = int(starts[-1])
    if before is not None and len(before) == span:
        chosen = int(starts[_most_alike(samples, starts, before)])
    elif len(starts) > 1:
        peaks = np.maximum.reduceat(samples, starts)[:-1]  # the last one goes on to the end
        chosen = int(starts[int(peaks.argmax())])
    below, above = float(samples[chosen - 1]), float(samples[chosen])
    return chosen - above / (above - below)


def _most_alike(samples: Float32, starts: NDArray[np.int64], before: Float32) -> int:
    """Which start gives the picture that correlates best with the one before."""
    points = np.linspace(0, len(before) - 1, min(COMPARED, len(before))).astype(np.int64)
    pictures = samples[starts[:, None] + points]
    length = np.sqrt(np.einsum("ij,ij->i", pictures, pictures)) + np.float32(1e-9)
    return int(((pictures @ before[points]) / length).argmax())
