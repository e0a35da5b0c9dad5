"""Live = offline, sample for sample: any number of blocks a call, from any block on, alone or in a batch."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from bundle_factory import write_bundle

from neume.synth.bundle import DEFAULT_BUNDLE, open_bundle, open_named
from neume.synth.errors import UsageError
from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, ProgramChange
from neume.synth.renderer import StreamRenderer
from neume.synth.stages import load_stages

BLOCKS = 60


@pytest.fixture(scope="module", params=["tiny", "built-in"])
def player(request, tmp_path_factory):
    """The tiny bundle of the tests and the trained one that ships with Neume, each with its sessions."""
    if request.param == "tiny":
        folder = tmp_path_factory.mktemp("bundles") / "tiny"
        write_bundle(folder)
        bundle = open_bundle(folder)
    else:
        bundle = open_named(DEFAULT_BUNDLE)
    return bundle, load_stages(bundle)


def performance():
    """Three streams: chords with pedal and bends, a short melody after a long rest, drums; none at first."""
    events = []
    for index, key in enumerate((48, 60, 64, 67, 72)):
        start = 1500 + index * 2111
        events += [(0, NoteOn(start, 0, key, 30 + 20 * index)), (0, NoteOff(start + 3000, 0, key))]
    events += [(0, ControlChange(2500, 0, 64, 127)), (0, ControlChange(9000, 0, 64, 0))]
    events += [(0, PitchBend(4000 + 500 * step, 0, 1000 * step)) for step in range(8)]
    events += [(1, ProgramChange(0, 1, 73)), (1, ControlChange(0, 1, 7, 90))]
    events += [(1, NoteOn(20_000, 1, 76, 90)), (1, NoteOff(20_100, 1, 76)), (1, NoteOn(26_000, 1, 79, 50))]
    events += [(2, NoteOn(700 + 2400 * hit, 9, key, 100)) for hit, key in enumerate((36, 42, 38, 42, 46, 42))]
    return sorted(events, key=lambda pair: pair[1].frame)


def render(player, sizes, steps=2, streams=3, seed=5, events=None, block_hops=2):
    """Audio of `BLOCKS` blocks of two hops, rendered in calls of the given numbers of blocks."""
    renderer = StreamRenderer(*player, streams, steps=steps, seed=seed, block_hops=block_hops)
    waiting = performance() if events is None else events
    parts, done, sizes = [], 0, cycle(sizes)
    blocks = BLOCKS * 2 // block_hops
    while done < blocks:
        size = min(next(sizes), blocks - done)
        end = renderer.frame + size * renderer.block_samples
        now = [pair for pair in waiting if pair[1].frame < end]
        waiting = waiting[len(now) :]
        parts.append(renderer.render_blocks(now, size))
        done += size
    return np.concatenate(parts, axis=1)


@pytest.fixture(scope="module")
def live(player):
    return render(player, [1])


@pytest.mark.parametrize("sizes", [[2], [7, 1, 3], [13, 1], [59, 1], [BLOCKS]])
def test_many_blocks_a_call_are_the_same_samples(player, live, sizes):
    made = render(player, sizes)
    assert np.abs(live).max() > 1e-4, "something sounds"
    assert np.array_equal(made, live)


@pytest.mark.parametrize("block_hops", [1, 3, 4])
@pytest.mark.parametrize("sizes", [[1], [5, 2]])
def test_blocks_of_another_length_are_the_same_samples(player, live, block_hops, sizes):
    assert np.array_equal(render(player, sizes, block_hops=block_hops), live)


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_every_number_of_steps_is_the_same_live_and_offline(player, steps):
    assert np.array_equal(render(player, [1], steps=steps), render(player, [BLOCKS], steps=steps))


def test_texture_is_of_a_number_of_steps(player):
    """What the steps add is multiplied: with nothing of it the mean is heard, as with no steps."""
    bundle, stages = player
    sampling = bundle.manifest.sampling
    texture = tuple(0.0 if n == 2 else sampling.texture_with(n) for n in sampling.steps_allowed)
    sampling = replace(sampling, texture=texture)
    smooth = replace(bundle, manifest=replace(bundle.manifest, sampling=sampling)), stages
    mean = render(player, [BLOCKS], steps=0)
    assert np.array_equal(render(smooth, [BLOCKS], steps=2), mean)
    assert np.array_equal(render(smooth, [BLOCKS], steps=4), render(player, [BLOCKS], steps=4))
    assert not np.array_equal(render(player, [BLOCKS], steps=2), mean)


def test_a_stream_does_not_depend_on_its_neighbours(player, live):
    alone = render(player, [1], streams=1, events=[pair for pair in performance() if pair[0] == 0])
    assert np.array_equal(alone[0], live[0])


@pytest.mark.parametrize("block", [1, 4, 17, 41])
def test_a_restored_state_goes_on_sample_for_sample(player, live, block):
    renderer = StreamRenderer(*player, 3, steps=2, seed=5)
    events = performance()
    border = block * renderer.block_samples
    before = [pair for pair in events if pair[1].frame < border]
    renderer.render_blocks(before, block)
    saved = renderer.state()
    renderer.render_blocks([(0, NoteOn(renderer.frame, 0, 90, 127))], 5)  # leads elsewhere
    fresh = StreamRenderer(*player, 3, steps=2, seed=5)
    for other in (renderer, fresh):
        other.restore(saved)
        rest = other.render_blocks(events[len(before) :], BLOCKS - block)
        assert np.array_equal(rest, live[:, border:])


def test_the_seed_decides_the_noise(player, live):
    assert np.array_equal(render(player, [3]), live)
    assert not np.array_equal(render(player, [3], seed=6), live)


def test_silence_is_digital_silence(player):
    renderer = StreamRenderer(*player, 2)
    assert not renderer.render_blocks([], 4).any()
    assert renderer.silent
    renderer.render_block([(0, NoteOn(renderer.frame, 0, 60, 100))])
    assert not renderer.silent
    renderer.render_block([(0, Panic(renderer.frame))])
    renderer.render_blocks([], 2)
    assert renderer.silent
    assert not renderer.render_blocks([], 4).any()


def test_nothing_sounds_before_its_onset(player):
    """Nothing at all until the hop of the onset, and there 40 dB less than the note until the very sample."""
    renderer = StreamRenderer(*player, 1, steps=0)
    onset = 3 * renderer.block_samples + 333
    audio = renderer.render_blocks([(0, NoteOn(onset, 0, 60, 110))], 30)[0, renderer.lookahead_samples :]
    assert not audio[: onset - 2 * renderer.lookahead_samples].any()
    peak = np.abs(audio[onset : onset + 4800]).max()
    assert np.abs(audio[:onset]).max() < 0.01 * peak
    assert np.abs(audio[onset : onset + 480]).max() > 0.01 * peak


def test_a_note_shorter_than_a_hop_sounds(player):
    renderer = StreamRenderer(*player, 1, steps=0)
    audio = renderer.render_blocks([(0, NoteOn(600, 0, 60, 110)), (0, NoteOff(640, 0, 60))], 30)
    assert np.abs(audio).max() > 1e-6


def test_late_events_take_effect_at_the_start(player):
    renderer = StreamRenderer(*player, 1)
    renderer.render_blocks([], 3)
    renderer.render_block([(0, NoteOn(0, 0, 60, 100))])
    assert renderer.notes[0].sounding == 1


def test_steps_that_the_bundle_does_not_allow_are_refused(player):
    with pytest.raises(UsageError, match="steps = 3"):
        StreamRenderer(*player, 1, steps=3)


def test_reset_is_a_fresh_start(player, live):
    renderer = StreamRenderer(*player, 3, steps=2, seed=5)
    renderer.render_blocks([(0, NoteOn(10, 0, 50, 100))], 4)
    renderer.reset()
    assert np.array_equal(renderer.render_blocks(performance(), BLOCKS), live)
