"""Keeping what was just played: exact, bounded, for nothing in silence, harmless when the disk is ill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from takes_rig import BLOCK, LOOKAHEAD, RATE_HZ, RECIPE, LivePlaying, ramp, recipe
from test_render_faults import file_size_limit
from test_takes_rerender import concert, rendered, tiny  # noqa: F401

from neume.synth.errors import OutputError, UsageError
from neume.synth.events import NoteOn
from neume.synth.takes import History, Retrospect, read_take
from neume.synth.takes.history import MAX_LEAD_IN_S


class Stage:
    """A device that plays a ramp or silence, with a note in the history for each ramp; no models."""

    def __init__(self, retrospect=None):
        self.history = History(RECIPE)
        self.retrospect = retrospect
        self.blocks = 0

    @property
    def position(self):
        return self.blocks * BLOCK

    def play(self, blocks, silent=False):
        for index in range(blocks):
            frame = self.blocks * BLOCK
            events = [] if silent or index else [NoteOn(frame + 3, 0, 60, 100)]
            self.history.block(frame, events, silent or index == 0)
            audio = np.zeros((BLOCK, 2), np.float32) if silent else ramp(frame, BLOCK)
            self.retrospect.put(audio, frame)
            self.blocks += 1

    def play_seconds(self, seconds, silent=False):
        """Fast, but not faster than the writer reads."""
        for _ in range(seconds):
            self.play(RATE_HZ // BLOCK, silent)
            self.retrospect._step()


@pytest.fixture
def stage(tmp_path):
    made = Stage()
    made.retrospect = Retrospect(made.history, tmp_path / "cache", keep_s=20)
    yield made
    made.retrospect.close()


def audio_of(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def kept_files(folder):
    return sorted(path.name for path in (folder / "cache").glob("*/*.flac"))


@pytest.mark.parametrize("name", ["gig.wav", "gig.flac"])
def test_what_was_played_is_kept_from_the_first_to_the_last_sound(tmp_path, stage, name):
    stage.play(7, silent=True)
    stage.play(300)
    stage.play(5, silent=True)
    stage.play(2)
    stage.play(400, silent=True)
    used = stage.retrospect.keep(tmp_path / name)
    heard = audio_of(tmp_path / name)
    start = 6 * BLOCK  # what sounds first may be the sound of the last frames of this block
    begin = start + LOOKAHEAD
    assert used == recipe(start_frame=start, audio_frame=start, frames=len(heard))
    assert not heard[: 7 * BLOCK - begin].any()
    heard, begin = heard[7 * BLOCK - begin :], 7 * BLOCK
    assert np.array_equal(heard[: 307 * BLOCK - begin], ramp(begin, 307 * BLOCK - begin))
    assert not heard[307 * BLOCK - begin : 312 * BLOCK - begin].any()
    assert np.array_equal(heard[312 * BLOCK - begin : 314 * BLOCK - begin], ramp(312 * BLOCK, 2 * BLOCK))
    assert not heard[314 * BLOCK - begin :].any()
    assert len(heard) < 314 * BLOCK - begin + 2 * RATE_HZ
    told = read_take(tmp_path / "gig.take.mid")
    assert told.recipe == used
    assert [event.frame for event in told.events] == [7 * BLOCK + 3, 312 * BLOCK + 3]
    assert stage.retrospect.problem is None


def test_the_last_minutes_are_kept_and_no_more(tmp_path, stage, monkeypatch):
    monkeypatch.setattr("neume.synth.takes.segments.SEGMENT_S", 2)
    stage.play_seconds(50)
    assert 6 <= len(kept_files(tmp_path)) <= 9
    used = stage.retrospect.keep(tmp_path / "gig.wav")
    assert used.frames == 20 * RATE_HZ
    assert np.array_equal(audio_of(tmp_path / "gig.wav"), ramp(stage.position - used.frames, used.frames))
    again = stage.retrospect.keep(tmp_path / "gig.flac")
    assert again == used
    assert np.array_equal(audio_of(tmp_path / "gig.flac"), audio_of(tmp_path / "gig.wav"))


def test_silence_costs_nothing(tmp_path, stage):
    stage.play_seconds(1)
    stage.play_seconds(200, silent=True)
    assert kept_files(tmp_path) == []  # the sound is older than what is kept
    assert len(stage.retrospect._segments.closed) == 1
    with pytest.raises(UsageError, match=r"nothing has sounded in the last 0.333333 minutes"):
        stage.retrospect.keep(tmp_path / "gig.wav")
    stage.play_seconds(1)
    used = stage.retrospect.keep(tmp_path / "gig.wav")
    assert used.audio_frame == used.start_frame == (stage.blocks - RATE_HZ // BLOCK - 1) * BLOCK
    assert used.exact


def test_nothing_played_yet(tmp_path, stage):
    with pytest.raises(UsageError, match="nothing has sounded"):
        stage.retrospect.keep(tmp_path / "gig.wav")
    with pytest.raises(UsageError, match=r"gig.ogg: suffix '.ogg'; a take is a .wav or .flac file"):
        stage.retrospect.keep(tmp_path / "gig.ogg")


def test_keeping_while_playing_goes_on(tmp_path, stage):
    """Kept again and again by another thread; each time all that had been played by then is there."""
    stop = threading.Event()

    def play():
        while not stop.is_set():
            stage.play(3)
            time.sleep(0.002)

    player = threading.Thread(target=play)
    player.start()
    try:
        for turn in range(6):
            time.sleep(0.1)
            before = stage.position
            used = stage.retrospect.keep(tmp_path / f"{turn}.wav")
            heard = audio_of(tmp_path / f"{turn}.wav")
            begin, end = used.audio_span
            assert before <= end <= stage.position
            assert np.array_equal(heard, ramp(begin, end - begin))
    finally:
        stop.set()
        player.join()
    assert stage.retrospect.lost_frames == 0


def test_what_was_kept_is_rendered_again_sample_for_sample(tmp_path, tiny):  # noqa: F811
    playing = LivePlaying(*tiny, sizes=[128], seed=5, steps=2)
    retrospect = Retrospect(playing.history, tmp_path / "cache")
    playing.feed.add(retrospect)
    playing.play(concert(), 250 * BLOCK)
    used = retrospect.keep(tmp_path / "kept.wav")
    retrospect.close()
    assert used.exact
    live = playing.audio(used)
    again = rendered(tmp_path / "kept.take.mid", tiny[0])
    assert np.abs(live).max() > 0.1
    assert np.array_equal(again, live)
    assert np.array_equal(audio_of(tmp_path / "kept.wav"), np.rint(live * 2**23) / 2**23)


def test_playing_without_a_pause_is_kept_with_the_midi_of_its_beginning(tmp_path, stage):
    """The notes that sound at the window's start are in the MIDI, up to ten minutes before the audio."""
    stage.play_seconds(30)
    used = stage.retrospect.keep(tmp_path / "gig.wav")
    assert used.exact
    assert used.start_frame < used.audio_frame == stage.position - 20 * RATE_HZ - LOOKAHEAD
    assert used.audio_frame - used.start_frame < MAX_LEAD_IN_S * RATE_HZ
    first = read_take(tmp_path / "gig.take.mid").events[0]
    assert first.frame < used.audio_frame


