"""The transport: files read by a process of their own, and a rack that plays them beside the performer."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import soundfile
from engine_rig import HandDevice, Rig
from hypothesis import given, settings
from test_live import KEY_DOWN, KEY_UP, PIANO, Stage
from test_live import _no_server as _no_server
from tiny_songs import control, note, write_loud_bundle, write_song
from transport_rig import BLOCK, RATE_HZ, performance, songs
from transport_rig import happenings as any_event

from neume.synth.bundle import open_bundle
from neume.synth.errors import MidiFileError, UsageError
from neume.synth.events import NoteOn, Panic
from neume.synth.midi_file import read_performance
from neume.synth.rack_rerender import chain_of
from neume.synth.stages import load_stages
from neume.synth.takes import read_recipe, render_take
from neume.synth.transport.following import Following, chased
from neume.synth.transport.reading import SongReader
from neume.synth.transport.song import packed
from neume.synth.transport.transport import Transport


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def duet(folder):
    """A second of two channels: a held low key, three short high ones, a pedal, another program."""
    return write_song(
        folder / "duet.mid",
        [control(64, 127, 0.1), *note(48, 0.0, 0.9), control(64, 0, 0.5)],
        [*note(72, 0.25, 0.3, channel=1), *note(74, 0.5, 0.6, channel=1), *note(76, 0.75, 0.95, channel=1)],
    )


@settings(deadline=None)
@given(songs)
def test_a_seek_follows_all_that_was_said(loaded):
    """Looking at what counts is as good as looking at everything."""
    for frame in (0, 700, 6000, loaded.length_frames):
        everything = Following()
        for event in loaded.events(0, loaded.index_at(frame), 0):
            everything.follow(event)
        assert chased(loaded, frame).channels() == everything.channels()


def test_a_song_keeps_what_the_file_says(tmp_path):
    path = duet(tmp_path)
    read = SongReader(RATE_HZ).read(path)
    expected = read_performance(path, RATE_HZ)
    assert list(read.events(0, len(read.frames), 0)) == list(expected.events)
    assert (read.length_frames, read.warnings) == (expected.duration_frames, expected.warnings)


@settings(deadline=None)
@given(any_event)
def test_every_event_comes_back_as_it_was(event):
    assert list(packed(performance([event])).events(0, 1, 0)) == [event]


def test_a_broken_file_is_told_and_the_one_before_stays(tmp_path):
    transport = Transport(RATE_HZ, BLOCK, lambda: 0)
    with pytest.raises(UsageError, match="no MIDI file is loaded"):
        transport.command("play")
    assert transport.state() is None
    path = duet(tmp_path)
    assert transport.load(path) == ()
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd but not really")
    with pytest.raises(MidiFileError) as fault:
        transport.load(broken)
    state = transport.state()
    assert (state.path, state.problem) == (str(path), str(fault.value))
    assert str(broken) in state.problem
    with pytest.raises(MidiFileError, match="no such file"):
        transport.load(tmp_path / "none.mid")
    assert transport.load(path) == ()
    assert transport.state().problem is None


def test_warnings_are_told(tmp_path):
    path = write_song(tmp_path / "empty.mid", [control(7, 100)])
    assert Transport(RATE_HZ, BLOCK, lambda: 0).load(path) == ("no notes in it",)


def test_reading_is_ended_with_the_transport(tmp_path):
    reader = SongReader(RATE_HZ)
    path = duet(tmp_path)
    faults = []

    def read():
        while not faults:
            try:
                reader.read(path)
            except MidiFileError as fault:
                faults.append(fault)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.3)
    reader.close()
    thread.join(20.0)
    assert not thread.is_alive()


def test_the_position_is_that_of_what_is_heard(player, tmp_path):
    """By the engine's clock: D after the first block of the song, its first frame is heard."""
    with Rig(*player, HandDevice(latency_samples=300)) as rig:
        transport = Transport(RATE_HZ, rig.engine.chain.block_samples, lambda: rig.engine.heard_frame)
        rig.engine.add(transport.source)
        transport.load(duet(tmp_path))
        rig.begin()
        rig.turn(40)
        transport.command("play")
        rig.turn(40)
        begun = transport.source.marks[-1].frame
        state = transport.state()
        assert state.playing
        heard = rig.engine.outlet.position - 128 - rig.engine.latency.lookahead_samples - 300
        assert state.position_s * RATE_HZ == pytest.approx(heard - begun, abs=1.0)
        transport.command("pause", position_s=0.5)
        rig.turn(40)
        assert transport.state().position_s == 0.5
        transport.command("stop", loop=True)
        rig.turn(40)
        state = transport.state()
        assert (state.position_s, state.playing, state.loop) == (0.0, False, True)
        transport.command("play", position_s=99.0, loop=False)
        rig.turn(40)
        state = transport.state()
        assert (state.position_s, state.playing, state.length_s) == (1.0, False, 1.0)


