"""The growing WAV file: true at every moment, whatever happens to the disk."""

from __future__ import annotations

import wave
from contextlib import closing

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from takes_rig import RATE_HZ, ramp
from test_render_faults import file_size_limit

from neume.synth.audio_file import AudioFile, AudioFormat
from neume.synth.errors import OutputError
from neume.synth.takes import growing_wav
from neume.synth.takes.growing_wav import GrowingWav


@pytest.fixture(params=[24, 32])
def wav(request, tmp_path):
    made = GrowingWav(tmp_path / "growing.wav", tmp_path / "take.wav", RATE_HZ, request.param)
    with closing(made.file._raw):
        yield made


def read(path):
    audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == RATE_HZ
    return audio


def test_the_file_is_whole_after_every_write(wav):
    for size in (0, 1, 255, 256, 257, 4096):
        wav.write(ramp(wav.frames, size))
        assert np.array_equal(read(wav.file.path), ramp(0, wav.frames))


def test_it_is_a_plain_wav_file(tmp_path):
    made = GrowingWav(tmp_path / "growing.wav", tmp_path / "take.wav", RATE_HZ)
    made.write(ramp(0, 1000))
    made.file.finish()
    made.file.publish()
    with wave.open(str(tmp_path / "take.wav")) as plain:
        parameters = plain.getnchannels(), plain.getsampwidth(), plain.getframerate(), plain.getnframes()
        assert parameters == (2, 3, RATE_HZ, 1000)
        assert plain.readframes(1)[:3] == b"\x01\x00\x00"
    assert [path.name for path in tmp_path.iterdir()] == ["take.wav"]


def test_its_samples_are_rounded_as_those_of_rendered_files(tmp_path):
    audio = np.random.default_rng(3).uniform(-1.3, 1.3, (5000, 2)).astype(np.float32)
    audio[:4, 0] = 1.0, -1.0, 0.5 / 2**23, 1.5 / 2**23
    made = GrowingWav(tmp_path / "growing.wav", tmp_path / "take.wav", RATE_HZ)
    made.write(audio)
    made.file.finish()
    other = AudioFile(tmp_path / "other.wav", AudioFormat("WAV", 24), RATE_HZ)
    other.write(audio)
    other.finish()
    other.publish()
    assert np.array_equal(read(made.file.path), read(tmp_path / "other.wav"))


def test_beyond_the_limit_it_is_an_rf64_file(wav, monkeypatch):
    monkeypatch.setattr(growing_wav, "RIFF_LIMIT_BYTES", 10_000)
    formats = []
    for _ in range(20):
        wav.write(ramp(wav.frames, 100))
        info = soundfile.info(wav.file.path)
        formats.append(info.format)
        assert info.frames == wav.frames
        assert np.array_equal(read(wav.file.path), ramp(0, wav.frames))
    assert formats == sorted(formats, reverse=True)
    assert set(formats) == {"WAV", "RF64"}


def test_lengths_beyond_32_bits(tmp_path):
    """A sparse file of 6 GB: only the header and the last frames are on the disk."""
    made = GrowingWav(tmp_path / "growing.wav", tmp_path / "take.wav", RATE_HZ)
    made.frames = 10**9
    made.write(ramp(0, 10))
    with soundfile.SoundFile(made.file.path) as file:
        assert (file.format, file.frames) == ("RF64", 10**9 + 10)
        file.seek(10**9)
        assert np.array_equal(file.read(dtype="float32"), ramp(0, 10))
    made.file.discard()


def test_what_a_killed_process_wrote_behind_the_header_does_no_harm(wav):
    wav.write(ramp(0, 1000))
    with open(wav.file.path, "ab") as file:
        file.write(ramp(1000, 333).tobytes()[:1001])
    assert np.array_equal(read(wav.file.path), ramp(0, 1000))


def write_on(wav, size):
    while True:
        wav.write(ramp(wav.frames, size))


@settings(deadline=None)
@given(limit=st.integers(5000, 20_000), size=st.integers(1, 700), bits=st.sampled_from([24, 32]))
def test_a_full_disk_keeps_every_frame_that_fits(tmp_path_factory, limit, size, bits):
    folder = tmp_path_factory.mktemp("full")
    made = GrowingWav(folder / "growing.wav", folder / "take.wav", RATE_HZ, bits)
    with file_size_limit(limit), pytest.raises(OutputError, match=r"take.wav: cannot be written: File too"):
        write_on(made, size)
    assert made.frames * bits // 4 > limit - 200
    assert np.array_equal(read(made.file.path), ramp(0, made.frames))
    made.write(ramp(made.frames, 5))  # there is room again
    assert np.array_equal(read(made.file.path), ramp(0, made.frames))
    made.file.discard()
    assert not list(folder.iterdir())


def test_no_room_for_the_header_leaves_nothing(tmp_path):
    with file_size_limit(40), pytest.raises(OutputError, match="File too large"):
        GrowingWav(tmp_path / "growing.wav", tmp_path / "take.wav", RATE_HZ)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="No such file or directory"):
        GrowingWav(tmp_path / "no" / "growing.wav", tmp_path / "take.wav", RATE_HZ)
