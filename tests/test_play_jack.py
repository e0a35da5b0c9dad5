"""`neume play` on a real audio server: keys pressed on a JACK MIDI port, the sound captured by a client."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jack
import numpy as np
import pytest
import rtmidi
import soundfile
from jack_server import INSTALLED, jack_server
from tiny_songs import note, write_loud_bundle, write_song

from neume.synth.rack.part import Part, Rack
from neume.synth.rack.preset_write import write_preset

pytestmark = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
NEUME = str(Path(sys.executable).parent / "neume")
RATE_HZ = 48_000
PATIENCE_S = 30.0
NOTE_ON, NOTE_OFF = bytes.fromhex("90 3c 64"), bytes.fromhex("80 3c 40")


@pytest.fixture(scope="module")
def server():
    with jack_server() as process:
        yield process


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    return folder


class Capture:
    """A JACK client that records what another client plays, with the server's frame of each period."""

    def __init__(self):
        self._client = jack.Client("capture", no_start_server=True)
        self._input = self._client.inports.register("in")
        self._periods = []
        self._client.set_process_callback(self._process)

    def _process(self, _frames):
        self._periods.append((self._client.last_frame_time, self._input.get_array().copy()))

    def audio(self):
        """What has been recorded, and the server's frame of its first sample."""
        periods = list(self._periods)
        return np.concatenate([period for _, period in periods]), periods[0][0]

    def frame_now(self):
        return self._client.frame_time

    def connect(self):
        """To the first player that shows up."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            ports = self._client.get_ports(is_audio=True, is_output=True)
            ports = [port for port in ports if not port.name.startswith(("system:", "capture:"))]
            if ports:
                self._client.connect(ports[0], self._input)
                return
            time.sleep(0.05)
        raise AssertionError("no player has opened a JACK port")

    def __enter__(self):
        self._client.activate()
        return self

    def __exit__(self, *_):
        self._client.deactivate()
        self._client.close()


@contextlib.contextmanager
def playing(*arguments, folder=None):
    """`neume play` in a process of its own; killed if it outlives the test."""
    environment = dict(os.environ, NEUME_BUNDLES="", XDG_DATA_HOME="/nonexistent", OMP_NUM_THREADS="1")
    process = subprocess.Popen(
        [NEUME, "play", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def finished(process):
    """Exit code, standard output and standard error."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def test_keys_become_sound_after_the_stated_delay(server, bundle, tmp_path):
    dry = tmp_path / "dry.toml"
    write_preset(Rack("Dry piano", (Part("Piano", program=0),)), dry)
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Stage Piano")
    keys.open_virtual_port("keys")
    try:
        with playing(
            "--bundle", bundle, "--preset", dry, "--midi-in", "stage piano", "--margin-ms", 60
        ) as process:
            with Capture() as capture:
                capture.connect()
                pressed = []
                for _ in range(6):
                    time.sleep(1.5)  # the key before has faded by then
                    pressed.append(capture.frame_now())
                    keys.send_message(NOTE_ON)
                    keys.send_message(NOTE_OFF)
                time.sleep(1.0)
                audio, begin = capture.audio()
            process.send_signal(signal.SIGINT)
            code, out, err = finished(process)
    finally:
        keys.close_port()
        keys.delete()
    assert (code, "Traceback" in err) == (0, False), err
    assert "Stage Piano:keys" in err
    stated_ms = float(out.partition("latency    ")[2].split()[0])
    loud = np.abs(audio) > 1e-4
    delays_ms = []
    for frame in pressed:
        onset = np.flatnonzero(loud[frame - begin :])
        assert onset.size, "a key was pressed and nothing was heard"
        delays_ms.append(onset[0] * 1000.0 / RATE_HZ)
    # A busy machine stretches the time of a synchronous server, so the delay is only roughly that of a clock.
    assert 0.5 * stated_ms < np.median(delays_ms) < stated_ms + 25.0, (stated_ms, delays_ms)


def test_a_file_is_played_recorded_and_ends_by_itself(server, bundle, tmp_path):
    song = write_song(tmp_path / "song.mid", [*note(60, 0.2, 0.5), *note(64, 0.6, 0.9)], length_s=1.0)
    take = tmp_path / "take.wav"
    arguments = (song, "--bundle", bundle, "--record", take, "--margin-ms", 150)
    with playing(*arguments) as process, Capture() as capture:
        capture.connect()
        code, _, err = finished(process)
        heard, _ = capture.audio()
    assert (code, "Traceback" in err) == (0, False), err
    assert "no audio output device" not in err
    recorded, rate_hz = soundfile.read(take)
    assert rate_hz == RATE_HZ
    assert np.abs(recorded).max() > 0.01
    first = int(np.flatnonzero(np.abs(recorded).max(axis=1) > 0)[0])
    assert first == pytest.approx(0.2 * RATE_HZ, abs=128)
    assert np.abs(heard).max() == pytest.approx(np.abs(recorded[:, 0]).max(), rel=0.05)


def test_an_unknown_device_is_told_with_the_known_ones(server, bundle, tmp_path):
    song = write_song(tmp_path / "song.mid", note(60, 0.0, 0.2))
    with playing(song, "--bundle", bundle, "--audio-out", "Steinway", folder=tmp_path) as process:
        code, _, err = finished(process)
    assert code == 1
    assert err.startswith("neume: no audio output device is called 'Steinway'; there are: ")
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.glob("*.wav"))


def test_a_server_that_dies_ends_the_playing_with_a_line(bundle, tmp_path):
    song = write_song(tmp_path / "song.mid", note(60, 0.0, 20.0), length_s=25.0)
    take = tmp_path / "take.wav"
    with jack_server() as server, playing(song, "--bundle", bundle, "--record", take) as process:
        with Capture() as capture:
            capture.connect()
            time.sleep(1.0)
        server.kill()
        code, _, err = finished(process)
    assert code == 1, err
    assert "has stopped asking for audio" in err
    assert "Traceback" not in err
    assert soundfile.info(take).duration > 0.1, "what was played until then is recorded"
