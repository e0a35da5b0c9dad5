"""What was played live and recorded is rendered again from its MIDI, sample for sample."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from bundle_factory import write_bundle
from takes_rig import BLOCK, LOOKAHEAD, LivePlaying
from tiny_songs import write_loud_bundle

from neume.synth.arrangement import Arrangement
from neume.synth.bundle import DEFAULT_BUNDLE, open_bundle, open_named
from neume.synth.errors import MidiFileError, UsageError
from neume.synth.events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.stages import load_stages
from neume.synth.takes import Take, midi_path, read_take, render_take, take_audio, unfinished_takes
from neume.synth.takes.midi_take import write_take

SIZES = [1, 255, 256, 257, 4096]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The tiny bundle of the tests, loud enough for the limiter."""
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def phrase(begin, channel=0):
    """A chord loud enough for the limiter, with everything that a keyboard sends, let go after 0.3 s."""
    events = [NoteOn(begin + 11 * key, channel, 40 + 5 * key, 127) for key in range(9)]
    events += [ControlChange(begin + 40, channel, 1, 90), PolyPressure(begin + 2000, channel, 45, 99)]
    events += [PitchBend(begin + 2500 + 100 * step, channel, 700 * step) for step in range(9)]
    events += [ControlChange(begin + 3000, channel, 10, 100), ChannelPressure(begin + 4000, channel, 80)]
    events += [NoteOff(begin + 14_000 + key, channel, 40 + 5 * key) for key in range(9)]
    return [*events, PitchBend(begin + 14_100, channel, 0), ControlChange(begin + 14_100, channel, 1, 0)]


def concert():
    """Three phrases with silences between them, programs and pans set long before, drums, reset and panic."""
    events = [ProgramChange(100, 2, 12), ControlChange(3000, 2, 10, 3), ControlChange(3001, 0, 7, 120)]
    events += phrase(5 * BLOCK + 100)
    events += phrase(200 * BLOCK, channel=2)
    events += [NoteOn(210 * BLOCK + 9, 9, key, 110) for key in (36, 42, 46)]
    events += [ControlChange(400 * BLOCK + 5, 2, 10, 120), NoteOn(400 * BLOCK + 6, 2, 50, 127)]
    events += [SystemReset(410 * BLOCK + 77), NoteOn(412 * BLOCK, 0, 60, 100), Panic(420 * BLOCK + 300)]
    events += [NoteOn(420 * BLOCK + 300, 1, 64, 90), NoteOff(429 * BLOCK, 1, 64)]
    return sorted(events, key=lambda event: event.frame)


END = 440 * BLOCK


def recorded(player, target, begin, end, *, sizes=(128,), bits=32, **options):
    """Play the concert and record it from `begin` up to `end`; the playing, and the finished take."""
    playing = LivePlaying(*player, sizes, seed=5, steps=2, **options)
    playing.play(concert(), begin)
    take = Take(target, playing.history, bits=bits)
    playing.feed.add(take)
    take.start(begin)
    playing.play(concert(), end + LOOKAHEAD)
    playing.play_out(end + LOOKAHEAD)
    finished = take.finish()
    assert (finished.problem, take.lost_frames) == (None, 0)
    assert finished.recipe.frames == end - begin
    return playing, finished


