"""MIDI files are read to the sample."""

from fractions import Fraction

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from midi_hex import END, NOTE, SONG, header, midi, number, reader, tempo, track

from neume.synth.events import ControlChange, NoteOff, NoteOn, PitchBend, ProgramChange, SystemReset
from neume.synth.midi_file import read_performance

ON_THE_SAME_PATH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
deltas = st.integers(0, 20_000)
tempos_us = st.integers(1, 2_000_000)


@pytest.fixture
def read(tmp_path):
    return reader(tmp_path / "song.mid")


# --- what a plain file holds


def test_a_song(read):
    song = read(SONG)
    assert song.events == (
        ProgramChange(0, 0, 4),
        NoteOn(0, 0, 60, 64),
        NoteOn(12_000, 1, 67, 127),
        PitchBend(18_000, 1, 4096),
        NoteOff(24_000, 0, 60),
        NoteOff(24_000, 1, 67),
    )
    assert (song.duration_frames, song.track_names, song.warnings) == (24_000, ("Piano", ""), ())
    assert song.source == "song.mid"


def test_events_of_one_frame_keep_the_order_of_ticks_across_tracks(read):
    fast = tempo(1)  # all ticks fall on sample 0
    song = read(
        header(1, 2, 96) + track("00", fast, "02 90 3c 40", END) + track("01 91 3d 40 01 91 3e 40", END)
    )
    assert [event.key for event in song.events] == [61, 60, 62]
    assert {event.frame for event in song.events} == {0}


def test_a_file_written_by_mido(tmp_path):
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=600_000, time=480)]))
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=70, velocity=9, time=960)]))
    file.save(tmp_path / "m.mid")
    assert read_performance(tmp_path / "m.mid").events == (NoteOn(52_800, 0, 70, 9),)  # 0.5 s + 0.6 s


def test_sysex_resets_and_other_sysex(read):
    song = read(
        header(0, 1, 96)
        + track(
            """
            00 f0 05 7e 7f 09 01 f7            # GM on
            00 f0 07 7f 7f 04 01 00 40 f7      # master volume: not ours
            60 f7 06 f0 7e 7f 09 03 f7         # GM 2 on, as an escape
            00 ff 2f 00
            """
        )
    )
    assert song.events == (SystemReset(0), SystemReset(24_000))


def test_the_delta_of_an_unknown_meta_event_counts(read):  # mido 1.3 loses it
    song = read(header(0, 1, 96) + track("60 ff 60 01 00", "00 90 3c 40", END))
    assert song.events == (NoteOn(24_000, 0, 60, 64),)


@pytest.mark.parametrize(
    "meta", ["59 02 7f 7f", "58 00", "00 01 00", "20 00", "54 00", "51 02 00 00", "59 00"]
)
def test_meta_events_with_strange_content_do_no_harm(read, meta):
    assert read(header(0, 1, 96) + track("00 ff", meta, NOTE, END)).duration_frames == 24_000


def test_track_names_are_printable_and_short(read):
    names = ["é".encode(), "é".encode("latin-1"), b"a\nb\x00\x1b[31mc", b"x" * 5000]
    tracks = (track(b"\x00\xff\x03" + number(len(name)) + name, END) for name in names)
    assert read(header(1, 4, 96) + b"".join(tracks)).track_names == ("é", "é", "ab[31mc", "x" * 200)


def test_banks_stay_events_and_unknown_ones_are_named_once(read):
    song = read(
        header(0, 1, 96)
        + track(
            """
            00 b0 00 08  00 b0 20 02  00 c0 10  # bank 8/2
            00 c0 11                            # again
            00 b1 00 79  00 c1 12               # GM 2 melodic
            00 b2 00 78  00 c2 13               # GM 2 rhythm
            00 b3 00 09                         # a bank that no program follows
            00 b4 00 00  00 c4 7f
            """,
            NOTE,
            END,
        )
    )
    assert song.warnings == ("bank 8/2 (CC0/CC32) is unknown; played with General MIDI programs",)
    assert ControlChange(0, 0, 0, 8) in song.events
    assert ControlChange(0, 0, 32, 2) in song.events
    assert [e.program for e in song.events if isinstance(e, ProgramChange)] == [16, 17, 18, 19, 127]


