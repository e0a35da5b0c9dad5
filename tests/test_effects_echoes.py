"""Delay and chorus: echoes where they belong, and what delays, glides and fades are made of."""

from __future__ import annotations

import numpy as np
import pytest
from effect_rig import RATE_HZ, impulse, in_blocks, noise, prepared, tone
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.effects.crossfade import Crossfade
from neume.synth.effects.delay_lines import DelayLines
from neume.synth.effects.glide import Glide
from neume.synth.effects.oscillator import Oscillator

WET = {"mix": 1.0, "left_ms": 100.0, "right_ms": 250.0}
MS = RATE_HZ // 1000


def test_echoes_come_in_time_and_fade_by_the_feedback() -> None:
    made = in_blocks(prepared("delay", {**WET, "feedback": 0.5}), impulse(RATE_HZ))
    assert np.flatnonzero(made[:, 0]).tolist() == [100 * MS * count for count in range(1, 10)]
    assert np.flatnonzero(made[:, 1]).tolist() == [250 * MS * count for count in range(1, 4)]
    np.testing.assert_allclose(made[[100 * MS, 200 * MS, 300 * MS], 0], [1.0, 0.5, 0.25])


def test_crossed_echoes_change_sides() -> None:
    knobs = {**WET, "feedback": 0.5, "cross": 1.0}
    made = in_blocks(prepared("delay", knobs), impulse(RATE_HZ // 2, slice(0, 1)))
    assert np.flatnonzero(made[:, 0]).tolist() == [100 * MS, 450 * MS]
    assert np.flatnonzero(made[:, 1]).tolist() == [350 * MS]


def test_a_new_time_fades_in_over_the_old_one() -> None:
    moves = [(RATE_HZ // 2, "left_ms", 130.0)]
    time = np.arange(RATE_HZ)
    audio = np.repeat((time / RATE_HZ).astype(np.float32)[:, None], 2, axis=1)
    made = in_blocks(prepared("delay", {**WET, "feedback": 0.0}), audio, 300, moves)[:, 0] * RATE_HZ
    delays = time - made
    assert delays[RATE_HZ // 2 - 1] == pytest.approx(100 * MS, abs=0.1)
    assert delays[RATE_HZ // 2 + 10 * MS :] == pytest.approx(130 * MS, abs=0.1)
    assert (np.diff(delays[RATE_HZ // 2 - 1 : RATE_HZ // 2 + 10 * MS]) > 0).all()


def test_the_chorus_sways_around_its_centre() -> None:
    """Three voices a side, each between 8 and 12 ms late, never all at once, and both sides different."""
    made = in_blocks(prepared("chorus", {"mix": 1.0, "depth_ms": 2.0}), impulse(RATE_HZ // 10))
    late_ms = [np.flatnonzero(np.abs(made[:, side]) > 0.1) / MS for side in (0, 1)]
    for side in late_ms:
        assert side.min() > 7.9
        assert side.max() < 12.1
        assert side.max() - side.min() > 0.5
    mono = np.repeat(noise(3 * RATE_HZ)[:, :1], 2, axis=1)
    assert np.corrcoef(in_blocks(prepared("chorus", {"mix": 1.0}), mono).T)[0, 1] < 0.3


def test_a_still_chorus_is_a_plain_delay() -> None:
    audio = noise(RATE_HZ // 5)
    made = in_blocks(prepared("chorus", {"mix": 1.0, "depth_ms": 0.0}), audio)
    np.testing.assert_allclose(made[10 * MS :], 3**0.5 * audio[: -10 * MS], rtol=1e-5)


def test_the_chorus_keeps_the_level_and_the_pitch() -> None:
    made = in_blocks(prepared("chorus", {"mix": 0.5}), tone(4 * RATE_HZ, 440.0))
    spectrum = np.abs(np.fft.rfft(made[:, 0] * np.hanning(len(made))))
    near = slice(430 * 4, 450 * 4)
    assert (spectrum[near] ** 2).sum() > 0.99 * (spectrum**2).sum()
    assert abs(20 * np.log10(made[RATE_HZ:].std() / tone(RATE_HZ, 440.0).std())) < 3.0


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(0, 200), st.integers(1, 200))
def test_delay_lines_remember(sizes: list[int], delay: int, other: int) -> None:
    """Written in blocks of any size and read back: the same signal, later, in each row by its own delay."""
    signal = np.random.default_rng(1).standard_normal((2, sum(sizes))).astype(np.float32)
    lines = DelayLines(2, 200)
    parts = np.split(signal, np.cumsum(sizes)[:-1], axis=1)
    made = np.concatenate([lines.through(part, [delay, other]) for part in parts], axis=1)
    for row, late in ((0, delay), (1, other)):
        expected = np.concatenate([np.zeros(late, np.float32), signal[row]])[: signal.shape[1]]
        assert np.array_equal(made[row], expected)


def test_taps_are_the_samples_at_any_distance() -> None:
    lines = DelayLines(2, 50)
    lines.write(np.arange(200, dtype=np.float32).reshape(2, 100))
    delays = np.array([[0, 1, 2], [50, 0, 9], [7, 7, 7], [0, 0, 0]])
    expected = np.array([[97, 98, 99]] * 2 + [[197, 198, 199]] * 2) - delays
    assert np.array_equal(lines.taps(delays), expected)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=10), st.integers(0, 600))
def test_glides_are_straight_and_arrive(sizes: list[int], turn: int) -> None:
    """A glide that is sent elsewhere on its way, taken in any pieces, moves by at most 1 / 480 a sample."""
    glide = Glide(np.zeros((1, 1), np.float32), RATE_HZ)
    glide.to(np.ones((1, 1), np.float32))
    taken, passed = [np.zeros(1)], 0
    for size in [*sizes, 1_000]:
        if passed <= turn < passed + size:
            glide.to(np.full((1, 1), 0.25, np.float32))
        values = glide.take(size)
        taken.append(np.broadcast_to(values, (1, size))[0])
        passed += size
    assert np.abs(np.diff(np.concatenate(taken))).max() <= 1 / 480 + 1e-6
    assert taken[-1][-1] == (0.25 if turn < passed else 1.0)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=10))
def test_crossfades_wait_for_one_another(sizes: list[int]) -> None:
    """1 → 2, and 3 and 4 during that fade: 3 is never heard, 4 begins where 2 has arrived."""
    fade: Crossfade[int] = Crossfade(1, RATE_HZ)
    for setting in (2, 3, 4):
        fade.to(setting)
    heard: list[tuple[int, int | None, float]] = []
    for size in [*sizes, 1_500]:
        for span in fade.take(size):
            weights = [0.0] * (span.end - span.begin) if span.weight is None else span.weight.tolist()
            heard += [(span.old, span.new, weight) for weight in weights]
    assert [(old, new) for old, new, _ in heard[:961:480]] == [(1, 2), (2, 4), (4, None)]
    assert [weight for *_, weight in heard[:480]] == pytest.approx(np.arange(1, 481) / 480)


def test_the_oscillator_is_nearly_a_sine() -> None:
    """Starting at its lowest zero crossing; the third harmonic of a parabola is 3.7 %."""
    made = Oscillator(2.0, (0.0, 0.25), RATE_HZ).take(RATE_HZ)
    sine = np.sin(2 * np.pi * 2.0 * np.arange(RATE_HZ) / RATE_HZ)
    assert np.abs(made[0] + sine).max() < 0.06
    assert np.abs(made[1] + np.roll(sine, -RATE_HZ // 8)).max() < 0.06
