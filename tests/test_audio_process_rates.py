"""Devices of other rates: the resampler adds exactly the delay that it states, at any block size and rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from audio_rig import RATE_HZ

from neume.synth.audio.resampled import Resampled

RATES_HZ = (8_000, 16_000, 22_050, 32_000, 44_100, 47_999, 48_001, 88_200, 96_000, 192_000)


class Source:
    """Plays `sound`, shape `(frames,)`, on both channels, and keeps how many frames it was asked for."""

    def __init__(self, sound):
        self._sound = np.asarray(sound, np.float32)
        self.asked = 0

    def fill(self, out):
        out[:] = self._sound[self.asked : self.asked + len(out), None]
        self.asked += len(out)


def played(sound, device_rate_hz, sizes=(128,), frames=20_000):
    """The left channel of what a device of this rate plays, and the resampler."""
    source = Source(sound)
    resampled = Resampled(source.fill, RATE_HZ, device_rate_hz)
    blocks, given = [], 0
    while given < frames:
        out = np.full((sizes[len(blocks) % len(sizes)], 2), np.nan, np.float32)
        resampled.pull(out)
        blocks.append(out)
        given += len(out)
        assert source.asked == math.ceil(given * RATE_HZ / device_rate_hz)
    audio = np.concatenate(blocks)
    assert np.array_equal(audio[:, 0], audio[:, 1])
    return audio[:, 0], resampled


def centre(audio):
    """Where a filtered impulse is, in fractions of a sample: its centre of gravity."""
    kernel = audio.astype(np.float64)
    return kernel @ np.arange(len(kernel)) / kernel.sum()


@pytest.mark.parametrize("device_rate_hz", RATES_HZ)
def test_an_impulse_comes_after_the_stated_delay(device_rate_hz):
    impulse = np.zeros(40_000, np.float32)
    impulse[7_777] = 1.0
    audio, resampled = played(impulse, device_rate_hz, frames=30_000 * device_rate_hz // RATE_HZ)
    came = centre(audio) * RATE_HZ / device_rate_hz
    assert abs(came - (7_777 + resampled.delay_frames)) < max(1.0, RATE_HZ / device_rate_hz)
    assert resampled.delay_frames < 1_500 * max(1.0, 8_000 / device_rate_hz)
    if device_rate_hz >= 44_100:
        assert resampled.delay_frames < 0.006 * RATE_HZ


@pytest.mark.parametrize("sizes", [(1,), (127,), (129,), (441,), (4096,), (1, 500, 64, 2000)])
def test_the_sound_is_the_same_in_blocks_of_any_size(sizes):
    noise = np.random.default_rng(0).uniform(-1, 1, 40_000)
    expected, _ = played(noise, 44_100)
    audio, _ = played(noise, 44_100, sizes)
    length = min(len(audio), len(expected))
    np.testing.assert_allclose(audio[:length], expected[:length], atol=1e-6)


@pytest.mark.parametrize("device_rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("tone_hz", [440.0, 10_000.0, 18_000.0])
def test_a_tone_stays_pure_and_as_loud(device_rate_hz, tone_hz):
    tone = 0.5 * np.sin(2 * np.pi * tone_hz * np.arange(60_000) / RATE_HZ)
    audio, _ = played(tone, device_rate_hz, frames=16_000)
    audio = audio[2_000:]
    phase = 2 * np.pi * tone_hz * np.arange(len(audio)) / device_rate_hz
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    parts = np.linalg.lstsq(basis, audio, rcond=None)[0]
    assert np.hypot(*parts) == pytest.approx(0.5, rel=1e-3)
    assert np.std(audio - basis @ parts) < 0.5 * 10 ** (-100 / 20)


def test_a_block_longer_than_any_device_has_is_filled():
    audio, _ = played(np.ones(400_000), 44_100, sizes=(150_000,), frames=150_000)
    assert np.abs(audio[1_000:] - 1.0).max() < 1e-3
