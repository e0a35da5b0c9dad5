"""One recording: started and stopped while playing, and readable whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from takes_rig import BLOCK, LOOKAHEAD, RATE_HZ, RECIPE, ramp, recipe
from test_render_faults import file_size_limit
from typer.testing import CliRunner

from neume.synth.cli import app
from neume.synth.errors import OutputError, UsageError
from neume.synth.events import NoteOff, NoteOn
from neume.synth.takes import History, Take, midi_path, rack_path, read_take, unfinished_takes
from neume.synth.takes import finished as finished_module

EVENTS = [NoteOn(3 * BLOCK + 5, 0, 60, 100), NoteOff(9 * BLOCK + 6, 0, 60)]


class Stage:
    """A device that plays a ramp, and a history of blocks that were rendered a little earlier; no models."""

    def __init__(self):
        self.history = History(RECIPE)
        self.position = 0

    def play(self, take, blocks, size=BLOCK):
        for _ in range(blocks):
            frame = self.history.frame + BLOCK if self.position else 0
            events = [event for event in EVENTS if frame <= event.frame < frame + BLOCK]
            self.history.block(frame, events, frame < 3 * BLOCK)
            for begin in range(self.position, self.position + BLOCK, size):
                take.put(ramp(begin, size), begin)
            self.position += BLOCK


@pytest.fixture
def stage():
    return Stage()


def audio_of(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["gig.wav", "gig.flac", "GIG.WAV"])
def test_a_take_is_what_was_played_from_its_frame_on(tmp_path, stage, name):
    take = Take(tmp_path / name, stage.history)
    stage.play(take, 2)
    assert names(tmp_path) == [f"{Path(name).stem}.unfinished.wav"]
    take.start(2 * BLOCK)
    stage.play(take, 20, size=128)
    finished = take.finish()
    stage.play(take, 3)
    begin = 2 * BLOCK + LOOKAHEAD
    frames = 22 * BLOCK - begin
    assert finished.audio == tmp_path / name
    assert np.array_equal(audio_of(finished.audio), ramp(begin, frames))
    assert finished.recipe == recipe(start_frame=2 * BLOCK, audio_frame=2 * BLOCK, frames=frames)
    told = read_take(finished.midi)
    assert (told.recipe, list(told.events)) == (finished.recipe, EVENTS)
    assert told.end_frame == 2 * BLOCK + frames
    assert names(tmp_path) == sorted([name, f"{Path(name).stem}.take.mid"])
    assert take.seconds == frames / RATE_HZ


def test_a_later_take_replaces_the_file_but_never_a_song(tmp_path, stage):
    (tmp_path / "song.mid").write_bytes(b"mine")
    for _ in range(2):
        take = Take(tmp_path / "song.wav", stage.history)
        take.start(stage.history.frame + BLOCK)
        stage.play(take, 4)
        take.finish()
    assert names(tmp_path) == ["song.mid", "song.take.mid", "song.wav"]
    assert (tmp_path / "song.mid").read_bytes() == b"mine"


def test_two_takes_of_one_name_do_not_disturb_each_other(tmp_path, stage):
    takes = [Take(tmp_path / "gig.wav", stage.history) for _ in range(2)]
    assert names(tmp_path) == ["gig 2.unfinished.wav", "gig.unfinished.wav"]
    for take in takes:
        take.start(0)
    stage.play(takes[0], 3)
    takes[0].finish()
    assert takes[1].finish().audio is None
    assert names(tmp_path) == ["gig.take.mid", "gig.wav"]


@pytest.mark.parametrize("started", [False, True])
def test_nothing_is_left_of_a_take_without_sound(tmp_path, stage, started):
    take = Take(tmp_path / "gig.wav", stage.history)
    if started:
        take.start(10 * BLOCK)
        stage.play(take, 9)
    assert take.finish().audio is None
    assert not names(tmp_path)


def test_a_take_started_too_late_begins_with_silence(tmp_path, stage):
    take = Take(tmp_path / "gig.wav", stage.history)
    stage.play(take, 5)
    take.start(3 * BLOCK)
    stage.play(take, 5)
    finished = take.finish()
    audio = audio_of(finished.audio)
    late = 5 * BLOCK - 3 * BLOCK - LOOKAHEAD
    assert take.lost_frames == late
    assert not audio[:late].any()
    assert np.array_equal(audio[late:], ramp(5 * BLOCK, 5 * BLOCK))


@pytest.mark.parametrize(
    ("name", "bits", "told"),
    [
        ("gig.ogg", 24, "suffix '.ogg'; a take is a .wav or .flac file"),
        ("gig", 24, "suffix ''; a take is a .wav or .flac file"),
        ("gig.wav", 16, "16 bits; a take in a .wav file has 24 or 32"),
        ("gig.flac", 32, "32 bits; a take in a .flac file has 24"),
    ],
)
def test_wrong_targets_are_told_what_is_allowed(tmp_path, stage, name, bits, told):
    with pytest.raises(UsageError) as caught:
        Take(tmp_path / name, stage.history, bits=bits)
    assert str(caught.value) == f"{tmp_path / name}: {told}"


def test_targets_that_cannot_be_written_are_told_before_the_first_sound(tmp_path, stage):
    for folder in ("gig.take.mid", "gig.take.toml"):
        (tmp_path / folder).mkdir()
        with pytest.raises(OutputError, match=rf"{folder}: is a folder; choose another name"):
            Take(tmp_path / "gig.wav", stage.history)
        (tmp_path / folder).rmdir()
    with pytest.raises(OutputError, match=r"gig.wav: cannot be written: No such file or directory"):
        Take(tmp_path / "none" / "gig.wav", stage.history)


# --- the rack beside it

RACK = "name = 'the one that was played'\n"


def with_rack():
    """A stage that plays a rack, and what gives the rack's text for the recipe's name of it."""
    stage = Stage()
    stage.history = History(recipe(preset="a rack"))
    return stage, {"a rack": RACK}.__getitem__


def until(happened):
    until_s = time.monotonic() + 10
    while not happened() and time.monotonic() < until_s:
        time.sleep(0.02)
    assert happened()


def test_the_rack_is_there_as_soon_as_the_midi_is(tmp_path):
    stage, rack_text = with_rack()
    take = Take(tmp_path / "gig.wav", stage.history, rack_text=rack_text)
    take.start(0)
    stage.play(take, 4)
    until(lambda: (tmp_path / "gig.unfinished.mid").exists())
    assert (tmp_path / "gig.unfinished.toml").read_text() == RACK
    stage.play(take, 4)
    assert take.finish().problem is None
    assert names(tmp_path) == ["gig.take.mid", "gig.take.toml", "gig.wav"]
    assert rack_path(tmp_path / "gig.wav").read_text() == RACK


def test_nothing_is_left_of_the_rack_of_a_take_without_sound(tmp_path):
    stage, rack_text = with_rack()
    take = Take(tmp_path / "gig.wav", stage.history, rack_text=rack_text)
    take.start(BLOCK // 2)  # the MIDI is begun with the block, the audio is not there yet
    stage.play(take, 1)
    stage.history.block(BLOCK, [], False)
    until(lambda: (tmp_path / "gig.unfinished.toml").exists())
    assert take.finish().audio is None
    assert not names(tmp_path)


def test_a_rack_that_finds_no_room_is_told_and_the_rest_goes_on(tmp_path):
    stage, _ = with_rack()
    take = Take(tmp_path / "gig.wav", stage.history, rack_text=lambda preset: "#" * 200_000)
    take.start(0)
    with file_size_limit(100_000):
        stage.play(take, 10)
        finished = take.finish()
    assert str(finished.problem) == f"{tmp_path / 'gig.take.toml'}: cannot be written: File too large"
    assert list(read_take(finished.midi).events) == EVENTS
    assert names(tmp_path) == ["gig.take.mid", "gig.wav"]


def test_a_midi_that_finds_no_room_leaves_no_rack(tmp_path):
    stage, _ = with_rack()
    take = Take(tmp_path / "gig.wav", stage.history, rack_text=lambda preset: "#" * 100)
    take.start(0)
    with file_size_limit(200):  # the rack is in its file then, the MIDI's head is not
        stage.play(take, 2)
        until(lambda: take.problem is not None)
    finished = take.finish()
    assert (finished.midi, names(tmp_path)) == (None, ["gig.wav"])


# --- full disks


def test_a_full_disk_ends_the_audio_and_all_that_fits_is_there(tmp_path, stage):
    take = Take(tmp_path / "gig.wav", stage.history)
    take.start(0)
    with file_size_limit(100_000):
        stage.play(take, 100)
        finished = take.finish()
    assert str(take.problem) == f"{tmp_path / 'gig.wav'}: cannot be written: File too large"
    assert finished.problem is take.problem
    audio = audio_of(tmp_path / "gig.wav")
    assert len(audio) == (100_000 - 80) // 6 == finished.recipe.frames
    assert np.array_equal(audio, ramp(LOOKAHEAD, len(audio)))
    told = read_take(finished.midi)  # the MIDI found room, and goes on
    assert list(told.events) == EVENTS
    assert told.end_frame == 100 * BLOCK - LOOKAHEAD
    assert names(tmp_path) == ["gig.take.mid", "gig.wav"]


def test_the_problem_is_known_while_the_playing_goes_on(tmp_path, stage):
    take = Take(tmp_path / "gig.wav", stage.history)
    take.start(0)
    with file_size_limit(50_000):
        stage.play(take, 60)
        until_s = time.monotonic() + 10
        while take.problem is None and time.monotonic() < until_s:
            time.sleep(0.02)
    assert take.problem is not None
    assert 0 < take.seconds < 0.2
    stage.play(take, 10)
    take.finish()


def test_a_disk_too_full_for_the_midi_keeps_the_audio(tmp_path, stage):
    take = Take(tmp_path / "gig.wav", stage.history)
    take.start(0)
    with file_size_limit(600):  # one block is in the file then, the MIDI's head is not
        stage.play(take, 1)
        finished = take.finish()
    assert finished.midi is None or read_take(finished.midi).events == ()
    assert len(audio_of(finished.audio)) == (600 - 80) // 6
    assert "File too large" in str(finished.problem)


def test_a_flac_that_finds_no_room_stays_a_wav(tmp_path, stage, monkeypatch):
    def full(wav, target, rate_hz):
        with file_size_limit(100):
            finished_module.encode_flac(wav, target, rate_hz)

    monkeypatch.setattr("neume.synth.takes.take.encode_flac", full)
    take = Take(tmp_path / "gig.flac", stage.history)
    take.start(0)
    stage.play(take, 10)
    finished = take.finish()
    assert finished.audio == tmp_path / "gig.unfinished.wav"
    assert "gig.flac: cannot be written: File too large" in str(finished.problem)
    assert np.array_equal(audio_of(finished.audio), ramp(LOOKAHEAD, 10 * BLOCK - LOOKAHEAD))
    assert [left.audio for left in unfinished_takes(tmp_path)] == [finished.audio]
    assert names(tmp_path) == ["gig.take.mid", "gig.unfinished.wav"]


# --- killed processes

PLAYER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_takes_take import with_rack
from neume.synth.takes import Take
import time
stage, rack_text = with_rack()
take = Take(Path({target!r}), stage.history, rack_text=rack_text)
take.start(0)
while True:
    stage.play(take, 20)
    time.sleep(0.02)
    if stage.position > 60 * 512:
        print(take.seconds, flush=True)
"""


