"""The equaliser: a low shelf, a peak and a high shelf in a row.

Formulas: Robert Bristow-Johnson, *Cookbook formulae for audio equalizer biquad filter coefficients* (W3C
note, 2021), "lowShelf", "peakingEQ" and "highShelf" with S = 1.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final, TypeAlias

from .builtin import SIDES, BuiltInEffect, Memory
from .effect import Float32, Parameter
from .fading_filter import FadingFilter, Sections

MID_Q: Final = 0.9  # about one and a half octaves
HIGHEST: Final = 0.45  # of the rate

Biquad: TypeAlias = tuple[float, ...]


def low_shelf(gain_db: float, corner_hz: float, rate_hz: int) -> Biquad:
    """Half of `gain_db` is reached at `corner_hz`, all of it below."""
    a, cosine, slope = _shelf(gain_db, corner_hz, rate_hz)
    up, down = a + 1, a - 1
    return _normalised(
        (a * (up - down * cosine + slope), 2 * a * (down - up * cosine), a * (up - down * cosine - slope)),
        (up + down * cosine + slope, -2 * (down + up * cosine), up + down * cosine - slope),
    )


def high_shelf(gain_db: float, corner_hz: float, rate_hz: int) -> Biquad:
    """Half of `gain_db` is reached at `corner_hz`, all of it above."""
    a, cosine, slope = _shelf(gain_db, corner_hz, rate_hz)
    up, down = a + 1, a - 1
    return _normalised(
        (a * (up + down * cosine + slope), -2 * a * (down + up * cosine), a * (up + down * cosine - slope)),
        (up - down * cosine + slope, 2 * (down - up * cosine), up - down * cosine - slope),
    )


def peak(gain_db: float, centre_hz: float, rate_hz: int, q: float = MID_Q) -> Biquad:
    """`gain_db` at `centre_hz`, none far from it."""
    a, omega = 10.0 ** (gain_db / 40.0), _omega(centre_hz, rate_hz)
    alpha, cosine = math.sin(omega) / (2 * q), math.cos(omega)
    return _normalised(
        (1 + alpha * a, -2 * cosine, 1 - alpha * a), (1 + alpha / a, -2 * cosine, 1 - alpha / a)
    )


class Equaliser(BuiltInEffect):
    """Three bands; with all of them at 0 dB the sound passes bit for bit."""

    name: ClassVar = "Equaliser"
    parameters: ClassVar = (
        Parameter("low_db", "Low", "dB", -18.0, 18.0, 0.0),
        Parameter("mid_db", "Mid", "dB", -18.0, 18.0, 0.0),
        Parameter("high_db", "High", "dB", -18.0, 18.0, 0.0),
        Parameter("low_hz", "Low corner", "Hz", 20.0, 1_000.0, 120.0),
        Parameter("mid_hz", "Mid centre", "Hz", 100.0, 10_000.0, 1_000.0),
        Parameter("high_hz", "High corner", "Hz", 1_000.0, 20_000.0, 6_000.0),
    )

    @property
    def tail_s(self) -> float:
        """The lowest pole, at its narrowest; 100 dB are 11.5 time constants."""
        lowest_hz = min(self.values["low_hz"], self.values["mid_hz"])
        return float(12.0 * 10.0 ** (18.0 / 40.0) / (math.pi * lowest_hz))

    def _build(self) -> tuple[Memory, ...]:
        self._filter = FadingFilter(self._sections(), SIDES, self.rate_hz)
        return (self._filter,)

    def _aim(self) -> None:
        self._filter.to(self._sections())

    def _sound(self, audio: Float32, sent: Float32) -> Float32:
        """All of it passes through the filter: nothing here is dry or wet."""
        return self._filter.filter(audio)

    def _sections(self) -> Sections:
        values, rate_hz = self.values, self.rate_hz
        return (
            low_shelf(values["low_db"], values["low_hz"], rate_hz),
            peak(values["mid_db"], values["mid_hz"], rate_hz),
            high_shelf(values["high_db"], values["high_hz"], rate_hz),
        )


def _shelf(gain_db: float, corner_hz: float, rate_hz: int) -> tuple[float, float, float]:
    """A, cos(w0) and 2 sqrt(A) alpha of the cookbook, with S = 1."""
    a, omega = 10.0 ** (gain_db / 40.0), _omega(corner_hz, rate_hz)
    return a, math.cos(omega), 2 * math.sqrt(a) * math.sin(omega) / math.sqrt(2.0)


def _omega(frequency_hz: float, rate_hz: int) -> float:
    return 2 * math.pi * min(frequency_hz / rate_hz, HIGHEST)


def _normalised(b: tuple[float, float, float], a: tuple[float, float, float]) -> Biquad:
    return (b[0] / a[0], b[1] / a[0], b[2] / a[0], 1.0, a[1] / a[0], a[2] / a[0])
