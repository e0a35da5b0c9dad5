"""Broken MIDI files: what players accept is played with a warning, the rest is refused in one clear line."""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from midi_hex import END, HELD_C, NOTE, SONG, header, midi, reader, tempo, track

from neume.synth import midi_file, smf_track
from neume.synth.errors import MidiFileError
from neume.synth.events import ControlChange, NoteOff, NoteOn
from neume.synth.midi_file import read_performance

ON_THE_SAME_PATH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def read(tmp_path):
    return reader(tmp_path / "song.mid")


def riff(content):
    chunk = b"data" + len(content).to_bytes(4, "little") + content
    chunk = b"INFO" + (3).to_bytes(4, "little") + b"abc\0" + chunk  # odd length, padded
    return b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"RMID" + chunk


ACCEPTED = {
    "RIFF wrapper": (riff(header(0, 1, 96) + HELD_C), "RIFF"),
    "no end of track": (header(0, 1, 96) + track(NOTE), "end-of-track"),
    "junk after the last track": (header(0, 1, 96) + HELD_C + b"\x00junk junk", "junk after"),
    "junk between tracks": (header(1, 2, 96) + HELD_C + b"\x00\x01\xffjunk" * 4 + HELD_C, "junk before"),
    "unknown chunk": (header(0, 1, 96) + b"XFIH\x00\x00\x00\x02ab" + HELD_C, None),
    "longer header": (
        b"MThd\x00\x00\x00\x08" + header(0, 1, 96)[8:] + b"\xaa\xbb" + HELD_C,
        None,
    ),
    "more tracks announced": (header(1, 5, 96) + HELD_C, "5 tracks announced, 1 found"),
    "fewer tracks announced": (header(0, 1, 96) + HELD_C + HELD_C, "junk after the last track"),
    "format 0 with two tracks": (header(0, 2, 96) + HELD_C + HELD_C, "format 0 with 2 tracks"),
    "length of the last track too large": (
        header(0, 1, 96) + HELD_C[:4] + b"\x7f\xff\xff\xff" + HELD_C[8:],
        "announces 2147483647 bytes",
    ),
    "length of the first track too large": (
        header(1, 2, 96) + HELD_C[:4] + b"\x00\xff\xff\xff" + HELD_C[8:] + HELD_C,
        "announces 16777215 bytes",
    ),
    "running status after meta and sysex": (
        header(0, 1, 96)
        + track("00 90 3c 40  00 ff 01 01 41  00 3e 40  00 f0 02 01 f7  60 3c 00  00 3e 00", END),
        None,
    ),
    "real-time byte": (header(0, 1, 96) + track("00 f8", NOTE, "00 f2 01 02", END), "real-time"),
    "data bytes above 127": (header(0, 1, 96) + track("00 b0 07 ff", NOTE, END), "clipped"),
    "cut in the middle of an event": (header(0, 1, 96) + track(NOTE, "00 90 3c")[:-1], "is cut off"),
    "cut in a long text": (header(0, 1, 96) + track(NOTE, "00 ff 01 7f 41 42"), "is cut off"),
    "overlong number": (header(0, 1, 96) + track(NOTE, "ff ff ff ff ff 00 90 3c 40", END), "four bytes"),
    "data byte without a status": (header(1, 2, 96) + track("00 3c 40") + HELD_C, "status byte must be"),
    "tempo of the wrong length": (header(0, 1, 96) + track("00 ff 51 01 05", NOTE, END), "wrong length"),
    "end of track after hours": (header(0, 1, 1) + track(NOTE, "ff ff ff 7f ff 2f 00"), None),
    "no notes": (header(0, 1, 96) + track(END), "no notes"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_files_that_players_accept(read, case):
    content, warning = ACCEPTED[case]
    song = read(content)
    if warning is None:
        assert song.warnings == ()
    else:
        assert any(warning in line for line in song.warnings), song.warnings
    if case != "no notes":
        assert NoteOn(0, 0, 60, 64) in song.events
        assert any(event.key == 60 for event in song.events if isinstance(event, NoteOff))


def test_an_event_that_is_cut_off_takes_no_time(read):
    assert read(header(0, 1, 96) + track(NOTE, "60 90 3c")).duration_frames == 24_000


def test_clipping(read):
    assert read(ACCEPTED["data bytes above 127"][0]).events[0] == ControlChange(0, 0, 7, 127)


def test_an_end_of_track_beyond_the_limit_is_the_last_event(read):
    assert read(ACCEPTED["end of track after hours"][0]).duration_frames == 96 * 24_000


@pytest.mark.parametrize("length", range(len(SONG)))
def test_a_song_cut_anywhere_is_kept_or_refused(read, length):
    try:
        song = read(SONG[:length])
    except MidiFileError:
        assert length < len(SONG) - 20
        return
    assert song.warnings
    assert set(song.events) <= set(read(SONG).events)


@ON_THE_SAME_PATH
@given(st.binary(max_size=200), st.integers(0, 2), st.sampled_from([0x0060, 0xE728, 1]))
def test_any_bytes_in_a_track_give_a_performance_or_a_midi_file_error(read, content, smf_format, division):
    with contextlib.suppress(MidiFileError):
        song = read(header(smf_format, 2, division) + track(content) + HELD_C)
        frames = [event.frame for event in song.events]
        assert frames == sorted(frames)
        assert song.duration_frames >= max(frames, default=0)


@ON_THE_SAME_PATH
@given(st.integers(0, len(SONG) - 1), st.integers(0, 255))
def test_any_byte_changed(read, position, value):
    changed = bytearray(SONG)
    changed[position] = value
    with contextlib.suppress(MidiFileError):
        read(bytes(changed))


def test_many_warnings_are_cut_short(read):
    song = read(header(1, 50, 96) + HELD_C + track(NOTE) * 49)
    assert len(song.warnings) == midi_file.MAX_WARNINGS + 1
    assert song.warnings[-1] == "and 29 more"


# --- files that nothing can be made of: one line, naming the file

REFUSED = {
    "empty": (b"", "is empty"),
    "text": (b"Dear diary,\n", "not a MIDI file"),
    "zeros": (bytes(100), "not a MIDI file"),
    "WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "not a MIDI file"),
    "RMID without data": (b"RIFF\x04\x00\x00\x00RMID", "without a data chunk"),
    "header cut": (header(0, 1, 96)[:11], "damaged header"),
    "header too short": (b"MThd\x00\x00\x00\x04\x00\x00\x00\x01" + HELD_C, "damaged header"),
    "format 3": (header(3, 1, 96) + HELD_C, "format 3; allowed are 0, 1 and 2"),
    "division 0": (header(0, 1, 0) + HELD_C, "0 ticks per beat"),
    "SMPTE with 0 ticks": (header(0, 1, 0xE700) + HELD_C, "1 to 255 ticks"),
    "SMPTE with 99 frames": (header(0, 1, (256 - 99) << 8 | 4) + HELD_C, "99 frames"),
    "too many tracks": (header(1, 65_535, 96) + HELD_C, "65535 tracks; allowed are at most 1024"),
    "no tracks": (header(1, 0, 96), "no track"),
    "header only": (header(1, 2, 96), "no track"),
    "nothing but damage": (header(0, 1, 96) + track("3c 3c 3c 3c"), "nothing playable"),
    "tempo 0": (header(0, 1, 96) + track("00 ff 51 03 00 00 00", NOTE, END), "tempo of 0 microseconds"),
    "too long": (header(0, 1, 1) + track("ff ff ff 7f 90 3c 40", END), "at most 4 hours"),
    "too long by tempo": (
        header(0, 1, 1) + track("00", tempo(2**24 - 1), "ff 7f 90 3c 40", END),
        "at most 4 hours",
    ),
    "too long one after the other": (
        header(2, 2, 1) + track("cd 10 90 3c 40", "80 ff 10 90 3c 00", END) * 2,
        "at most 4 hours",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_refused(read, case):
    content, reason = REFUSED[case]
    with pytest.raises(MidiFileError, match=reason) as error:
        read(content)
    assert str(error.value).count("\n") == 0
    assert "song.mid: " in str(error.value)


def test_a_path_that_is_no_file(tmp_path):
    fifo = tmp_path / "pipe.mid"
    os.mkfifo(fifo)
    for path, reason in [
        (tmp_path / "missing.mid", "no such file"),
        (tmp_path, "a directory"),
        (fifo, "not a plain file"),
        ("/dev/zero", "not a plain file"),
        ("a\0b", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (tmp_path / "line\nbreak.mid", "no such file"),
    ]:
        with pytest.raises(MidiFileError, match=reason) as error:
            read_performance(path)
        assert str(error.value).count("\n") == 0


def test_a_file_that_may_not_be_read():
    code = (  # in a process of its own, which gives root's rights away
        "import os, sys\n"
        "from neume.synth.errors import MidiFileError\n"
        "from neume.synth.midi_file import read_performance\n"
        "os.geteuid() or os.seteuid(65534)\n"
        "try: read_performance(sys.argv[1])\n"
        "except MidiFileError as error: print(error)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "private.mid")
        with open(path, "wb") as file:
            file.write(SONG)
        os.chmod(path, 0)
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert done.stdout == f"{path}: cannot be read: Permission denied\n", done.stderr


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.mid"
    with open(path, "wb") as file:
        file.write(SONG)
        file.truncate(2**40)  # sparse
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MidiFileError, match=r"1099511627776 bytes; allowed are at most 33554432"):
        read_performance(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_ten_million_events_are_refused_early(read):
    events = midi("00 90 3c 40 00 3c 00") + midi("00 3c 40") * 10_000_000
    start = time.monotonic()
    with pytest.raises(MidiFileError, match="more than 2000000 events"):
        read(header(0, 1, 96) + track(events, END))
    assert time.monotonic() - start < 30


def test_the_event_limit_counts_all_tracks(read, monkeypatch):
    monkeypatch.setattr(smf_track, "MAX_EVENTS", 8)
    assert len(read(header(1, 2, 96) + track(NOTE, NOTE) + track(NOTE, NOTE)).events) == 8
    with pytest.raises(MidiFileError, match="more than 8 events"):
        read(header(1, 3, 96) + track(NOTE, NOTE) + track(NOTE, NOTE) + HELD_C)


def test_pieces_join_without_a_seam(read, monkeypatch):
    content = header(0, 1, 96) + track(NOTE * 10, END)
    whole = read(content)
    for size in (1, 2, 3, 7):
        monkeypatch.setattr(smf_track, "PIECE_EVENTS", size)
        assert read(content) == whole
