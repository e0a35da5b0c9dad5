"""The classifier of programs: it tells apart what differs, whatever the loudness, and judges no silence."""

from __future__ import annotations

import numpy as np
import pytest

from neume.models.evaluate.dev_set import HEARD, Segment
from neume.models.evaluate.probes import PERFORMANCE_NOTES, performance, program_probe
from neume.models.evaluate.recogniser import LESSONS, Recogniser, describe
from neume.models.evaluate.scoring import Rendering, Scores, figures, score_segment
from neume.synth.events import NoteOn
from neume.synth.mel import MelSpec
from neume.synth.voices import DRUM_PROGRAM

SPEC = MelSpec()
FRAMES = 192


def sound(program, seed, gain_db=0.0):
    """Log-mel frames with a bump at a place of the program's own, over some noise."""
    rng = np.random.default_rng([seed, program])
    bump = -0.5 * ((np.arange(SPEC.mels) - 10 - 20 * program) / 6.0) ** 2
    frames = np.maximum(bump + 0.3 * rng.standard_normal((FRAMES, SPEC.mels)), -6.0) - 2.0
    return (frames + gain_db * np.log(10.0) / 20.0).astype(np.float32)


@pytest.fixture(scope="module")
def recogniser():
    described = [
        (place, describe(mel, mel)) for place in range(4) for mel in (sound(place, 1), sound(place, 2))
    ]
    labels = np.concatenate([np.full(len(patches), place) for place, patches in described])
    return Recogniser(np.concatenate([patches for _, patches in described]), labels, (0, 1, 2, 3))


@pytest.mark.parametrize("program", range(4))
@pytest.mark.parametrize("gain_db", [0.0, -12.0])
def test_a_program_is_recognised_at_any_level(recogniser, program, gain_db):
    mel = sound(program, 3, gain_db)
    assert recogniser.program_of(mel, mel) == program


def test_another_instruments_sound_is_taken_for_that_instrument(recogniser):
    assert recogniser.program_of(sound(2, 3), sound(0, 3)) == 2


def test_where_the_reference_is_silent_nothing_is_judged(recogniser):
    silence = np.full((FRAMES, SPEC.mels), SPEC.log_floor, np.float32)
    assert recogniser.program_of(sound(1, 3), silence) is None


def notes(part):
    return [(e.frame, e.key, e.velocity) for e in part[0] if isinstance(e, NoteOn)]


def test_what_is_learned_from_is_not_asked():
    assert not set(HEARD) & set(range(LESSONS))
    for program in (0, 40, DRUM_PROGRAM):
        performances = [notes(performance(program, number)) for number in (*range(LESSONS), *HEARD)]
        assert [len(played) for played in performances] == [PERFORMANCE_NOTES] * len(performances)
        assert len({tuple(played) for played in performances}) == len(performances)
        assert not set(performances[0]) & set(notes(program_probe(program)))
        assert performance(program, 0) == performance(program, 0)


@pytest.mark.parametrize("kind", ["probe", "performance"])
def test_the_ratio_is_to_the_references_own_share(recogniser, kind):
    """Of four segments, one made sound is another program's; the reference's own are all recognised."""
    made, own = Scores(), Scores()
    for program in range(4):
        segment = Segment(f"program {program}", kind, f"{kind}s", program, (), FRAMES * SPEC.hop_samples)
        heard, reference = Rendering(segment, np.zeros(1), SPEC), Rendering(segment, np.zeros(1), SPEC)
        heard.__dict__["mel"], reference.__dict__["mel"] = sound(max(program, 1), 3), sound(program, 3)
        made.add(score_segment(heard, reference, None, recogniser))
        own.add(score_segment(reference, reference, None, recogniser))
    told = figures(made, own, None)
    assert (told["recognised"], told["recognised_ratio"]) == (0.75, 0.75)
