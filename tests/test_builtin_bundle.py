"""The bundle that ships with Neume: whole, small, complete, and sounding as it did when it was made."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from neume.synth.bundle import DEFAULT_BUNDLE, open_named
from neume.synth.events import ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange
from neume.synth.golden import golden_faults, golden_residual_db
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import load_stages

MAX_BYTES = 30_000_000


@pytest.fixture(scope="module")
def bundle():
    return open_named(DEFAULT_BUNDLE)


@pytest.fixture(scope="module")
def stages(bundle):
    return load_stages(bundle)


def play(bundle, stages, events, seconds, steps=None):
    """Mono audio of one stream, its look-ahead removed."""
    renderer = StreamRenderer(bundle, stages, 1, steps=steps)
    blocks = int(seconds * renderer.rate_hz) // renderer.block_samples + 1
    audio = renderer.render_blocks([(0, event) for event in events], blocks)
    return audio[0, renderer.lookahead_samples :]


def held(key, program=0, velocity=90, seconds=1.0):
    return [
        ProgramChange(0, 0, program),
        NoteOn(100, 0, key, velocity),
        NoteOff(int(seconds * 48_000), 0, key),
    ]


def pitch_hz(audio, near_hz):
    """Frequency of the strongest partial within a semitone of `near_hz`."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 19))
    hz = np.arange(len(spectrum)) * 48_000 / (1 << 19)
    inside = np.abs(np.log2(np.maximum(hz, 1.0) / near_hz)) < 1 / 12
    return float(hz[inside][spectrum[inside].argmax()])


def cents(made_hz, wanted_hz):
    return 1200 * np.log2(made_hz / wanted_hz)


def test_it_is_small(bundle):
    assert sum(map(len, bundle.files.values())) < MAX_BYTES


def test_it_sounds_as_it_did(bundle, stages):
    assert golden_residual_db(bundle, stages) < bundle.manifest.golden.tolerance_db


def test_a_bundle_that_sounds_otherwise_is_told(bundle, stages):
    other = replace(bundle.manifest, golden=replace(bundle.manifest.golden, seed=99))
    (fault,) = golden_faults(replace(bundle, manifest=other), stages)
    assert fault.startswith("golden: golden.mid sounds")


def test_a_golden_performance_that_never_ends_is_refused(bundle, stages, monkeypatch):
    monkeypatch.setattr("neume.synth.golden.MAX_GOLDEN_S", 1.0)
    (fault,) = golden_faults(bundle, stages)
    assert "at most 1 s are allowed" in fault


def test_every_program_is_addressed(bundle):
    assert [program.number for program in bundle.manifest.programs] == list(range(129))
    for program in bundle.manifest.programs:
        trained = bundle.manifest.programs[program.substitute]
        assert trained.voice is not None
        assert trained.quality_db is not None, f"{trained.name} was never scored"


@pytest.mark.parametrize("program", [0, 24, 40, 56, 73])
def test_held_notes_are_in_tune(bundle, stages, program):
    """Within 25 cents of equal temperament: the reference itself strays up to 20. `neume eval` is exact."""
    audio = play(bundle, stages, held(69, program), 1.0)
    assert abs(cents(pitch_hz(audio[9_600:40_000], 440.0), 440.0)) < 25


@pytest.mark.parametrize("semitones", [-2, 2])
def test_bends_move_the_pitch(bundle, stages, semitones):
    bend = PitchBend(0, 0, 8191 if semitones > 0 else -8192)
    plain = pitch_hz(play(bundle, stages, held(60, 73), 1.0)[9_600:40_000], 261.63)
    wanted = plain * 2 ** (semitones / 12)
    bent = pitch_hz(play(bundle, stages, [bend, *held(60, 73)], 1.0)[9_600:40_000], wanted)
    assert abs(cents(bent, wanted)) < 10


def test_louder_velocities_sound_louder(bundle, stages):
    levels = [
        np.sqrt(np.mean(play(bundle, stages, held(60, velocity=v), 0.6) ** 2)) for v in range(20, 128, 20)
    ]
    assert all(quiet < loud for quiet, loud in itertools.pairwise(levels))


def test_expression_scales_the_level(bundle, stages):
    full = play(bundle, stages, held(60, 48), 1.0, steps=0)
    half = play(bundle, stages, [ControlChange(0, 0, 11, 64), *held(60, 48)], 1.0, steps=0)
    fall_db = 20 * np.log10(np.sqrt(np.mean(half**2)) / np.sqrt(np.mean(full**2)))
    assert fall_db == pytest.approx(40 * np.log10(64 / 127), abs=1.5)


def test_a_released_note_ends_in_silence(bundle, stages):
    audio = play(bundle, stages, held(60, 73, seconds=0.5), 3.0)
    assert np.abs(audio[24_000:30_000]).max() > 1e-4
    assert not audio[-24_000:].any()


def test_a_cluster_of_64_notes_stays_finite_and_bounded(bundle, stages):
    events = [NoteOn(100 + key * 50, 0, key, 127) for key in range(30, 94)]
    audio = play(bundle, stages, events, 2.0)
    assert np.isfinite(audio).all()
    assert 0.01 < np.abs(audio).max() < 16.0
