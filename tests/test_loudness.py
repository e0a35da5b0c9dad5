"""Loudness and true peak, measured piece by piece, against whole-signal references."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from neume.synth.loudness import LoudnessMeter, TruePeakMeter

PIECES = [1, 4800, 0, 777, 48_000, 63, 480_000]


def pieces(audio: np.ndarray) -> list[np.ndarray]:
    return np.split(audio, np.cumsum(PIECES)[np.cumsum(PIECES) < len(audio)])


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_loudness_is_that_of_the_whole(rate_hz: int) -> None:
    """With a quiet stretch and silence, so that both gates matter."""
    rng = np.random.default_rng(1)
    envelope = np.interp(
        np.arange(6 * rate_hz) / rate_hz, [0, 1, 2, 3, 4, 6], [0.3, 0.3, 0.01, 0.0, 0.0, 0.5]
    )
    audio = (rng.standard_normal((6 * rate_hz, 2)) * envelope[:, None] * [1.0, 0.5]).astype(np.float32)
    meter = LoudnessMeter(rate_hz)
    for piece in pieces(audio):
        meter.add(piece)
    expected = pyloudnorm.Meter(rate_hz).integrated_loudness(audio.astype(np.float64))
    assert meter.lufs() == pytest.approx(expected, abs=0.01)


def test_a_reference_tone() -> None:
    """EBU Tech 3341, case 1: 1 kHz at -23 dBFS on both sides reads -23 LUFS."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    meter = LoudnessMeter(48_000)
    meter.add(np.stack([tone, tone], axis=1).astype(np.float32))
    assert meter.lufs() == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("audio", [np.zeros((48_000, 2)), np.full((19_000, 2), 0.5), np.zeros((0, 2))])
def test_what_cannot_be_measured_is_none(audio: np.ndarray) -> None:
    meter = LoudnessMeter(48_000)
    meter.add(audio.astype(np.float32))
    assert meter.lufs() is None


def test_the_true_peak_lies_between_the_samples() -> None:
    """A tone at a quarter of the rate, 45 degrees off: each sample is 3 dB below the crest."""
    tone = np.sin(np.pi / 2 * np.arange(48_000) + np.pi / 4) * np.hanning(48_000)
    audio = np.stack([tone, 0.1 * tone], axis=1).astype(np.float32)
    meter = TruePeakMeter(48_000)
    for piece in pieces(audio):
        meter.add(piece)
    meter.add(audio[:0], last=True)
    assert np.abs(audio).max() == pytest.approx(0.707, abs=0.001)
    assert meter.peak == pytest.approx(1.0, abs=0.005)