def killed(target: Path) -> float:
    """Record in a process of its own, kill it when some audio is in the file; returns the seconds it told."""
    code = PLAYER.format(tests=str(Path(__file__).parent), target=str(target))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if float(line) > 1.0:
                assert unfinished_takes(target.parent) == (), "it is being recorded"
                return float(line)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    raise AssertionError("the player ended by itself")


def test_a_killed_process_leaves_a_readable_take(tmp_path, stage):
    seconds = killed(tmp_path / "gig.wav")
    (left,) = unfinished_takes(tmp_path)
    assert (left.audio, left.midi) == (tmp_path / "gig.unfinished.wav", tmp_path / "gig.unfinished.mid")
    assert left.rack == left.midi.with_suffix(".toml")
    assert left.rack.read_text() == RACK
    audio = audio_of(left.audio)
    assert left.seconds == len(audio) / RATE_HZ >= seconds
    assert np.array_equal(audio, ramp(LOOKAHEAD, len(audio)))
    told = read_take(left.midi)
    assert list(told.events) == EVENTS
    assert (told.recipe, told.warnings) == (recipe(preset="a rack"), ())
    assert abs(told.end_frame - len(audio)) < RATE_HZ
    take = Take(tmp_path / "gig.wav", stage.history)  # the next one of that name leaves it alone
    take.start(0)
    stage.play(take, 2)
    take.finish()
    unfinished = [f"gig.unfinished.{suffix}" for suffix in ("mid", "toml", "wav")]
    assert names(tmp_path) == ["gig.take.mid", *unfinished, "gig.wav"]
    assert np.array_equal(audio_of(left.audio), audio)
    told = CliRunner().invoke(app, ["takes", "unfinished", str(tmp_path)])
    assert told.output.splitlines() == [
        f"{left.audio}: {left.seconds:.1f} s; can be rendered again from gig.unfinished.mid and "
        "gig.unfinished.toml"
    ]


def test_what_is_no_audio_is_told_too(tmp_path):
    (tmp_path / "gig.unfinished.wav").write_bytes(b"")
    (tmp_path / "dir.unfinished.wav").mkdir()
    (left,) = unfinished_takes(tmp_path)
    assert (left.audio.name, left.midi, left.rack, left.seconds) == ("gig.unfinished.wav", None, None, 0.0)
    assert midi_path(tmp_path / "gig.wav").name == "gig.take.mid"
    assert unfinished_takes(tmp_path / "none") == ()