# --- the disk


def test_the_folder_is_private_and_goes_at_the_end(tmp_path):
    stage = Stage()
    stage.retrospect = Retrospect(stage.history, tmp_path / "cache")
    stage.play_seconds(1)
    (folder,) = (tmp_path / "cache").glob("neume-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    stage.retrospect.close()
    assert not folder.exists()
    stage.play(1)
    with pytest.raises(OutputError, match="nothing was remembered: it is over"):
        stage.retrospect.keep(tmp_path / "gig.wav")
    stage.retrospect.close()


def test_a_full_disk_is_told_once_and_what_was_kept_before_stays(tmp_path, stage, monkeypatch):
    monkeypatch.setattr("neume.synth.takes.segments.SEGMENT_S", 1)
    monkeypatch.setattr("neume.synth.takes.segments.RETRY_S", 3)
    stage.play_seconds(2)
    with file_size_limit(1000):
        stage.play_seconds(3)
    problem = stage.retrospect.problem
    assert "cannot be written: File too large" in str(problem)
    stage.play_seconds(8)
    assert stage.retrospect.problem is problem
    assert not list((tmp_path / "cache").glob("*/*.part"))
    used = stage.retrospect.keep(tmp_path / "gig.wav")
    heard = audio_of(tmp_path / "gig.wav")
    begin, end = used.audio_span
    written = heard.any(axis=1)
    assert np.array_equal(heard[written], ramp(begin, end - begin)[written])  # all of it in its place
    assert end == stage.position
    assert written[: 2 * (RATE_HZ // BLOCK) * BLOCK - begin].all()
    assert written[-3 * RATE_HZ :].all()
    assert not written.all()


def test_a_target_without_room_leaves_nothing_half_written(tmp_path, stage):
    stage.play_seconds(2)
    (tmp_path / "gig.wav").write_bytes(b"older")
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"gig.wav: cannot be written: File too"):
        stage.retrospect.keep(tmp_path / "gig.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "gig.wav"]
    assert (tmp_path / "gig.wav").read_bytes() == b"older"
    assert stage.retrospect.problem is None
    assert stage.retrospect.keep(tmp_path / "gig.wav").frames > RATE_HZ


def test_where_nothing_can_be_written_playing_goes_on(tmp_path):
    (tmp_path / "cache").write_bytes(b"in the way")
    stage = Stage()
    stage.retrospect = Retrospect(stage.history, tmp_path / "cache")
    assert "cache: cannot be written" in str(stage.retrospect.problem)
    stage.play(100)
    assert stage.retrospect.lost_frames == 0
    with pytest.raises(OutputError, match=r"nothing was remembered: .*cache: cannot be written"):
        stage.retrospect.keep(tmp_path / "gig.wav")
    stage.retrospect.close()


OWNER = """
import sys, time
from pathlib import Path
from neume.synth.takes.private_folder import PrivateFolder
folder = PrivateFolder(Path({root!r}))
(folder.path / "old.flac").write_bytes(b"x")
print(folder.path, flush=True)
time.sleep(600)
"""


def test_the_folder_of_a_killed_process_goes_at_the_next_start(tmp_path):
    code = OWNER.format(root=str(tmp_path / "cache"))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    folder = Path(child.stdout.readline().strip())
    history = History(RECIPE)
    Retrospect(history, tmp_path / "cache").close()
    assert (folder / "old.flac").exists()  # its process runs
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    other = tmp_path / "cache" / "neume-link"
    other.symlink_to(tmp_path)
    Retrospect(history, tmp_path / "cache").close()
    assert not folder.exists()
    assert other.is_symlink()
