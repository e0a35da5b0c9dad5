"""The equaliser against theory: the analogue prototypes of its three bands."""

from __future__ import annotations

import numpy as np
import pytest
from effect_rig import RATE_HZ, impulse, in_blocks, noise, prepared

from neume.synth.effects.equaliser import MID_Q

FREQUENCIES_HZ = np.geomspace(20.0, 20_000.0, 200)
GAINS_DB = [-18.0, -4.0, 3.0, 18.0]


def measured_db(knobs: dict[str, float], rate_hz: int = RATE_HZ) -> np.ndarray:
    """Magnitude at `FREQUENCIES_HZ`, from two seconds of the impulse response."""
    made = in_blocks(prepared("equaliser", knobs, rate_hz), impulse(2 * rate_hz))[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(made))
    return 20 * np.log10(np.interp(FREQUENCIES_HZ, np.arange(len(spectrum)) / 2, spectrum))


def analogue_s(frequency_hz: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """The Laplace variable at `FREQUENCIES_HZ`, 1j at `frequency_hz`, warped by the bilinear transform."""
    return 1j * np.tan(np.pi * FREQUENCIES_HZ / rate_hz) / np.tan(np.pi * frequency_hz / rate_hz)


def low_shelf_db(gain_db: float, corner_hz: float) -> np.ndarray:
    """H(s) of the cookbook's lowShelf with S = 1, that is Q = 1 / sqrt(2)."""
    a, s = 10 ** (gain_db / 40), analogue_s(corner_hz)
    width = np.sqrt(2 * a) * s
    return 20 * np.log10(np.abs(a * (s**2 + width + a) / (a * s**2 + width + 1)))


def high_shelf_db(gain_db: float, corner_hz: float) -> np.ndarray:
    a, s = 10 ** (gain_db / 40), analogue_s(corner_hz)
    width = np.sqrt(2 * a) * s
    return 20 * np.log10(np.abs(a * (a * s**2 + width + 1) / (s**2 + width + a)))


def peak_db(gain_db: float, centre_hz: float) -> np.ndarray:
    a, s = 10 ** (gain_db / 40), analogue_s(centre_hz)
    return 20 * np.log10(np.abs((s**2 + s * a / MID_Q + 1) / (s**2 + s / (a * MID_Q) + 1)))


@pytest.mark.parametrize("gain_db", GAINS_DB)
@pytest.mark.parametrize("corner_hz", [60.0, 120.0, 1_000.0])
def test_low_shelf(gain_db: float, corner_hz: float) -> None:
    made = measured_db({"low_db": gain_db, "low_hz": corner_hz})
    np.testing.assert_allclose(made, low_shelf_db(gain_db, corner_hz), atol=0.05)


@pytest.mark.parametrize("gain_db", GAINS_DB)
@pytest.mark.parametrize("centre_hz", [150.0, 1_000.0, 10_000.0])
def test_peak(gain_db: float, centre_hz: float) -> None:
    made = measured_db({"mid_db": gain_db, "mid_hz": centre_hz})
    np.testing.assert_allclose(made, peak_db(gain_db, centre_hz), atol=0.05)


@pytest.mark.parametrize("gain_db", GAINS_DB)
@pytest.mark.parametrize("corner_hz", [1_000.0, 6_000.0, 20_000.0])
def test_high_shelf(gain_db: float, corner_hz: float) -> None:
    made = measured_db({"high_db": gain_db, "high_hz": corner_hz})
    np.testing.assert_allclose(made, high_shelf_db(gain_db, corner_hz), atol=0.05)


def test_the_bands_add_up() -> None:
    made = measured_db({"low_db": 6.0, "mid_db": -9.0, "high_db": 12.0})
    theory = low_shelf_db(6.0, 120.0) + peak_db(-9.0, 1_000.0) + high_shelf_db(12.0, 6_000.0)
    np.testing.assert_allclose(made, theory, atol=0.05)


def test_both_sides_alike_and_apart() -> None:
    made = in_blocks(prepared("equaliser", {"low_db": 9.0}), impulse(4_000, slice(0, 1)))
    assert not made[:, 1].any()
    audio = noise(4_000)
    swapped = in_blocks(prepared("equaliser", {"mid_db": 9.0}), audio[:, ::-1].copy())
    assert np.array_equal(swapped[:, ::-1], in_blocks(prepared("equaliser", {"mid_db": 9.0}), audio))


def test_corners_above_the_rate_do_no_harm() -> None:
    made = in_blocks(prepared("equaliser", {"high_db": 18.0, "high_hz": 20_000.0}, 22_050), noise(22_050))
    assert np.isfinite(made).all()
    assert made.std() < 4 * noise(22_050).std()
