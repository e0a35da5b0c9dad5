"""The mixer: gains and pans move without clicks, and nothing ever leaves above the ceiling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.limiter import CEILING, Limiter
from neume.synth.mixer import Mixer, Strip
from neume.synth.rack_mixer import GuestBlock, RackMixer, RowLevels

RATE_HZ = 48_000
BLOCK = 512


def ones(streams: int = 1, level: float = 0.5, samples: int = BLOCK) -> np.ndarray:
    return np.full((streams, samples), level, np.float32)


def sine(level: float, samples: int, hz: float = 220.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(samples) / RATE_HZ)).astype(np.float32)


def in_blocks(mixer: Mixer, audio: np.ndarray, strips: list[Strip], block: int = BLOCK) -> np.ndarray:
    pieces = [mixer.mix(audio[:, i : i + block], strips) for i in range(0, audio.shape[1], block)]
    return np.concatenate(pieces)


@pytest.mark.parametrize(
    ("strip", "left", "right"),
    [
        (Strip(), 0.5**0.5, 0.5**0.5),
        (Strip(pan=-1.0), 1.0, 0.0),
        (Strip(pan=1.0), 0.0, 1.0),
        (Strip(pan=0.5), np.cos(np.pi * 3 / 8), np.sin(np.pi * 3 / 8)),
        (Strip(gain_db=-20.0, pan=-1.0), 0.1, 0.0),
        (Strip(pan=-7.0), 1.0, 0.0),
        (Strip(muted=True), 0.0, 0.0),
    ],
)
def test_gain_and_pan_of_a_strip(strip: Strip, left: float, right: float) -> None:
    mixed = Mixer(1, RATE_HZ).mix(ones(), [strip])
    assert mixed.shape == (BLOCK, 2)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed[[0, -1]], [[0.5 * left, 0.5 * right]] * 2, atol=1e-7)


def test_streams_are_summed() -> None:
    audio = np.random.default_rng(0).uniform(-0.2, 0.2, (3, BLOCK)).astype(np.float32)
    mixed = Mixer(3, RATE_HZ).mix(audio, [Strip(pan=-1.0), Strip(pan=-1.0), Strip(pan=1.0)])
    np.testing.assert_allclose(mixed[:, 0], audio[0] + audio[1], atol=1e-6)
    np.testing.assert_allclose(mixed[:, 1], audio[2], atol=1e-6)


def test_gains_run_in_a_straight_line_over_the_block() -> None:
    mixer = Mixer(1, RATE_HZ)
    mixer.mix(ones(), [Strip(pan=-1.0)])
    mixed = mixer.mix(ones(), [Strip(pan=-1.0, muted=True)])[:, 0]
    np.testing.assert_allclose(mixed, 0.5 * (1 - np.arange(1, BLOCK + 1) / BLOCK), atol=1e-6)
    assert not mixer.mix(ones(), [Strip(pan=-1.0, muted=True)]).any()


def test_master_gain_is_smoothed_too() -> None:
    mixer = Mixer(1, RATE_HZ)
    mixer.mix(ones(), [Strip(pan=-1.0)])
    mixer.gain_db = -20.0
    ramp = mixer.mix(ones(), [Strip(pan=-1.0)])[:, 0]
    assert np.abs(np.diff(ramp)).max() < 0.001
    np.testing.assert_allclose(mixer.mix(ones(), [Strip(pan=-1.0)])[:, 0], 0.05, atol=1e-6)


def test_below_the_ceiling_the_limiter_does_nothing() -> None:
    audio = sine(0.999 * CEILING, 10 * BLOCK)[None]
    mixed = in_blocks(Mixer(1, RATE_HZ), audio, [Strip(pan=-1.0)])
    assert np.array_equal(mixed[:, 0], audio[0])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-50.0, 50.0, width=32, allow_subnormal=False), min_size=1, max_size=40),
    st.lists(st.integers(0, 700), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_nothing_leaves_above_the_ceiling(levels: list[float], blocks: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixer = Mixer(1, RATE_HZ)
    for samples in blocks:
        envelope = np.interp(np.arange(samples), np.linspace(0, max(1, samples), len(levels)), levels)
        audio = (rng.uniform(-1, 1, samples) * envelope).astype(np.float32)[None]
        mixed = mixer.mix(audio, [Strip(pan=rng.uniform(-1, 1))])
        assert np.abs(mixed).max(initial=0.0) <= np.float32(CEILING)


def test_the_limiter_turns_down_without_a_jump() -> None:
    """A loud tone sets in at a block's start: its waveform leaves without steps, flat at worst."""
    quiet, loud = sine(0.1, 4 * BLOCK), sine(3.0, 4 * BLOCK)
    mixed = in_blocks(Mixer(1, RATE_HZ), np.concatenate([quiet, loud])[None], [Strip(pan=-1.0)])[:, 0]
    steepest = np.abs(np.diff(loud)).max()
    assert np.abs(np.diff(mixed)).max() <= steepest * 1.01
    assert np.abs(mixed).max() == pytest.approx(CEILING, rel=1e-3)