def test_a_file_and_a_performer_play_together(tmp_path):
    """The performer's key outlives the file's same key, a pause and another file."""
    path = write_song(tmp_path / "same.mid", [*note(60, 0.0, 0.2), *note(67, 0.1, 5.0)], length_s=6.0)
    with Stage(PIANO) as stage:
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.live.chain.router.keys_down == 1)
        assert stage.live.transport.load(path) == ()
        stage.live.transport.command("play")
        stage.until(lambda: stage.live.snapshot().transport.position_s > 0.3)
        assert stage.live.chain.router.keys_down == 2
        stage.live.transport.command("pause")
        stage.until(lambda: stage.live.chain.router.keys_down == 1)
        stage.live.transport.load(path)
        stage.live.transport.command("play", position_s=1.0)
        stage.until(lambda: stage.live.snapshot().transport.position_s > 1.2)
        assert stage.live.chain.router.keys_down == 1, "a note that would sound is not begun"
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.router.keys_down == 0)


def test_a_panic_stops_a_file(tmp_path):
    path = write_song(tmp_path / "long.mid", [*note(67, 0.0, 5.0)], length_s=6.0)
    with Stage(PIANO) as stage:
        stage.live.transport.load(path)
        stage.live.transport.command("play")
        stage.until(lambda: stage.live.snapshot().transport.position_s > 0.1)
        stage.live.panic()
        stage.until(lambda: not stage.live.snapshot().transport.playing)
        stage.until(lambda: stage.live.chain.silent)


def test_a_take_holds_the_files_events_and_is_rendered_again(tmp_path):
    target, path = tmp_path / "gig.wav", duet(tmp_path)
    with Stage(PIANO) as stage:
        stage.live.transport.load(path)
        stage.until(lambda: stage.live.snapshot().played_frames > 20_000)
        stage.live.takes.start(target)
        stage.live.transport.command("play")
        stage.press(KEY_DOWN)
        stage.until(lambda: stage.live.snapshot().transport.position_s == 1.0)
        stage.press(KEY_UP)
        stage.until(lambda: stage.live.chain.renderer.silent)
        finished = stage.live.takes.stop()
        undisturbed = stage.live.snapshot().blocks_left_out == 0
    recorded = [event for event in read_performance(finished.midi).events if isinstance(event, NoteOn)]
    onsets = [event.frame for event in recorded if event.key != 60]
    assert [onset - onsets[0] for onset in onsets] == [0, 12_000, 24_000, 36_000]
    assert not any(isinstance(event, Panic) for event in read_performance(finished.midi).events)
    live, _ = soundfile.read(finished.audio, dtype="float32")
    assert np.abs(live).max() > 0.001
    if undisturbed:
        make_chain = chain_of(finished.midi, read_recipe(finished.midi))
        again = np.concatenate(list(render_take(finished.midi, make_chain=make_chain)))
        assert np.abs(again - live).max() <= 2.0**-23, "to the last of 24 bits"