# --- time, against an oracle that adds up fractions of a second tick by tick change


def seconds_at(tick, changes, ticks_per_beat):
    """Oracle: walk all changes from the beginning, seconds as fractions; `changes` in file order."""
    seconds, here, seconds_per_tick = Fraction(0), 0, Fraction(1, 2 * ticks_per_beat)
    for at, us in sorted(changes, key=lambda change: change[0]):
        if at > tick:
            break
        seconds, here = seconds + (at - here) * seconds_per_tick, at
        seconds_per_tick = Fraction(us, 1_000_000 * ticks_per_beat)
    return seconds + (tick - here) * seconds_per_tick


def assert_nearest(frame, seconds, rate_hz):
    assert abs(frame - seconds * rate_hz) <= Fraction(1, 2)


step = st.tuples(deltas, st.none() | tempos_us)  # a tempo change or a note after so many ticks
tracks_of_steps = st.lists(st.lists(step, max_size=12), min_size=1, max_size=4)


def as_track(steps):
    events = (number(delta) + (midi("90 3c 40") if us is None else tempo(us)) for delta, us in steps)
    return track(*events, END)


def ticks_of(steps):
    tick = 0
    for delta, us in steps:
        tick += delta
        yield tick, us


@ON_THE_SAME_PATH
@given(tracks_of_steps, st.integers(40, 32_767), st.sampled_from([44_100, 48_000, 96_000]))
def test_tempo_maps_are_exact(read, tracks, ticks_per_beat, rate_hz):
    song = read(header(1, len(tracks), ticks_per_beat) + b"".join(map(as_track, tracks)), rate_hz)
    timeline = [pair for steps in tracks for pair in ticks_of(steps)]
    changes = [(tick, us) for tick, us in timeline if us is not None]
    notes = sorted(tick for tick, us in timeline if us is None)
    assert len(song.events) == len(notes)
    for event, tick in zip(song.events, notes, strict=True):
        assert_nearest(event.frame, seconds_at(tick, changes, ticks_per_beat), rate_hz)
    end = max((tick for tick, _ in timeline), default=0)
    assert_nearest(song.duration_frames, seconds_at(end, changes, ticks_per_beat), rate_hz)


@ON_THE_SAME_PATH
@given(tracks_of_steps, st.integers(150, 960))
def test_the_tracks_of_format_2_follow_each_other_with_their_own_tempi(read, tracks, ticks_per_beat):
    song = read(header(2, len(tracks), ticks_per_beat) + b"".join(map(as_track, tracks)))
    events = iter(song.events)
    start = 0
    for steps in tracks:
        timeline = list(ticks_of(steps))
        changes = [(tick, us) for tick, us in timeline if us is not None]
        for tick in (tick for tick, us in timeline if us is None):
            assert_nearest(next(events).frame - start, seconds_at(tick, changes, ticks_per_beat), 48_000)
        end = seconds_at(timeline[-1][0] if timeline else 0, changes, ticks_per_beat)
        start += int(end * 48_000 + Fraction(1, 2))
    assert song.duration_frames == start


@pytest.mark.parametrize(
    ("frames_per_s", "exact"), [(24, 24), (25, 25), (29, Fraction(30_000, 1001)), (30, 30)]
)
@pytest.mark.parametrize("ticks_per_frame", [1, 40, 80, 255])
def test_smpte_time_has_no_tempo(read, frames_per_s, exact, ticks_per_frame):
    division = (256 - frames_per_s) << 8 | ticks_per_frame
    ticks = [0, 1, 7, 4096, 100_000]
    notes = [number(b - a) + midi("90 3c 40") for a, b in zip([0, *ticks], ticks, strict=False)]
    song = read(header(0, 1, division) + track("00", tempo(123_456), *notes, END))
    for event, tick in zip(song.events, ticks, strict=True):
        assert_nearest(event.frame, Fraction(tick) / exact / ticks_per_frame, 48_000)


def test_rounding_does_not_add_up(read):
    notes = b"".join(number(1) + midi("90 3c 40") for _ in range(10_000))  # a tick is 24.024... samples
    last = read(header(0, 1, 999) + track(notes, END)).events[-1]
    assert last.frame == round(Fraction(10_000 * 48_000, 2 * 999))
