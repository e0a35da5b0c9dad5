"""Every metric on signals whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from neume.models.evaluate.detune import detune_cents
from neume.models.evaluate.frechet import LINEAR, PATCH_FRAMES, embed, frechet_distance
from neume.models.evaluate.metrics import (
    attack_level_db,
    flutter_db,
    held_mel,
    log_mel_distance,
    log_mel_errors,
    spearman,
    stft_distance,
    velocity_correlation,
)
from neume.models.evaluate.onset_timing import onset_error_ms
from neume.models.evaluate.sliding import cosines, peak_position
from neume.models.evaluate.transcriber import count_matches, f1_score, pick_notes
from neume.synth.mel import MelSpec

Float32 = NDArray[np.float32]
RATE = 48_000
SPEC = MelSpec()
DB = math.log(10.0) / 20.0  # natural-log units of a decibel


def tone(hz: float, seconds: float, falloff: float = 1.0, partials: int = 8) -> Float32:
    """A harmonic tone whose k-th partial has amplitude 0.2 / k^falloff."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = sum(0.2 * k**-falloff * np.sin(2 * np.pi * hz * k * time + k) for k in range(1, partials + 1))
    return np.asarray(wave, np.float32)


def pluck(onset: int, samples: int, hz: float = 330.0, level: float = 1.0) -> Float32:
    """A decaying tone with a noisy attack that begins at a sample."""
    length = samples - onset
    body = tone(hz, length / RATE + 1e-3)[:length] * np.exp(-np.arange(length) / (0.3 * RATE))
    attack = 0.2 * np.random.default_rng(1).standard_normal(length) * np.exp(-np.arange(length) / 400.0)
    return np.concatenate([np.zeros(onset), level * (body + attack)]).astype(np.float32)


def mel_noise(frames: int, seed: int, level: float = -4.0) -> Float32:
    noise = np.random.default_rng(seed).standard_normal((frames, SPEC.mels))
    return (level + 0.5 * noise).astype(np.float32)


class TestLogMel:
    def test_equal_spectra_are_at_no_distance(self) -> None:
        mel = SPEC.analyse(tone(220.0, 0.5))
        assert log_mel_distance(mel, mel) == 0.0

    def test_three_decibels_everywhere_are_three_decibels(self) -> None:
        mel = mel_noise(50, 1)
        assert log_mel_distance(mel + np.float32(3.0 * DB), mel) == pytest.approx(3.0, abs=1e-4)

    def test_only_frames_in_which_the_reference_sounds_count(self) -> None:
        reference = np.full((10, SPEC.mels), SPEC.log_floor, np.float32)
        reference[:4, 30] = -61.0 * DB
        reference[4:7, 30] = -59.0 * DB
        made = reference.copy()
        made[:4] += 5.0  # not counted: nothing is heard there
        made[4] += np.float32(2.0 * DB)
        assert log_mel_errors(made, reference) == pytest.approx([2.0, 0.0, 0.0], abs=1e-4)

    def test_silence_has_no_distance(self) -> None:
        silence = np.full((10, SPEC.mels), SPEC.log_floor, np.float32)
        assert math.isnan(log_mel_distance(silence, silence))


