"""Auditions from the request to the clip: phrases, the cache, the worker, the newest request that wins."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_floats import floats
from test_live import KEY_DOWN, PIANO, Stage
from test_live import _no_server as _no_server
from tiny_songs import write_loud_bundle

from neume.synth.audition import clips
from neume.synth.audition.auditions import ENDED, REPLACED, AuditionRequest, Auditions
from neume.synth.audition.clips import ClipCache, ClipKey, longest_samples
from neume.synth.audition.phrases import FAMILIES, SHAPES, phrase_of, phrase_performance
from neume.synth.audition.rendering import LOUDEST_PEAK_DBFS, levelled
from neume.synth.audition.voice import AuditionVoice
from neume.synth.audition.workshop import Workshop
from neume.synth.errors import UsageError
from neume.synth.events import DRUM_CHANNEL, NoteOff, NoteOn
from neume.synth.voices import DRUM_PROGRAM

RATE_HZ = 48_000
KEY = ClipKey("0" * 64, 5, RATE_HZ)
PATIENCE_S = 60.0
BLOCK = np.zeros((512, 2), np.float32)


@pytest.mark.parametrize("program", [*range(0, 128, 7), 45, 119, DRUM_PROGRAM])
def test_a_phrase_is_short_in_range_and_lets_go_of_its_keys(program):
    performance = phrase_performance(program, RATE_HZ)
    notes = [event for event in performance.events if isinstance(event, NoteOn)]
    assert notes
    assert 0.8 <= performance.duration_frames / RATE_HZ <= 2.0
    assert all(21 <= note.key <= 108 for note in notes)
    held = {}
    for event in performance.events:
        match event:
            case NoteOn():
                held[event.key] = held.get(event.key, 0) + 1
            case NoteOff():
                held[event.key] -= 1
    assert not any(held.values())
    assert all((note.channel == DRUM_CHANNEL) == (program == DRUM_PROGRAM) for note in notes)


def test_every_program_has_a_phrase():
    assert len(FAMILIES) == 16
    assert all(len(roots) == 8 and set(shapes.split()) <= set(SHAPES) for shapes, roots in FAMILIES)
    assert all(phrase_of(program).notes for program in range(129))


@settings(deadline=None)
@given(floats(1e-3, 1.0), st.integers(1, 60_000))
def test_clips_come_at_one_level_and_end_in_silence(level, samples):
    audio = np.full((samples, 2), level, np.float32)
    audio[::2] *= -1
    made = levelled(audio, RATE_HZ)
    assert np.abs(made).max() <= 10.0 ** (LOUDEST_PEAK_DBFS / 20.0) * 1.0001
    assert abs(made[-1]).max() <= 0.001 or samples == 1
    if samples == 60_000 and level > 0.02:
        assert np.sqrt(np.square(made[:10_000]).mean()) == pytest.approx(10.0 ** (-24 / 20), rel=0.01)


def test_a_kept_clip_comes_back(tmp_path):
    cache = ClipCache(tmp_path / "clips")
    assert cache.load(KEY) is None
    audio = np.linspace(-0.5, 0.5, 2000, dtype=np.float32).reshape(-1, 2)
    cache.store(KEY, audio)
    assert np.abs(cache.load(KEY) - audio).max() < 2.0**-22
    assert cache.load(ClipKey("1" * 64, 5, RATE_HZ)) is None
    assert cache.load(ClipKey("0" * 64, 5, 44_100)) is None
    assert [path.suffix for path in (tmp_path / "clips").iterdir()] == [".flac"]


@pytest.mark.parametrize("content", [b"", b"not a clip", b"fLaC" + bytes(200)])
def test_a_clip_that_cannot_be_read_is_not_there(tmp_path, content):
    (tmp_path / KEY.file_name).write_bytes(content)
    assert ClipCache(tmp_path).load(KEY) is None


def test_a_clip_that_is_not_what_it_should_be_is_not_there(tmp_path):
    path = tmp_path / KEY.file_name
    for audio, rate_hz in (
        (np.zeros((longest_samples(RATE_HZ) + 1, 2), np.float32), RATE_HZ),
        (np.zeros((100, 1), np.float32), RATE_HZ),
        (np.zeros((100, 2), np.float32), 44_100),
    ):
        soundfile.write(path, audio, rate_hz, format="FLAC")
        assert ClipCache(tmp_path).load(KEY) is None


def test_the_cache_is_bounded_and_keeps_what_was_used_last(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "MAX_CLIPS", 3)
    cache, audio = ClipCache(tmp_path), np.zeros((100, 2), np.float32)
    keys = [ClipKey("0" * 64, program, RATE_HZ) for program in range(5)]
    for number, key in enumerate(keys):
        cache.store(key, audio)
        os.utime(tmp_path / key.file_name, (number, number))
        if number == 2:
            assert cache.load(keys[0]) is not None
    assert [cache.load(key) is not None for key in keys] == [True, False, False, True, True]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "taken").write_text("a file")
    cache = ClipCache(tmp_path / "taken")
    cache.store(KEY, np.zeros((100, 2), np.float32))
    assert cache.load(KEY) is None


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return str(folder)


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "neume" / "auditions"


def test_the_worker_renders_keeps_and_says_what_it_cannot(bundle, own_cache, tmp_path):
    workshop = Workshop()
    clip = workshop.render(bundle, 0, RATE_HZ)
    assert 0.8 * RATE_HZ < len(clip) <= longest_samples(RATE_HZ)
    assert np.isfinite(clip).all()
    assert np.abs(clip).max() > 0.01
    (kept,) = own_cache.glob("*.flac")
    assert np.abs(soundfile.read(kept, dtype="float32")[0] - clip).max() < 2.0**-22
    first = workshop.process_id
    assert os.getpriority(os.PRIO_PROCESS, first) >= 15
    with pytest.raises(UsageError, match="there is no such folder"):
        workshop.render(str(tmp_path / "none"), 0, RATE_HZ)
    assert len(workshop.render(bundle, 3, 44_100)) <= longest_samples(44_100)
    assert workshop.process_id == first, "it stays warm"
    os.kill(first, signal.SIGKILL)
    while workshop.process_id is not None:
        time.sleep(0.01)
    assert len(workshop.render(bundle, 3, RATE_HZ)), "another one takes its place"
    workshop.close()
    assert workshop.process_id is None


class Answers:
    """What became of requests: an empty text for those that sounded."""

    def __init__(self):
        self.texts, self.changed = {}, threading.Condition()

    def request(self, program, bundle):
        return AuditionRequest(
            program, bundle, lambda: self._say(program, ""), lambda why: self._say(program, why)
        )

    def _say(self, program, text):
        with self.changed:
            assert program not in self.texts, "answered twice"
            self.texts[program] = text
            self.changed.notify_all()

    def wait(self, program):
        with self.changed:
            assert self.changed.wait_for(lambda: program in self.texts, PATIENCE_S)
        return self.texts[program]


@pytest.fixture
def voice():
    """A voice whose blocks are asked for all the time."""
    voice, over = AuditionVoice(lambda *block: None), threading.Event()

    def ask():
        while not over.wait(0.005):
            voice.mix(BLOCK, 0)

    thread = threading.Thread(target=ask)
    thread.start()
    yield voice
    over.set()
    thread.join()


def test_the_newest_request_is_heard(bundle, own_cache, voice):
    auditions, answers = Auditions(voice, RATE_HZ), Answers()
    try:
        for program in range(4):
            auditions.ask(answers.request(program, bundle))
        assert answers.wait(3) == ""
        assert [answers.wait(program) for program in range(3)] == [REPLACED] * 3
        auditions.ask(answers.request(10, bundle))
        auditions.end()
        assert answers.wait(10) == ENDED
        auditions.ask(answers.request(11, bundle + "-none"))
        assert "there is no such folder" in answers.wait(11)
        auditions.ask(answers.request(12, "no-such-bundle"))
        assert "not found in" in answers.wait(12)
    finally:
        auditions.close()


def test_a_cached_clip_needs_no_worker(bundle, own_cache, voice):
    workshop = Workshop()
    workshop.render(bundle, 7, RATE_HZ)
    workshop.close()
    auditions, answers = Auditions(voice, RATE_HZ), Answers()
    try:
        auditions.ask(answers.request(7, bundle))
        assert answers.wait(7) == ""
        assert auditions.workshop.process_id is None
    finally:
        auditions.close()


def test_a_live_rack_auditions_its_own_bundle_and_records_nothing_of_it(own_cache):
    told = []
    with Stage(PIANO) as stage:
        auditions = stage.live.auditions
        auditions.ask(73, None, lambda: told.append("heard"), told.append)
        stage.until(lambda: told != [], PATIENCE_S)
        assert told == ["heard"]
        begun = stage.live.snapshot().played_frames
        stage.until(lambda: stage.live.snapshot().played_frames > begun + 20_000)
        assert stage.listener.peak() == 0.0
        auditions.ask(None, None, lambda: told.append("ended"), told.append)
        assert told == ["heard", "ended"]
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.listener.peak() > 0.001)
