"""A feedback delay network with sixteen lines: the late field of the reverb.

J.-M. Jot and A. Chaigne, *Digital delay networks for designing artificial reverberators* (AES 90th
Convention, 1991): the lines feed one another through an orthogonal matrix, here Hadamard's, which loses
nothing; all decay is in the lines, each of which loses in proportion to its length. So all modes decay alike.

No line is shorter than a chunk, so a chunk of all lines is a few operations on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from .builtin import LONGEST_CHUNK_S, Memory
from .crossfade import Crossfade
from .damping import context_samples, low_pass, pole_at
from .delay_lines import DelayLines
from .effect import Float32
from .glide import Glide
from .rotation import Rotation

LINES: Final = 16
# Primes between 22 and 131 ms at 48 kHz, in samples, dense where they are short: so the echoes neither thin
# out nor pile up after the diffuser's. Of 500 such sets the one whose tail is the most like noise.
LENGTHS_48K: Final = (
    1487, 3917, 1697, 6271, 1063, 2423, 1291, 1933, 4679, 2113, 3457, 1193, 2687, 5557, 3119, 5347,
)  # fmt: skip
HIGH_DECAYS: Final = 3.0  # how many times faster than the lows the highest frequencies decay
LOWEST_DAMPING_HZ: Final = 1_000.0
ROLL: Final = 5  # lines feed those five further on: Hadamard's matrix would undo itself every other pass
# Rows after half of the butterflies that make up each side: a sign pattern of all lines that is equally far
# from every row of the matrix, so that no side hears its own sum again after the length of one line.
HEARD: Final = ((0, 5, 10, 15), (1, 4, 11, 14))
SCALE: Final = 0.25  # makes the matrix orthogonal: 1 / sqrt(LINES)


def butterflies(rows: Float32, stages: int) -> Float32:
    """`stages` of the four that make up the Hadamard matrix, not scaled: `(16, samples)`, a new array.

    Each takes the sums and differences of both halves, interleaved. A matrix product would round otherwise in
    blocks of other sizes.
    """
    half = len(rows) // 2
    for _ in range(stages):
        mixed = np.empty_like(rows)
        np.add(rows[:half], rows[half:], out=mixed[0::2])
        np.subtract(rows[:half], rows[half:], out=mixed[1::2])
        rows = mixed
    return rows


class FeedbackNetwork:
    """Takes what is fed into each line, gives two sides, orthogonal sums of all of them."""

    def __init__(self, decay_s: float, damping_hz: float, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._lengths = [round(length * rate_hz / 48_000) for length in LENGTHS_48K]
        assert min(self._lengths) >= LONGEST_CHUNK_S * rate_hz
        self._context = context_samples(pole_at(LOWEST_DAMPING_HZ, rate_hz))
        self._lines = DelayLines(LINES, max(self._lengths) + self._context)
        self._rotation = Rotation(rate_hz, round(LONGEST_CHUNK_S * rate_hz), SCALE)
        self._damping = Crossfade(pole_at(damping_hz, rate_hz), rate_hz)
        self._highs = Glide(self._left(decay_s / HIGH_DECAYS), rate_hz)
        self._lows = Glide(self._left(decay_s) - self._left(decay_s / HIGH_DECAYS), rate_hz)
        self.memories: tuple[Memory, ...] = (
            self._lines,
            self._damping,
            self._highs,
            self._lows,
            self._rotation,
        )

    def aim(self, decay_s: float, damping_hz: float) -> None:
        """`decay_s`: time to -60 dB of low notes. Half of it at `damping_hz`, a third far above."""
        highs = self._left(decay_s / HIGH_DECAYS)
        self._highs.to(highs)
        self._lows.to(self._left(decay_s) - highs)
        self._damping.to(pole_at(damping_hz, self._rate_hz))

    def run(self, fed: Float32) -> Float32:
        """The next chunk: `(16, samples)` → `(2, samples)`."""
        count = fed.shape[1]
        arriving, kept = self._arriving(count)
        kept *= self._lows.take(count)
        arriving *= self._highs.take(count)
        kept += arriving
        fours = butterflies(kept, 2)
        turned = self._rotation.turn(butterflies(fours, 1))
        back = np.empty_like(fed)
        np.add(turned[:-ROLL], fed[ROLL:], out=back[ROLL:])
        np.add(turned[-ROLL:], fed[:ROLL], out=back[:ROLL])
        self._lines.write(back)
        return np.stack([sum(fours[row] for row in rows) for rows in HEARD])

    def _left(self, decay_s: float) -> Float32:
        return losses(self._lengths, decay_s, self._rate_hz)

    def _arriving(self, count: int) -> tuple[Float32, Float32]:
        """The ends of the lines, as they are and without highs."""
        context = self._context
        past = self._lines.read([length + context for length in self._lengths], count + context)
        low = np.empty((LINES, count), np.float32)
        for span in self._damping.take(count):
            heard = slice(context + span.begin, context + span.end)
            made = low_pass(past, span.old)[:, heard]
            if span.new is not None:
                made = span.mix(made, low_pass(past, span.new)[:, heard])
            low[:, span.begin : span.end] = made
        return past[:, context:], low


def losses(lengths: Sequence[int], decay_s: float, rate_hz: int) -> Float32:
    """What is left after each of these delays of a sound that loses 60 dB in `decay_s`, `(rows, 1)`."""
    return np.asarray(10.0 ** (-3.0 * np.array(lengths)[:, None] / (decay_s * rate_hz)), np.float32)