def test_the_limiter_sees_a_peak_coming_inside_a_block() -> None:
    audio = np.full((2, BLOCK), 0.5, np.float32)
    audio[:, 300] = 4.0
    gains = Limiter(RATE_HZ).gains(audio)
    assert gains is not None
    assert gains[300] <= CEILING / 4.0 + 1e-6
    assert np.abs(np.diff(gains)).max() < 0.02


def test_the_limiter_recovers_in_about_a_tenth_of_a_second() -> None:
    limiter = Limiter(RATE_HZ)
    limiter.limit(np.full((1, BLOCK), 2 * CEILING, np.float32))
    assert limiter.gain == pytest.approx(0.5, abs=0.01)
    quiet = np.full((1, 4800), 0.01, np.float32)
    limiter.limit(quiet)
    assert 1 - limiter.gain == pytest.approx(0.5 / np.e, abs=0.01)
    for _ in range(20):
        limiter.limit(quiet)
    assert limiter.gain == 1.0


def test_both_sides_are_limited_by_the_same_gain() -> None:
    audio = np.stack([sine(3.0, 4 * BLOCK), sine(0.5, 4 * BLOCK, 330.0)])
    strips = [Strip(pan=-1.0), Strip(pan=1.0)]
    together = in_blocks(Mixer(2, RATE_HZ), audio, strips)
    heard = (np.abs(audio[0]) > 0.01) & (np.abs(audio[1]) > 0.01)
    left, right = together[heard, 0] / audio[0, heard], together[heard, 1] / audio[1, heard]
    np.testing.assert_allclose(left, right, rtol=1e-3)
    assert right.min() < 0.5


def test_values_that_are_not_finite_become_zeros() -> None:
    audio = ones()
    audio[0, 7:10] = np.nan, np.inf, -np.inf
    mixer = Mixer(1, RATE_HZ)
    mixed = mixer.mix(audio, [Strip()])
    assert not mixed[7:10].any()
    assert np.isfinite(mixer.mix(ones(), [Strip()])).all()
    assert np.isfinite(mixer.split(audio, [Strip()])).all()


@pytest.mark.parametrize("level", [0.2, 2.0], ids=["quiet", "limited"])
def test_the_parts_sum_to_the_mix(level: float) -> None:
    audio = np.random.default_rng(3).uniform(-level, level, (4, 8 * BLOCK)).astype(np.float32)
    whole, split = Mixer(4, RATE_HZ), Mixer(4, RATE_HZ)
    for index in range(8):
        rows = slice(index * BLOCK, (index + 1) * BLOCK)
        strips = [Strip(pan=0.2 * index - 1), Strip(gain_db=-index), Strip(muted=index > 3), Strip()]
        mixed, parts = whole.mix(audio[:, rows], strips), split.split(audio[:, rows], strips)
        assert parts.shape == (BLOCK, 4, 2)
        np.testing.assert_allclose(parts.sum(axis=1), mixed, atol=2e-6)
    assert split.state().limiter_gain == pytest.approx(whole.state().limiter_gain, rel=1e-6)


def test_without_limiting_the_sum_leaves_as_it_is() -> None:
    mixed = Mixer(1, RATE_HZ, limiting=False).mix(ones(level=3.0), [Strip(pan=-1.0)])
    np.testing.assert_array_equal(mixed[:, 0], 3.0)