def file_audio(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def rendered(midi, bundle):
    return np.concatenate(list(render_take(midi, bundle.folder)))


@pytest.mark.parametrize("size", SIZES)
def test_live_and_rendered_again_are_the_same_samples(tiny, tmp_path, size):
    playing, finished = recorded(tiny, tmp_path / "take.wav", 0, 240 * BLOCK, sizes=[size])
    heard = file_audio(finished.audio)
    assert (finished.recipe.exact, finished.recipe.start_frame) == (True, 0)
    assert np.abs(heard).max() > 0.01
    assert np.array_equal(heard, playing.audio(finished.recipe))
    assert np.array_equal(rendered(finished.midi, tiny[0]), heard)


def test_the_built_in_bundle_does_so_too(tmp_path):
    bundle = open_named(DEFAULT_BUNDLE)
    playing, finished = recorded(
        (bundle, load_stages(bundle)), tmp_path / "take.wav", 203 * BLOCK + 9, 240 * BLOCK
    )
    heard = file_audio(finished.audio)
    assert finished.recipe.exact
    assert np.abs(heard).max() > 0.01
    assert np.array_equal(heard, playing.audio(finished.recipe))
    assert np.array_equal(np.concatenate(list(render_take(finished.midi))), heard)


@pytest.mark.parametrize("begin", [1, 5, 190, 200, 399, 400])
def test_a_take_begun_in_silence_starts_there(tiny, tmp_path, begin):
    """Also in the very block of the first note, with programs, pans and volumes set long before."""
    playing, finished = recorded(tiny, tmp_path / "take.wav", begin * BLOCK, END)
    start = finished.recipe.start_frame
    assert (finished.recipe.exact, start, finished.recipe.audio_frame) == (True, begin * BLOCK, start)
    heard = file_audio(finished.audio)
    assert np.array_equal(heard, playing.audio(finished.recipe))
    assert np.array_equal(rendered(finished.midi, tiny[0]), heard)


@pytest.mark.parametrize("begin", [20 * BLOCK, 205 * BLOCK + 77, 411 * BLOCK + 511])
@pytest.mark.parametrize("length", [1, BLOCK - 1, 30 * BLOCK + 3])
def test_a_take_begun_and_ended_amid_sounds_is_exact_too(tiny, tmp_path, begin, length):
    """Its MIDI begins earlier, in the silence before; its audio begins and ends on any sample."""
    playing, finished = recorded(tiny, tmp_path / "take.wav", begin, begin + length, sizes=[37])
    used = finished.recipe
    assert used.exact
    assert used.start_frame < begin == used.audio_frame
    heard = file_audio(finished.audio)
    assert np.array_equal(heard, playing.audio(used))
    assert np.array_equal(rendered(finished.midi, tiny[0]), heard)


def test_24_bits_are_the_same_but_for_their_rounding(tiny, tmp_path):
    _, finished = recorded(tiny, tmp_path / "take.flac", 0, 60 * BLOCK, bits=24)
    assert finished.audio == tmp_path / "take.flac"
    again = rendered(finished.midi, tiny[0])
    assert np.array_equal(file_audio(finished.audio), np.rint(again * 2**23) / 2**23)


def test_merged_streams_are_merged_again(tiny, tmp_path):
    """Noise is keyed by stream, so a take carries which channel was on which."""
    stream_of = (1, -1, 0, *[-1] * 6, 0, *[-1] * 6)
    playing, finished = recorded(
        tiny, tmp_path / "take.wav", 0, 250 * BLOCK, arrangement=Arrangement(stream_of)
    )
    assert finished.recipe.stream_of == stream_of
    heard = file_audio(finished.audio)
    assert np.array_equal(heard, playing.audio(finished.recipe))
    assert np.array_equal(rendered(finished.midi, tiny[0]), heard)


def test_shorter_blocks_than_the_bundle_s_own(tiny, tmp_path):
    playing, finished = recorded(tiny, tmp_path / "take.wav", 203 * BLOCK, 250 * BLOCK, block_hops=1)
    assert (finished.recipe.block_samples, finished.recipe.exact) == (BLOCK // 2, True)
    heard = file_audio(finished.audio)
    assert np.array_equal(heard, playing.audio(finished.recipe))
    assert np.array_equal(rendered(finished.midi, tiny[0]), heard)


def test_the_start_decides_the_noise(tiny, tmp_path):
    """Rendered from another frame, the same events do not give the same samples: the test can fail."""
    _, finished = recorded(tiny, tmp_path / "take.wav", 200 * BLOCK, 250 * BLOCK)
    take = read_take(finished.midi)
    used = replace(take.recipe, start_frame=BLOCK, audio_frame=BLOCK)
    moved = [replace(event, frame=event.frame - 199 * BLOCK) for event in take.events]
    write_take(tmp_path / "growing", tmp_path / "moved.mid", used, moved).publish()
    other = rendered(tmp_path / "moved.mid", tiny[0])
    assert not np.array_equal(other, file_audio(finished.audio))
    assert len(other) == finished.recipe.frames


def test_a_take_that_was_never_finished_is_rendered_to_its_end(tiny, tmp_path):
    playing = LivePlaying(*tiny, seed=5, steps=2)
    take = Take(tmp_path / "take.wav", playing.history, bits=32)
    playing.feed.add(take)
    take.start(0)
    playing.play(concert(), 60 * BLOCK)
    take._writer.close()
    take._step()
    heard = file_audio(tmp_path / "take.unfinished.wav")
    again = rendered(tmp_path / "take.unfinished.mid", tiny[0])
    assert unfinished_takes(tmp_path) == ()  # it is still being recorded
    assert np.array_equal(again[: len(heard)], heard)
    assert len(heard) > 50 * BLOCK
    take.finish()


def test_a_take_needs_the_bundle_that_it_was_played_with(tiny, tmp_path):
    bundle, other = tiny[0], tmp_path / "other"
    write_bundle(other)
    _, finished = recorded(tiny, tmp_path / "take.wav", 0, 10 * BLOCK)
    told = f"the take was played with bundle tiny 0.1.0, SHA-256 {bundle.digest[:12]}..., and would sound"
    with pytest.raises(UsageError, match=re.escape(told)):
        render_take(finished.midi, other)
    with pytest.raises(MidiFileError, match=r"no such file"):
        render_take(midi_path(tmp_path / "none.wav"), other)


def test_a_stranger_s_recipe_cannot_ask_for_more_than_its_midi_holds(tiny, tmp_path):
    bundle, stages = tiny
    _, finished = recorded(tiny, tmp_path / "take.wav", 0, 10 * BLOCK)
    take = read_take(finished.midi)
    endless = replace(take, recipe=replace(take.recipe, frames=2**50))
    assert len(np.concatenate(list(take_audio(endless, bundle, stages)))) == take.end_frame
    elsewhere = replace(take, recipe=replace(take.recipe, audio_frame=2**50))
    assert list(take_audio(elsewhere, bundle, stages)) == []
    strange = replace(take, recipe=replace(take.recipe, block_samples=100))
    with pytest.raises(UsageError, match=r"blocks of 100 samples; allowed are whole hops of 256"):
        take_audio(strange, bundle, stages)