class TestStft:
    def test_equal_signals_are_at_no_distance(self) -> None:
        assert stft_distance(tone(220.0, 0.3), tone(220.0, 0.3)) == 0.0

    def test_half_the_level_is_half_the_energy_and_at_most_ln_2(self) -> None:
        noise = 0.5 * np.random.default_rng(1).standard_normal(RATE // 2).astype(np.float32)
        assert stft_distance(noise / 2, noise) == pytest.approx(0.5 + math.log(2.0), abs=0.01)

    def test_a_farther_pitch_is_not_nearer(self) -> None:
        near, far = (stft_distance(tone(hz, 0.3), tone(220.0, 0.3)) for hz in (221.0, 260.0))
        assert 0.1 < near < far


class TestTuning:
    @pytest.mark.parametrize("cents", [-30.0, -3.0, 0.0, 7.0, 55.0])
    @pytest.mark.parametrize("key", [33, 57, 93])
    def test_a_detuned_tone_reads_its_cents(self, key: int, cents: float) -> None:
        hz = 440.0 * 2.0 ** ((key - 69) / 12.0)
        found = detune_cents(tone(hz * 2.0 ** (cents / 1200.0), 0.5), tone(hz, 0.5), key)
        assert found == pytest.approx(cents, abs=0.3)

    def test_timbre_and_level_do_not_matter(self) -> None:
        dark, bright = tone(220.0, 0.4, falloff=2.0), tone(220.0 * 2 ** (7 / 1200), 0.4, falloff=0.5)
        assert detune_cents(0.1 * bright, dark, 57) == pytest.approx(7.0, abs=0.3)

    def test_a_reference_that_is_itself_out_of_tune_is_the_measure(self) -> None:
        sharp = tone(220.0 * 2 ** (20 / 1200), 0.4)
        assert detune_cents(sharp, sharp, 57) == pytest.approx(0.0, abs=0.05)

    def test_noise_and_silence_have_no_tuning(self) -> None:
        noise = 0.1 * np.random.default_rng(1).standard_normal(RATE // 2).astype(np.float32)
        assert math.isnan(detune_cents(tone(220.0, 0.5), noise, 57))
        assert math.isnan(detune_cents(np.zeros(RATE // 2, np.float32), tone(220.0, 0.5), 57))


class TestOnsets:
    @pytest.mark.parametrize("delay", [0, 48, 96, 480, -240])
    def test_a_delay_reads_its_milliseconds(self, delay: int) -> None:
        reference, made = pluck(12_000, 30_000), pluck(12_000 + delay, 30_000)
        assert onset_error_ms(made, reference, 12_000) == pytest.approx(delay / 48.0, abs=0.05)

    def test_level_does_not_matter(self) -> None:
        reference, made = pluck(12_000, 30_000), pluck(12_096, 30_000, level=0.5)
        assert onset_error_ms(made, reference, 12_000) == pytest.approx(2.0, abs=0.25)

    def test_another_note_that_rings_does_not_matter(self) -> None:
        ringing = pluck(2_000, 30_000, hz=196.0)
        reference, made = ringing + pluck(12_000, 30_000), ringing + pluck(12_096, 30_000)
        assert onset_error_ms(made, reference, 12_000) == pytest.approx(2.0, abs=0.25)

    def test_no_attack_and_no_room_have_no_answer(self) -> None:
        steady = tone(330.0, 0.6)
        assert math.isnan(onset_error_ms(steady, steady, 12_000))
        assert math.isnan(onset_error_ms(pluck(500, 30_000), pluck(500, 30_000), 500))


class TestLoudness:
    def test_louder_is_louder(self) -> None:
        onsets, velocities = [4_000, 20_000, 36_000, 52_000], [90, 20, 127, 60]
        levels = [0.02 * velocity for velocity in velocities]
        audio = sum(
            pluck(o, 70_000, level=v) * (np.arange(70_000) < o + 9_000)
            for o, v in zip(onsets, levels, strict=True)
        )
        assert velocity_correlation(audio, onsets, velocities) == pytest.approx(1.0)
        assert velocity_correlation(audio, onsets, velocities[::-1]) < 0.5

    def test_ten_times_the_amplitude_is_twenty_decibels(self) -> None:
        loud, soft = (attack_level_db(pluck(1_000, 30_000, level=level), 1_000) for level in (1.0, 0.1))
        assert loud - soft == pytest.approx(20.0, abs=1e-3)
        assert attack_level_db(np.sin(np.arange(20_000) * 0.1).astype(np.float32), 0) == pytest.approx(
            -3.01, abs=0.05
        )

    def test_rank_correlation(self) -> None:
        assert spearman([1, 2, 3, 4], [10, 20, 35, 1000]) == pytest.approx(1.0)
        assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
        assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)
        assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9487, abs=1e-4)
        assert math.isnan(spearman([1, 2, 3], [5, 5, 5]))


class TestFlutter:
    def test_a_known_step_each_frame(self) -> None:
        reference = np.full((40, SPEC.mels), -3.0, np.float32)
        reference[::2] += np.float32(1.0 * DB)
        made = np.full((40, SPEC.mels), -3.0, np.float32)
        made[::2] += np.float32(2.5 * DB)
        assert flutter_db(made, reference) == pytest.approx((2.5, 1.0), abs=1e-4)

    def test_bands_that_are_not_heard_are_left_out(self) -> None:
        reference = np.full((40, SPEC.mels), -3.0, np.float32)
        reference[:, 50:] = SPEC.log_floor
        made = reference.copy()
        made[::2, 50:] += 1.0
        assert flutter_db(made, reference) == (0.0, 0.0)

    def test_held_frames_see_nothing_outside(self) -> None:
        audio = np.zeros(RATE, np.float32)
        audio[:10_000] = audio[30_001:] = 0.5
        mel = held_mel(SPEC.analyse(audio), 10_000, 30_001, SPEC)
        assert len(mel) == 74
        assert mel.max() == pytest.approx(SPEC.log_floor)


class TestFrechet:
    def test_equal_sets_are_at_no_distance(self) -> None:
        points = np.random.default_rng(1).standard_normal((200, 8))
        assert frechet_distance(points, points[::-1]) == pytest.approx(0.0, abs=1e-9)

    def test_a_shift_is_its_square_and_a_scale_that_of_the_deviations(self) -> None:
        points = np.random.default_rng(1).standard_normal((4000, 4))
        assert frechet_distance(points + np.array([3.0, 0.0, 4.0, 0.0]), points) == pytest.approx(
            25.0, rel=1e-6
        )
        centred = points - points.mean(axis=0)
        assert frechet_distance(3.0 * centred, centred) == pytest.approx(
            4.0 * np.trace(np.cov(centred.T)), rel=1e-6
        )

    def test_one_item_is_no_set(self) -> None:
        assert math.isnan(frechet_distance(np.zeros((1, 4)), np.zeros((9, 4))))

    def test_patches_come_from_where_the_reference_sounds(self) -> None:
        reference = mel_noise(4 * PATCH_FRAMES, 1)
        assert embed(reference, reference).shape == (7, 2 * LINEAR)
        reference[2 * PATCH_FRAMES :] = SPEC.log_floor
        assert embed(mel_noise(4 * PATCH_FRAMES, 2), reference).shape == (3, 2 * LINEAR)
        silence = np.full_like(reference, SPEC.log_floor)
        assert embed(silence, silence).shape == (0, 2 * LINEAR)

    def test_duller_sound_is_farther_than_another_take(self) -> None:
        reference, take = mel_noise(3000, 1), mel_noise(3000, 2)
        duller = take.copy()
        duller[:, 60:] -= np.float32(10.0 * DB)
        same, other = (
            frechet_distance(embed(made, reference), embed(reference, reference)) for made in (take, duller)
        )
        assert other > 3.0 * same


class TestTranscription:
    def test_each_note_is_used_once(self) -> None:
        played = [(1.0, 60), (1.02, 60), (2.0, 64), (3.0, 67)]
        assert count_matches([(1.04, 60), (2.04, 64), (3.06, 67), (2.0, 65)], played) == 2
        assert count_matches([(0.98, 60), (1.06, 60)], played) == 2
        assert count_matches([], played) == 0

    def test_f1(self) -> None:
        assert f1_score(6, 8, 8) == pytest.approx(0.75)
        assert f1_score(0, 5, 0) == 0.0
        assert math.isnan(f1_score(0, 0, 0))

    def test_notes_are_picked_from_peaks_and_from_what_is_left(self) -> None:
        frames, onsets = np.zeros((100, 88), np.float32), np.zeros((100, 88), np.float32)
        frames[20:50, 40] = 0.9
        onsets[20, 40] = 0.95
        frames[60:66, 50] = 0.9  # too short
        onsets[60, 50] = 0.9
        frames[5:18, 70] = np.linspace(0.31, 0.6, 13)  # no onset
        assert sorted(pick_notes(frames, onsets)) == [(5, 70), (20, 40)]
        assert pick_notes(np.zeros((2, 88), np.float32), np.zeros((2, 88), np.float32)) == []


def test_sliding_finds_a_shape_between_samples() -> None:
    grid = np.arange(200.0)
    wide, template = np.exp(-(((grid - 90.3) / 8.0) ** 2)), np.exp(-(((grid[:60] - 30.0) / 8.0) ** 2))
    score = cosines(wide, template)
    assert peak_position(score) == pytest.approx(60.3, abs=0.02)
    assert score.max() == pytest.approx(1.0, abs=2e-3)
    assert peak_position(np.array([3.0, 1.0, 0.0])) == 0.0
