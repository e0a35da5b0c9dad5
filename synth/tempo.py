"""From ticks to samples, exactly: a MIDI file's division and tempo changes in integer arithmetic.

Used by `midi_file`. Time is counted in whole *units* so small that every tempo is a whole number of them per
tick; the one rounding, to the nearest sample, happens at the end and never adds up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from .errors import MidiFileError

DEFAULT_TEMPO_US: Final = 500_000  # microseconds per beat until the first tempo change: 120 beats per minute
US_PER_S: Final = 1_000_000
SMPTE_FRAMES_PER_S: Final = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}


@dataclass(frozen=True, slots=True)
class Division:
    """What a tick is. `metrical`: a tick lasts as many units as the tempo in microseconds; else one unit."""

    metrical: bool
    units_per_s: Fraction

    @staticmethod
    def from_word(word: int) -> Division:
        """Read the header's 16-bit division (Standard MIDI Files 1.0, "Header Chunks")."""
        if not word & 0x8000:
            if word == 0:
                raise MidiFileError("division is 0 ticks per beat; allowed are 1 to 32767")
            return Division(True, Fraction(word * US_PER_S))
        frames_per_s, ticks_per_frame = 256 - (word >> 8), word & 0xFF
        if frames_per_s not in SMPTE_FRAMES_PER_S or not ticks_per_frame:
            raise MidiFileError(
                f"SMPTE division of {frames_per_s} frames a second and {ticks_per_frame} ticks a frame; "
                "allowed are 24, 25, 29 or 30 frames and 1 to 255 ticks"
            )
        return Division(False, SMPTE_FRAMES_PER_S[frames_per_s] * ticks_per_frame)


class TempoMap:
    """The sample at which each tick falls. Tick 0 is sample 0.

    `tempos`: pairs of tick and microseconds per beat (at least 1), in any order; of two at the same tick the
    later one given counts. An SMPTE division has no beats, so it ignores them.
    """

    def __init__(self, division: Division, tempos: Iterable[tuple[int, int]], rate_hz: int) -> None:
        samples_per_unit = rate_hz / division.units_per_s
        self._samples, self._units = samples_per_unit.numerator, samples_per_unit.denominator
        self._starts, self._elapsed = [0], [0]  # ticks, units: where each stretch of one tempo begins
        self._speeds = [DEFAULT_TEMPO_US if division.metrical else 1]  # units per tick in that stretch
        for tick, tempo_us in sorted(tempos, key=lambda change: change[0]) if division.metrical else ():
            self._elapsed.append(self._units_at(tick))
            self._starts.append(tick)
            self._speeds.append(tempo_us)

    def frame_at(self, tick: int) -> int:
        """The sample nearest to `tick` (halves go up)."""
        return (2 * self._units_at(tick) * self._samples + self._units) // (2 * self._units)

    def _units_at(self, tick: int) -> int:
        stretch = bisect_right(self._starts, tick) - 1
        return self._elapsed[stretch] + (tick - self._starts[stretch]) * self._speeds[stretch]
