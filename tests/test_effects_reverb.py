"""The reverb as a room: it decays as it says, sounds like noise and not like metal, and stays level."""

from __future__ import annotations

import numpy as np
import pytest
from effect_rig import RATE_HZ, impulse, in_blocks, noise, prepared
from scipy.signal import butter, sosfilt

from neume.synth.effects.damping import context_samples, low_pass, pole_at
from neume.synth.effects.feedback_network import LINES, butterflies
from neume.synth.effects.rotation import Rotation

BRIGHT_HZ = 20_000.0


def response(
    size_s: float, damping_hz: float = BRIGHT_HZ, rate_hz: int = RATE_HZ, seconds: float | None = None
) -> np.ndarray:
    """The impulse response, wet alone."""
    knobs = {"mix": 1.0, "predelay_ms": 0.0, "size_s": size_s, "damping_hz": damping_hz}
    samples = int((seconds or 1.2 * size_s + 0.2) * rate_hz)
    return in_blocks(prepared("reverb", knobs, rate_hz), impulse(samples))


def decay_curve_db(audio: np.ndarray) -> np.ndarray:
    """M. R. Schroeder, *New method of measuring reverberation time* (1965): energy still to come."""
    energy = np.cumsum(audio[::-1].astype(np.float64) ** 2)[::-1]
    return 10 * np.log10(energy / energy[0] + 1e-30)


def decay_s(
    audio: np.ndarray, rate_hz: int = RATE_HZ, begin_db: float = -5.0, end_db: float = -35.0
) -> float:
    """Time to -60 dB of one side, from a line through a part of its decay curve (ISO 3382)."""
    curve = decay_curve_db(audio)
    inside = np.flatnonzero((curve < begin_db) & (curve > end_db))
    return float(-60.0 / np.polyfit(inside / rate_hz, curve[inside], 1)[0])


def band(audio: np.ndarray, centre_hz: float, rate_hz: int = RATE_HZ, octaves: float = 1.0) -> np.ndarray:
    edges = [centre_hz * 2 ** (-octaves / 2), centre_hz * 2 ** (octaves / 2)]
    return np.asarray(sosfilt(butter(3, edges, "bandpass", fs=rate_hz, output="sos"), audio, axis=0))


@pytest.mark.parametrize("size_s", [0.2, 0.35, 0.7, 1.8, 4.0, 8.0])
def test_it_decays_in_the_time_asked_for(size_s: float) -> None:
    made = response(size_s)
    for side in (0, 1):
        assert decay_s(made[:, side]) == pytest.approx(size_s, rel=0.1)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_it_decays_alike_at_other_rates(rate_hz: int) -> None:
    made = band(response(1.0, rate_hz=rate_hz), 1_000.0, rate_hz)
    assert decay_s(made[:, 0], rate_hz) == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("damping_hz", [2_000.0, 5_000.0])
def test_highs_decay_faster_and_lows_do_not(damping_hz: float) -> None:
    """About half the time at `damping_hz`, nearly a third far above it."""
    made = response(4.0, damping_hz)
    assert decay_s(band(made, 250.0)[:, 0]) == pytest.approx(4.0, rel=0.1)
    assert decay_s(band(made, damping_hz, octaves=0.2)[:, 0]) == pytest.approx(2.0, rel=0.15)
    assert decay_s(band(made, 16_000.0)[:, 0]) < 1.6


