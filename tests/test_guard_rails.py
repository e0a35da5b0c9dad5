"""What the shipped bundle must never do: click at its borders, run away, drift, or ring on for ever.

The thresholds are what a listener would not notice; what was measured lies well inside.
"""

from __future__ import annotations

import numpy as np
import pytest
import test_builtin_bundle
from test_builtin_bundle import held, play

from neume.synth.events import NoteOff, NoteOn, ProgramChange
from neume.synth.renderer import StreamRenderer

bundle, stages = test_builtin_bundle.bundle, test_builtin_bundle.stages  # fixtures
RATE_HZ = 48_000
HOP = 256
STEADY = (16, 19, 48, 52, 61, 73, 80, 89)  # held sounds: organs, strings, voices, brass, flute, lead, pad
LOUDEST_BORDER = 1.5  # roughness at borders, of that elsewhere
MOST_DRIFT_DB = 1.5
SETTLED_S = 6


def roughness(audio):
    """How sharply each sample bends away from its neighbours, `(samples - 2,)`."""
    return np.abs(np.diff(audio, 2))


def level_db(audio):
    return 20.0 * np.log10(np.sqrt(np.mean(audio.astype(np.float64) ** 2)) + 1e-9)


@pytest.mark.parametrize("program", STEADY)
def test_frames_and_blocks_join_without_clicks(bundle, stages, program):
    audio = play(bundle, stages, held(57, program, seconds=2.4), 2.4)[RATE_HZ // 2 : 2 * RATE_HZ]
    rough = roughness(audio)
    place = (np.arange(len(rough)) + 1) % HOP
    border = (place <= 1) | (place == HOP - 1)
    assert np.quantile(rough[border], 0.99) < LOUDEST_BORDER * np.quantile(rough[~border], 0.99)


@pytest.mark.parametrize("program", STEADY)
def test_letting_go_does_not_click(bundle, stages, program):
    audio = play(bundle, stages, held(57, program, seconds=1.5), 3.0)
    before, after = audio[RATE_HZ : 3 * RATE_HZ // 2 - HOP], audio[3 * RATE_HZ // 2 - HOP :]
    assert roughness(after).max() < LOUDEST_BORDER * roughness(before).max()


@pytest.mark.parametrize("program", [0, 16, 25, 48, 73])
def test_the_same_key_again_is_as_loud_again(bundle, stages, program):
    step = RATE_HZ // 4
    events = [ProgramChange(0, 0, program)]
    for count in range(16):
        events += [NoteOn(count * step + 1, 0, 60, 90), NoteOff(count * step + step // 2, 0, 60)]
    audio = play(bundle, stages, events, 4.5)
    levels = [level_db(audio[count * step : (count + 1) * step]) for count in range(2, 16)]
    assert np.ptp(levels) < 2.0


def steady_level_drift_db(bundle, stages, program, seconds):
    """How far the level of a held chord strays from where it has settled; all of it is finite."""
    renderer = StreamRenderer(bundle, stages, 1)
    chord = [(0, ProgramChange(0, 0, program)), *((0, NoteOn(1, 0, key, 80)) for key in (48, 55, 64))]
    levels = []
    for count in range(seconds):
        blocks = (count + 1) * RATE_HZ // renderer.block_samples - count * RATE_HZ // renderer.block_samples
        audio = renderer.render_blocks(chord if count == 0 else [], blocks)
        assert np.isfinite(audio).all()
        assert np.abs(audio).max() < 2.0
        levels.append(level_db(audio))
    return max(abs(level - levels[SETTLED_S]) for level in levels[SETTLED_S:])


@pytest.mark.parametrize("program", [16, 48, 80])
def test_a_held_chord_keeps_its_level(bundle, stages, program):
    assert steady_level_drift_db(bundle, stages, program, 12) < MOST_DRIFT_DB


@pytest.mark.slow
@pytest.mark.parametrize("program", [16, 48, 80])
def test_ten_minutes_neither_drift_nor_run_away(bundle, stages, program):
    assert steady_level_drift_db(bundle, stages, program, 600) < MOST_DRIFT_DB


def test_the_densest_playing_is_finite_bounded_and_ends_in_silence(bundle, stages):
    """Every 10 ms a random key of a random program at a random velocity, for four seconds."""
    rng = np.random.default_rng(3)
    events = []
    for count in range(400):
        begin, key = count * RATE_HZ // 100, int(rng.integers(21, 109))
        events += [
            ProgramChange(begin, 0, int(rng.integers(0, 128))),
            NoteOn(begin + 1, 0, key, int(rng.integers(1, 128))),
            NoteOff(begin + int(rng.integers(2, RATE_HZ)), 0, key),
        ]
    audio = play(bundle, stages, sorted(events, key=lambda event: event.frame), 16.0)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() < 8.0
    assert not audio[-RATE_HZ:].any()
