"""An audition in the engine: heard beside what is played, which stays as it is, and in no recording."""

from __future__ import annotations

import numpy as np
import pytest
from engine_rig import HandDevice, Rig
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_floats import floats
from tiny_songs import write_loud_bundle

from neume.synth.arrangement import live_arrangement
from neume.synth.audition.clean_tap import KEPT_BLOCKS, CleanTap
from neume.synth.audition.voice import FADE_SAMPLES, AuditionVoice, Clip
from neume.synth.bundle import open_bundle
from neume.synth.engine import Engine, EngineConfig, make_chain
from neume.synth.limiter import CEILING
from neume.synth.stages import load_stages
from neume.synth.takes import Feed

BLOCK = 512
QUIET = np.zeros((BLOCK, 2), np.float32)


def tone(samples, level=0.25):
    wave = level * np.sin(2 * np.pi * 440 / 48_000 * np.arange(samples))
    return np.stack([wave, wave], axis=1).astype(np.float32)


class Mouth:
    """A voice whose blocks go one after the other into a ring."""

    def __init__(self):
        self.kept = []
        self.voice = AuditionVoice(lambda *block: self.kept.append(block))
        self.place = 0

    def mix(self, *blocks):
        mixed = []
        for block in blocks:
            mixed.append(self.voice.mix(block, self.place))
            self.place += len(block)
        return np.concatenate(mixed)


def test_a_clip_is_played_from_its_beginning_to_its_end_once():
    mouth, clip = Mouth(), Clip(tone(1300))
    assert not clip.begun.is_set()
    mouth.voice.play(clip)
    heard = mouth.mix(*[QUIET] * 6)
    assert clip.begun.is_set()
    assert np.array_equal(heard[:1300], clip.audio)
    assert not heard[1300:].any()
    assert [place for _, _, place in mouth.kept] == [0, 512, 1024]


def test_blocks_without_an_audition_are_passed_on_as_they_are():
    mouth = Mouth()
    assert mouth.voice.mix(QUIET, 0) is QUIET
    mouth.voice.end()
    assert mouth.voice.mix(QUIET, 512) is QUIET
    assert mouth.kept == []


def test_an_ended_clip_fades_and_a_replaced_one_under_the_next():
    mouth = Mouth()
    mouth.voice.play(Clip(tone(48_000)))
    mouth.mix(QUIET, QUIET)
    mouth.voice.end()
    heard = mouth.mix(*[QUIET] * 4)
    assert heard[:FADE_SAMPLES].any()
    assert not heard[FADE_SAMPLES:].any()
    mouth.voice.play(Clip(tone(48_000)))
    mouth.mix(QUIET)
    quiet = Clip(np.zeros((48_000, 2), np.float32))
    mouth.voice.play(quiet)
    heard = mouth.mix(QUIET, QUIET, QUIET)
    assert quiet.begun.is_set()
    assert heard[:500].any()
    assert not heard[FADE_SAMPLES:].any()


def test_no_way_of_changing_clips_clicks():
    """A step between two samples stays near what the tone itself has."""
    mouth, random = Mouth(), np.random.default_rng(5)
    heard = []
    for _ in range(60):
        if random.random() < 0.4:
            mouth.voice.play(Clip(tone(48_000)))
        elif random.random() < 0.3:
            mouth.voice.end()
        heard.append(mouth.mix(QUIET))
    steps = np.abs(np.diff(np.concatenate(heard), axis=0)).max()
    assert steps < 3 * np.abs(np.diff(tone(500), axis=0)).max()


@settings(deadline=None)
@given(st.lists(floats(0.0, CEILING), min_size=1, max_size=12), floats(0.0, 1.0))
def test_what_is_played_is_never_turned_down_and_the_sum_stays_below_the_ceiling(levels, loudness):
    mouth = Mouth()
    mouth.voice.play(Clip(tone(BLOCK * 20, loudness)))
    for level in levels:
        block = np.full((BLOCK, 2), level, np.float32)
        mixed = mouth.mix(block)
        assert np.abs(mixed).max() <= CEILING + 1e-6
        assert np.abs(mixed - block).max() <= loudness + 1e-6
    alone = Mouth()
    alone.voice.play(Clip(tone(BLOCK, loudness)))
    assert (
        np.array_equal(alone.mix(QUIET), tone(BLOCK, loudness).clip(-CEILING, CEILING)) or loudness > CEILING
    )


class Recorder:
    def __init__(self):
        self.pieces, self.positions = [], []

    def put(self, played, position):
        self.pieces.append(played.copy())
        self.positions.append(position)

    def audio(self):
        return np.concatenate(self.pieces)


class AuditionRig(Rig):
    """A rig with an audition's voice and tap."""

    def __init__(self, bundle, stages, device):
        super().__init__(bundle, stages, device)
        self.engine.stop()
        config = EngineConfig()
        feed = Feed()
        self.recorder = Recorder()
        feed.add(self.recorder)
        self.tap = CleanTap(feed)
        self.voice = AuditionVoice(self.tap.keep)
        chain = make_chain(bundle, stages, live_arrangement(), config)
        now_ns = self._now
        self.engine = Engine(chain, device, config, tap=self.tap, beside=self.voice.mix, now_ns=now_ns)

    def _now(self):
        return self.now_ns


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def played(player, *, audition, stalls=False):
    with AuditionRig(*player, HandDevice()) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(3000))
        rig.turn(50)
        if audition:
            rig.voice.play(Clip(tone(20_000)))
        rig.turn(60)
        if stalls:
            rig.turn(30, rendering=False)
        rig.turn(200)
        return rig.audio(), rig.recorder


def test_recordings_hold_what_was_rendered_to_the_last_bit(player):
    heard, recorder = played(player, audition=True)
    plain, plain_recorder = played(player, audition=False)
    assert np.abs(heard - plain).max() > 0.2, "the audition was heard"
    assert np.abs(plain).max() > 0.01
    assert np.array_equal(recorder.audio(), plain_recorder.audio())
    assert np.array_equal(recorder.audio(), plain)
    assert recorder.positions == plain_recorder.positions


def test_an_underrun_in_an_audition_leaves_no_trace_but_its_own(player):
    _, recorder = played(player, audition=True, stalls=True)
    _, plain = played(player, audition=False, stalls=True)
    apart = np.abs(recorder.audio() - plain.audio()).max(axis=1)
    assert np.count_nonzero(apart) <= 64, "where it fades, the clip's part of the fade is not known"


def test_memory_is_bounded_where_nobody_records():
    tap = CleanTap(Feed())
    for number in range(KEPT_BLOCKS + 300):
        tap.keep(QUIET, QUIET, number * BLOCK)
    assert len(tap._kept) <= KEPT_BLOCKS + 1