def test_it_decays_in_a_straight_line_without_gaps() -> None:
    """Every 10 ms of the first 0.3 s, the level is within 3 dB of the line."""
    made = response(2.0)[: 3 * RATE_HZ // 10]
    levels = 10 * np.log10((made.reshape(30, -1, 2) ** 2).mean(axis=(1, 2)))
    line = -60.0 * np.arange(30) * 0.01 / 2.0
    assert np.abs(levels - line - (levels - line).mean()).max() < 3.0


def test_a_drum_does_not_patter() -> None:
    """After 5 ms no 5 ms are sparser than Gaussian noise by much: kurtosis 3 there, 40 for a few echoes."""
    made = response(1.8)[RATE_HZ // 200 : RATE_HZ // 5, 0].astype(np.float64)
    windows = made[: len(made) // 240 * 240].reshape(-1, 240)
    kurtosis = (windows**4).mean(axis=1) / (windows**2).mean(axis=1) ** 2
    assert kurtosis.max() < 12.0
    assert np.median(kurtosis) < 3.6


@pytest.mark.parametrize("size_s", [0.7, 1.8, 8.0])
def test_the_sides_are_strangers(size_s: float) -> None:
    """Whether the sound came from one side or from both."""
    knobs = {"mix": 1.0, "predelay_ms": 0.0, "size_s": size_s}
    for side in (slice(None), slice(0, 1)):
        made = in_blocks(prepared("reverb", knobs), impulse(RATE_HZ, side))
        assert abs(np.corrcoef(made.T)[0, 1]) < 0.12
        powers = (made.astype(np.float64) ** 2).sum(axis=0)
        assert 0.7 < powers[0] / powers[1] < 1.4


def flattened(made: np.ndarray, size_s: float) -> np.ndarray:
    """A tail from 0.25 s on as if it did not decay."""
    tail = made[RATE_HZ // 4 :].astype(np.float64)
    return tail * np.exp(6.908 * np.arange(len(tail)) / RATE_HZ / size_s)


def likeness_to_noise(tail: np.ndarray) -> tuple[float, float]:
    """Largest autocorrelation from 0.4 ms to 0.25 s, and standard deviation of the spectrum's level in dB
    around its course: 0.015 and 5.6 for noise of this length."""
    power = np.abs(np.fft.rfft(tail, 2 * len(tail))) ** 2
    course = np.convolve(power, np.ones(401) / 401, "same")
    echoes = np.fft.irfft(power / course)
    levels = 10 * np.log10(power / course)[2_000:-2_000:2]
    return float(np.abs(echoes[20:12_000]).max() / echoes[0]), float(levels.std())


@pytest.mark.parametrize("size_s", [1.0, 2.0, 8.0])
def test_the_tail_has_no_tones_and_no_flutter(size_s: float) -> None:
    made = response(size_s, seconds=2.0)
    for heard in (made[:, 0], made[:, 1], made.sum(axis=1)):
        echo, spread_db = likeness_to_noise(flattened(heard, size_s))
        assert echo < 0.08
        assert spread_db < 6.2


def test_the_measure_of_tones_finds_them() -> None:
    """The same measure on noise, and with a comb of a twentieth of its power."""
    tail = np.random.default_rng(4).standard_normal(84_000)
    assert likeness_to_noise(tail)[0] < 0.03
    assert likeness_to_noise(tail + 0.25 * np.roll(tail, 1_000))[0] > 0.15


@pytest.mark.parametrize("size_s", [0.2, 0.7, 1.8, 8.0])
@pytest.mark.parametrize("mix", [0.5, 1.0])
def test_it_stays_level(size_s: float, mix: float) -> None:
    """White noise leaves as loud as it came, within 3 dB."""
    audio = noise(int((1.2 * size_s + 1.0) * RATE_HZ))
    made = in_blocks(prepared("reverb", {"mix": mix, "size_s": size_s}), audio)
    gain_db = 20 * np.log10(made[-RATE_HZ:].std() / audio.std())
    assert -3.0 < gain_db < 1.0


def test_it_is_stable_for_ever() -> None:
    """A minute of noise into the longest, brightest room: as loud at its end as after twenty seconds."""
    effect = prepared("reverb", {"mix": 1.0, "size_s": 8.0, "damping_hz": BRIGHT_HZ})
    levels = [float(in_blocks(effect, noise(2 * RATE_HZ, seed=index)).std()) for index in range(30)]
    assert levels[29] == pytest.approx(levels[9], rel=0.1)


@pytest.mark.parametrize("predelay_ms", [0.0, 35.0, 200.0])
def test_predelay_is_exact(predelay_ms: float) -> None:
    made = in_blocks(prepared("reverb", {"mix": 1.0, "predelay_ms": predelay_ms}), impulse(RATE_HZ))
    assert np.flatnonzero(made.any(axis=1))[0] == round(predelay_ms * RATE_HZ / 1000)


def test_the_butterflies_are_the_hadamard_matrix() -> None:
    matrix = butterflies(np.eye(LINES, dtype=np.float32), 4)
    assert set(np.unique(matrix)) == {-1.0, 1.0}
    assert np.array_equal(matrix @ matrix.T, LINES * np.eye(LINES))


def test_the_rotation_never_gains_and_hardly_loses() -> None:
    rotation = Rotation(RATE_HZ, 960, 0.25)
    rows = np.random.default_rng(0).standard_normal((LINES, 5_000)).astype(np.float32)
    before, after = (butterflies(rows, 1) ** 2).sum(axis=0) / 16, (rotation.turn(rows) ** 2).sum(axis=0)
    assert (after <= before * (1 + 1e-5)).all()
    assert (after > before * 0.997).all()


@pytest.mark.parametrize("corner_hz", [1_000.0, 12_000.0, 20_000.0])
def test_the_damping_is_the_one_pole_low_pass(corner_hz: float) -> None:
    pole = pole_at(corner_hz, RATE_HZ)
    context = context_samples(pole)
    audio = noise(3_000).T.copy()
    recursive = sosfilt([[(1 - pole) / 2, (1 - pole) / 2, 0, 1, -pole, 0]], audio, axis=1)
    made = low_pass(audio, pole)
    np.testing.assert_allclose(made[:, context:], recursive[:, context:], atol=2e-6)
