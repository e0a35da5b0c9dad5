"""A take's MIDI file: one tick is one sample, everything comes back, and it is whole at every moment."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from takes_rig import RECIPE, recipe
from test_render_faults import file_size_limit

from neume.synth.errors import MidiFileError, OutputError, UsageError
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
from neume.synth.midi_file import read_performance
from neume.synth.takes import read_recipe, read_take
from neume.synth.takes.event_bytes import with_panics
from neume.synth.takes.growing_midi import GrowingMidi
from neume.synth.takes.midi_take import write_take
from neume.synth.takes.recipe import MAX_FRAME, MAX_RECIPE_BYTES, parse_recipe, recipe_text

ON_THE_SAME_PATH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
byte, channel = st.integers(0, 127), st.integers(0, 15)
at_zero = st.one_of(
    st.builds(NoteOn, st.just(0), channel, byte, st.integers(1, 127)),
    st.builds(NoteOff, st.just(0), channel, byte),
    st.builds(ControlChange, st.just(0), channel, byte, byte),
    st.builds(ProgramChange, st.just(0), channel, byte),
    st.builds(PitchBend, st.just(0), channel, st.integers(-8192, 8191)),
    st.builds(ChannelPressure, st.just(0), channel, byte),
    st.builds(PolyPressure, st.just(0), channel, byte, byte),
    st.builds(SystemReset, st.just(0)),
    st.builds(Panic, st.just(0)),
)
gaps = st.one_of(st.just(0), st.integers(0, 300), st.integers(0, 10_000_000))


@st.composite
def performances(draw):
    """A start frame and events from there on."""
    frame = start = draw(st.integers(0, 2**40))
    events = []
    for event, gap in draw(st.lists(st.tuples(at_zero, gaps), max_size=40)):
        frame += gap
        events.append(replace(event, frame=frame))
    return start, events


def write(folder: Path, used, events, name: str = "take.mid") -> Path:
    path = folder / name
    write_take(folder / "growing", path, used, events).publish()
    return path


def as_in_a_file(events, start):
    """What any reader of MIDI sees: frames from tick 0, a panic as 16 messages."""
    for event in events:
        frame = event.frame - start
        if isinstance(event, Panic):
            yield from (ControlChange(frame, channel, 120, 0) for channel in reversed(range(16)))
        else:
            yield replace(event, frame=frame)


@ON_THE_SAME_PATH
@given(performances(), st.sampled_from([8_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000]))
def test_every_event_comes_back_on_its_sample(tmp_path, performance, rate_hz):
    start, events = performance
    used = recipe(start_frame=start, audio_frame=start, rate_hz=rate_hz)
    path = write(tmp_path, used, events)
    take = read_take(path)
    assert take.recipe == used
    assert list(take.events) == events
    assert take.end_frame == max([start, *(event.frame for event in events)])
    song = read_performance(path, rate_hz)
    assert list(song.events) == list(as_in_a_file(events, start))
    assert not [warning for warning in song.warnings if "no notes" not in warning and "bank" not in warning]


def test_mido_reads_the_same(tmp_path):
    events = [NoteOn(700, 3, 60, 99), PitchBend(701, 3, -1), Panic(48_700), SystemReset(48_701)]
    used = recipe(start_frame=512, audio_frame=512, frames=96_000)
    song = mido.MidiFile(write(tmp_path, used, events))
    assert (song.type, len(song.tracks), song.ticks_per_beat) == (0, 1, 24_000)
    text, tempo, *messages, end = song.tracks[0]
    assert text.type == "text"
    assert parse_recipe(text.text) == used
    assert (tempo.type, tempo.tempo) == ("set_tempo", 500_000)
    assert [message.time for message in messages] == [188, 1, 47_999, *[0] * 15, 1]
    assert messages[0] == mido.Message("note_on", channel=3, note=60, velocity=99, time=188)
    assert messages[-1].hex() == "F0 7E 7F 09 01 F7"
    assert (end.type, sum(message.time for message in song.tracks[0])) == ("end_of_track", 96_000)
    assert song.length == pytest.approx(2.0)


def test_a_pause_longer_than_a_number_of_midi(tmp_path):
    """2^28 ticks are 93 minutes; two such pauses and the end an hour later are no problem."""
    events = [NoteOn(0, 0, 60, 1), NoteOff(300_000_000, 0, 60)]
    path = write(tmp_path, recipe(frames=600_000_000), events)
    take = read_take(path)
    assert list(take.events) == events
    assert take.end_frame == 600_000_000
    assert take.warnings == ()


def test_a_marker_tells_where_the_audio_begins_if_not_at_tick_0(tmp_path):
    events = [NoteOn(1024, 0, 60, 1), NoteOn(9999, 0, 62, 1)]
    used = recipe(start_frame=1024, audio_frame=5000, frames=10)
    assert list(read_take(write(tmp_path, used, events)).events) == events
    ticks, found = 0, {}
    for message in mido.MidiFile(tmp_path / "take.mid").tracks[0]:
        ticks += message.time
        found[message.type] = ticks
    assert found["marker"] == 5000 - 1024


def test_all_sound_off_on_all_channels_upwards_is_no_panic():
    """So a keyboard may send it; only downwards, in one frame and complete, it is ours."""
    upwards = [ControlChange(5, channel, 120, 0) for channel in range(16)]
    downwards = upwards[::-1]
    assert list(with_panics(upwards)) == upwards
    assert list(with_panics(downwards[:15])) == downwards[:15]
    assert list(with_panics([*downwards[:8], *downwards])) == [*downwards[:8], Panic(5)]
    late = [*downwards[:15], ControlChange(6, 0, 120, 0)]
    assert list(with_panics(late)) == late
    assert list(with_panics([*downwards, NoteOn(5, 0, 1, 1), *downwards])) == [
        Panic(5),
        NoteOn(5, 0, 1, 1),
        Panic(5),
    ]


# --- while it grows


def test_the_file_is_whole_after_every_write(tmp_path):
    growing, used = tmp_path / "growing.mid", recipe(start_frame=512, audio_frame=512)
    midi = GrowingMidi(growing, tmp_path / "take.mid", used)
    written = []
    for step in range(30):
        frame = 512 + 1000 * step
        events = [NoteOn(frame + key, 0, key, 1) for key in range(step % 4)]
        midi.write(events, frame + 1000)
        written += events
        take = read_take(growing)
        assert (list(take.events), take.end_frame) == (written, frame + 1000)
        assert take.warnings == (() if written else ("no notes in it",))
    midi.finish(replace(used, frames=12_345, exact=False))
    midi.file.publish()
    assert read_recipe(tmp_path / "take.mid") == replace(used, frames=12_345, exact=False)
    assert [path.name for path in tmp_path.iterdir()] == ["take.mid"]


def test_the_longest_recipe_still_finds_room_for_what_is_known_at_the_end(tmp_path):
    used = recipe(seed=2**64 - 1, preset="\U0001d11e" * 200, start_frame=MAX_FRAME - 1, audio_frame=MAX_FRAME)
    assert len(recipe_text(used)) < MAX_RECIPE_BYTES
    midi = GrowingMidi(tmp_path / "growing", tmp_path / "take.mid", used)
    midi.finish(replace(used, frames=MAX_FRAME, exact=False))
    assert read_recipe(tmp_path / "growing") == replace(used, frames=MAX_FRAME, exact=False)


def write_on(midi, written):
    for step in range(1000):
        events = [NoteOn(100 * step, 0, 60, 1), PitchBend(100 * step, 0, 77)]
        midi.write(events, 100 * step + 50)
        written += events


def test_a_full_disk_keeps_what_was_written(tmp_path):
    for limit in range(1000, 1040):  # wherever in an event the disk is full
        midi = GrowingMidi(tmp_path / "growing", tmp_path / "take.mid", RECIPE)
        written = []
        with (
            file_size_limit(limit),
            pytest.raises(OutputError, match=r"take.mid: cannot be written: File to"),
        ):
            write_on(midi, written)
        take = read_take(tmp_path / "growing")
        assert list(take.events) == written
        assert take.end_frame == written[-1].frame + 50
        assert take.warnings == ()
        midi.file.discard()


def test_no_room_at_all_leaves_nothing(tmp_path):
    with file_size_limit(100), pytest.raises(OutputError, match="File too large"):
        GrowingMidi(tmp_path / "growing", tmp_path / "take.mid", RECIPE)
    with file_size_limit(1000), pytest.raises(OutputError, match="File too large"):
        write(tmp_path, RECIPE, [NoteOn(0, 0, 60, 1)] * 1000)
    assert not list(tmp_path.iterdir())


# --- recipes of strangers


def test_other_midi_files_are_no_takes(tmp_path):
    song = mido.MidiFile(ticks_per_beat=96)
    song.tracks.append(mido.MidiTrack([mido.MetaMessage("text", text="hello"), mido.Message("note_on")]))
    song.save(tmp_path / "song.mid")
    (tmp_path / "junk.mid").write_bytes(b"junk")
    assert read_recipe(tmp_path / "song.mid") is None
    assert read_recipe(tmp_path / "junk.mid") is None
    with pytest.raises(MidiFileError, match=r"song.mid: not a take of Neume"):
        read_take(tmp_path / "song.mid")
    with pytest.raises(MidiFileError, match=r"none.mid: no such file"):
        read_recipe(tmp_path / "none.mid")


def test_a_take_that_another_program_has_saved_is_no_take_any_more(tmp_path):
    path = write(tmp_path, RECIPE, [NoteOn(48_000, 0, 60, 1)])
    song = mido.MidiFile(path)
    song.ticks_per_beat = 480
    song.save(path)
    assert read_recipe(path) is None


def with_text(folder: Path, text: str) -> Path:
    song = mido.MidiFile(type=0, ticks_per_beat=24_000)
    tempo = mido.MetaMessage("set_tempo", tempo=500_000)
    song.tracks.append(mido.MidiTrack([mido.MetaMessage("text", text=text), tempo]))
    song.save(folder / "strange.mid")
    return folder / "strange.mid"


def changed(**changes):
    values = {**asdict(RECIPE), "exact": 1, "mpe": 0, **changes}
    return "neume-take 1 " + json.dumps({key: v for key, v in values.items() if v is not None})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("neume-take 2 {}", "a take of version '2'; this Neume reads version 1"),
        ("neume-take", "a take of version ''"),
        ("neume-take 1 {", "is not JSON"),
        ("neume-take 1 " + "[" * 4000, "is not JSON"),
        ("neume-take 1 " + "9" * 4095, "JSON"),
        ("neume-take 1 []", "must be a JSON object"),
        ("neume-take 1 " + "x" * 5000, "bytes; allowed are at most 4096"),
        ('neume-take 1 {"seed":1,"seed":2}', "a key comes twice"),
        ("neume-take 1 {}", "bundle: is missing"),
        (changed(bundle="../../etc"), "bundle: '../../etc' does not match"),
        (changed(bundle="/tmp/evil"), "bundle: '/tmp/evil' does not match"),
        (changed(bundle_sha256="0" * 63), "bundle_sha256"),
        (changed(seed=2**64), "seed: a huge integer is outside"),
        (changed(seed=True), "seed: is True, must be an integer"),
        (changed(seed=1.0), "seed: is 1.0, must be an integer"),
        (changed(steps=-1), "steps: -1 is outside 0 to 64"),
        (changed(rate_hz=1), "rate_hz: 1 is outside 8000 to 192000"),
        (changed(block_samples=0), "block_samples: 0 is outside"),
        (changed(stream_of=[0] * 15), "stream_of: must be the streams of 16 channels"),
        (changed(stream_of=[16] * 16), "stream_of"),
        (changed(stream_of=[-1] * 16), "stream_of"),
        (changed(audio_frame=5, start_frame=6), "audio_frame: lies before start_frame"),
        (changed(chased=1), "chased: must be 0"),
        (changed(start_frame=2**53), "start_frame: 9007199254740992 is outside"),
        (changed(frames=None), "frames: is missing"),
        (changed(more=1), "more: unknown key"),
        (changed(rate_hz=44_101), "44101 Hz: no MIDI tick lasts one sample"),
    ],
)
def test_broken_recipes_are_told_in_one_line(tmp_path, text, told):
    path = with_text(tmp_path, text)
    with pytest.raises(MidiFileError) as caught:
        read_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_that_no_file_may_hold_is_not_made():
    with pytest.raises(UsageError, match=r"recipe of a take: preset: must be one printable line"):
        recipe(preset="x" * 201)
    assert parse_recipe(recipe_text(RECIPE)) == RECIPE