def test_a_restored_mixer_continues_sample_for_sample() -> None:
    audio = np.random.default_rng(5).uniform(-3, 3, (2, 6 * BLOCK)).astype(np.float32)
    strips = [[Strip(pan=0.1 * i), Strip(gain_db=-float(i))] for i in range(6)]
    mixer = Mixer(2, RATE_HZ)
    state, mixed = None, []
    for index in range(6):
        if index == 3:
            state = mixer.state()
        mixed.append(mixer.mix(audio[:, index * BLOCK : (index + 1) * BLOCK], strips[index]))
    other = Mixer(2, RATE_HZ)
    assert state is not None
    other.restore(state)
    for index in range(3, 6):
        again = other.mix(audio[:, index * BLOCK : (index + 1) * BLOCK], strips[index])
        assert np.array_equal(again, mixed[index])


def test_reset_forgets_everything() -> None:
    mixer = Mixer(1, RATE_HZ)
    fresh = mixer.mix(ones(level=3.0), [Strip(pan=0.3)])
    mixer.mix(ones(level=9.0), [Strip(pan=-0.3)])
    mixer.reset()
    assert mixer.meters.peak == (0.0,)
    assert np.array_equal(mixer.mix(ones(level=3.0), [Strip(pan=0.3)]), fresh)


def test_meters_show_the_last_block() -> None:
    mixer = Mixer(3, RATE_HZ)
    audio = np.stack([sine(0.5, BLOCK, 3 * RATE_HZ / BLOCK), ones()[0], ones()[0]])
    mixer.mix(audio, [Strip(), Strip(gain_db=20.0, pan=-1.0), Strip(muted=True)])
    meters = mixer.meters
    assert meters.peak == pytest.approx((0.5, 5.0, 0.0), rel=1e-3)
    assert meters.rms == pytest.approx((0.5 / 2**0.5, 5.0, 0.0), rel=1e-3)
    assert meters.master_peak == pytest.approx(CEILING, rel=1e-3)
    assert meters.limiter_gain < 0.2


@pytest.mark.parametrize(("pan", "rms"), [(-1.0, 0.5), (0.0, 0.5 / 2**0.5), (1.0, 0.5)])
def test_the_masters_rms_is_that_of_the_louder_side(pan: float, rms: float) -> None:
    mixer = Mixer(2, RATE_HZ)
    audio = np.stack([sine(0.5 * 2**0.5, BLOCK, 3 * RATE_HZ / BLOCK), sine(0.0, BLOCK, 100.0)])
    mixer.mix(audio, [Strip(pan=pan), Strip()])
    assert mixer.meters.master_rms == pytest.approx(rms, rel=1e-3)
    mixer.reset()
    mixer.split(audio, [Strip(pan=pan), Strip()])
    assert mixer.meters.master_rms == pytest.approx(rms, rel=1e-3)


def test_the_racks_mixer_measures_its_master_with_guests_and_gain() -> None:
    mixer, both = RackMixer(1, RATE_HZ), np.ones((1, 2), np.float32)
    guest = np.stack([sine(0.2, BLOCK, 3 * RATE_HZ / BLOCK), sine(0.1, BLOCK, 3 * RATE_HZ / BLOCK)], axis=1)
    levels = RowLevels(0.0 * both, both, both[0])
    block = mixer.mix(np.zeros((1, BLOCK), np.float32), levels, {3: GuestBlock(guest, Strip(), both[0])}, 2.0)
    np.testing.assert_allclose(block, 2.0 * guest, atol=1e-6)
    assert mixer.meters.master_peak == pytest.approx(0.4, rel=1e-3)
    assert mixer.meters.master_rms == pytest.approx(0.4 / 2**0.5, rel=1e-3)


@given(level=st.floats(0.0, 50.0, allow_subnormal=False), pan=st.floats(-1.0, 1.0, allow_subnormal=False))
def test_the_masters_rms_is_measured_after_the_limiter(level: float, pan: float) -> None:
    mixer = Mixer(1, RATE_HZ)
    block = mixer.mix(sine(level, BLOCK, 440.0)[None], [Strip(pan=pan)])
    sides = np.sqrt((block.astype(np.float64) ** 2).mean(axis=0))
    assert mixer.meters.master_rms == pytest.approx(sides.max(), rel=1e-4, abs=1e-9)
    assert mixer.meters.master_rms <= mixer.meters.master_peak + 1e-6


def test_an_empty_block_changes_nothing() -> None:
    mixer = Mixer(1, RATE_HZ)
    mixer.mix(ones(level=3.0), [Strip()])
    before = mixer.state()
    assert mixer.mix(ones(samples=0), [Strip()]).shape == (0, 2)
    assert mixer.state().limiter_gain == before.limiter_gain
