"""`neume play` where there is no audio device, no PortAudio, no MIDI: into a file, or a line that tells."""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bundle_factory import write_bundle
from tiny_songs import note, write_duet, write_song

from neume.synth.cli_play import DEMO
from neume.synth.events import NoteOn
from neume.synth.midi_file import read_performance

BIN = Path(sys.executable).parent
PATIENCE_S = 30.0
SILENT = {"JACK_DEFAULT_SERVER": "there-is-none", "JACK_NO_START_SERVER": "1"}
COUNT_OUTPUTS = "import sounddevice as s; print(sum(d['max_output_channels'] > 0 for d in s.query_devices()))"
PATIENT = ("--margin-ms", "900")  # other programs may be busy here


def outputs_here():
    """How many audio devices this machine has."""
    command = [sys.executable, "-c", COUNT_OUTPUTS]
    return int(subprocess.run(command, capture_output=True, env={**os.environ, **SILENT}, check=True).stdout)


pytestmark = pytest.mark.skipif(outputs_here() > 0, reason="this machine has an audio device, and would play")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_bundle(folder)
    return folder


@contextlib.contextmanager
def neume(folder, *arguments, limit_bytes=None, **environment):
    """`neume` in a process of its own in `folder`; killed if it outlives the test."""

    def limit():
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    alone = {"NEUME_BUNDLES": "", "XDG_DATA_HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [str(BIN / "neume"), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **SILENT, **alone, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(folder, *arguments, **environment):
    """Exit code, standard output and standard error."""
    with neume(folder, *arguments, **environment) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def wait_for_line(process, text):
    """Read standard error up to the line that has `text` in it."""
    while text not in (line := process.stderr.readline()):
        assert line, f"ended without {text!r}"


def test_the_demo_is_a_human_performance_that_comes_with_the_package():
    package, name = DEMO
    folder = importlib.resources.files(package)
    with importlib.resources.as_file(folder / name) as path:
        performance = read_performance(path)
    notes = [event for event in performance.events if isinstance(event, NoteOn)]
    assert 40 < performance.duration_frames / 48_000 < 60
    assert len(notes) > 200
    assert len({event.velocity for event in notes}) > 20
    assert performance.warnings == ()
    credit = (folder / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in credit
    assert "Permission is hereby granted" in credit


def test_without_a_device_the_file_is_what_rendering_gives(bundle, tmp_path):
    song = write_duet(tmp_path / "duet.mid")
    begin_s = time.monotonic()
    code, out, err = run(tmp_path, "play", song, "--bundle", bundle, "--seed", 4, "--streams", 3, *PATIENT)
    took_s = time.monotonic() - begin_s
    assert code == 0, err
    assert "there is no audio output device: performing into duet-neume.wav, by the clock" in err
    assert "underruns  0 " in out
    assert "latency    926.7 ms = block wait 10.7 + render budget 5.3 + inverter look-ahead 5.3 + ring" in out
    played, rate_hz = soundfile.read(tmp_path / "duet-neume.wav")
    assert took_s > len(played) / rate_hz, "by the clock means not faster than music"
    code, _, err = run(tmp_path, "render", song, "-o", "offline.wav", "--bundle", bundle, "--seed", 4)
    assert code == 0, err
    rendered, _ = soundfile.read(tmp_path / "offline.wav")
    length = min(len(played), len(rendered))
    assert length > 0.9 * rate_hz
    assert np.array_equal(played[:length], rendered[:length])


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_can_be_ended_at_any_time(bundle, tmp_path, ending):
    with neume(tmp_path, "play", "--demo", "--bundle", bundle) as process:
        wait_for_line(process, "latency")
        time.sleep(1.0)
        process.send_signal(ending)
        process.send_signal(signal.SIGINT)  # `timeout` and impatient people send a second one
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "recorded   neume-demo.wav" in out
    assert [path.name for path in tmp_path.iterdir()] == ["neume-demo.wav"]
    assert 0.3 < soundfile.info(tmp_path / "neume-demo.wav").duration < 20.0


@pytest.mark.parametrize("fault", ["OSError('PortAudio library not found')", "ImportError('no sounddevice')"])
def test_without_portaudio_the_package_is_named(bundle, tmp_path, fault):
    (tmp_path / "sounddevice.py").write_text(f"raise {fault}\n", encoding="utf-8")
    code, _, err = run(tmp_path, "play", "--demo", "--bundle", bundle, PYTHONPATH=str(tmp_path))
    assert code == 1
    assert len(err.splitlines()) == 1
    assert err.startswith("neume: audio needs the PortAudio library")
    assert "apt-get install libportaudio2" in err
    assert not list(tmp_path.glob("*.wav"))


def test_keyboards_without_a_device_or_without_midi(bundle, tmp_path):
    code, _, err = run(tmp_path, "play", "--bundle", bundle)
    assert (code, len(err.splitlines())) == (1, 1)
    assert "no audio output device" in err
    assert "--record" in err
    if not os.path.exists("/dev/snd/seq"):
        code, _, err = run(tmp_path, "play", "--bundle", bundle, "--record", "take.wav")
        assert code == 1
        assert err.splitlines()[-1].startswith("neume: no MIDI input: no MIDI system answers")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["song.mid", "--demo"], 2, "a MIDI file and --demo: choose one of them"),
        (["missing.mid"], 1, "missing.mid: no such file"),
        (["song.mid", "--steps", "3"], 2, "steps = 3: bundle tiny allows 0, 1, 2, 4"),
        (["song.mid", "--streams", "17"], 2, "--streams 17: allowed are 1 to 16"),
        (["song.mid", "--record", "take.xyz"], 2, "suffix '.xyz' is unknown; allowed are .wav, .flac"),
        (["song.mid", "--record", "no/such/folder/take.wav"], 1, "cannot be written: No such file"),
        (["song.mid", "--block", "5"], 2, "--block 5: allowed are 8 to 16384 samples"),
        (["song.mid", "--margin-ms", "5000"], 2, "--margin-ms"),
    ],
)
def test_bad_wishes_are_one_line(bundle, tmp_path, arguments, code, told):
    write_song(tmp_path / "song.mid", note(60, 0.0, 0.2), length_s=0.3)
    came, _, err = run(tmp_path, "play", "--bundle", bundle, *arguments)
    assert came == code, err
    assert told in err
    assert "performing" not in err
    assert not [path for path in tmp_path.iterdir() if path.name != "song.mid"]


def test_a_full_disk_ends_the_performance_and_leaves_nothing(bundle, tmp_path):
    song = write_song(tmp_path / "song.mid", note(60, 0.0, 9.0), length_s=10.0)
    begin_s = time.monotonic()
    with neume(tmp_path, "play", song, "--bundle", bundle, limit_bytes=1_400_000) as process:
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("neume: song-neume.wav: cannot be written: File too large")
    assert "Traceback" not in err
    assert time.monotonic() - begin_s < 9.0, "it does not go on playing to nobody"
    assert [path.name for path in tmp_path.iterdir()] == ["song.mid"]
