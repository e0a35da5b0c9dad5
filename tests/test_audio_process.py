"""The audio process on a real server: what the engine renders reaches other JACK clients unchanged."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time

import jack
import numpy as np
import pytest
from audio_rig import RATE_HZ, exists, heard, ramp, remote, until
from jack_server import INSTALLED, jack_server
from test_audio_process_rates import centre
from test_play_jack import Capture

from neume.synth.audio.remote_device import RemoteDevice
from neume.synth.audio_out import NoDeviceError
from neume.synth.errors import DeviceError, UsageError

pytestmark = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")


@pytest.fixture(scope="module")
def server():
    with jack_server() as process:
        yield process


def test_every_sample_reaches_the_server_and_the_recorder(server):
    with remote() as (device, line, listener):
        with Capture() as capture:
            capture.connect()
            sound = heard(capture, 0.5 * RATE_HZ)
        assert (device.rate_hz, device.device_rate_hz, device.block_samples) == (RATE_HZ, RATE_HZ, 128)
        assert device.alive
        assert abs(line.clock.frame_at(time.monotonic_ns()) - line.outlet.position) < 0.1 * RATE_HZ
    assert np.array_equal(sound, ramp(int(sound[0]) - 1, len(sound))[:, 0])
    played = listener.audio()
    assert len(played) == line.outlet.position
    assert np.array_equal(played, ramp(0, len(played)))
    assert (line.outlet.underruns, line.tap.lost_frames) == (0, 0)


def play_a_little():
    with remote() as (device, line, _):
        process_id = device.process_id
        until(lambda: line.outlet.position > 1_000)
    assert not device.alive
    device.stop()
    return process_id


def test_nothing_is_left_of_it(server):
    gc.collect()
    threads, descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    process_id = play_a_little()
    assert not exists(process_id)
    assert set(threading.enumerate()) == threads
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == descriptors


@pytest.mark.parametrize("wrong", [{"name": "Steinway"}, {"block_samples": 7}, {"rate_hz": 12_345}], ids=str)
def test_what_is_not_there_is_the_same_line_as_without_a_process(server, wrong):
    """Locally means yet another process: PortAudio keeps a JACK client open, and libjack bears one server."""
    arguments = {"rate_hz": RATE_HZ, "block_samples": 128, **wrong}
    code = "from neume.synth.audio_out import SoundDevice; from neume.synth.errors import NeumeError\n"
    code += f"try: SoundDevice(**{arguments})\nexcept NeumeError as fault: print(type(fault).__name__, fault)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with pytest.raises((DeviceError, UsageError)) as remotely:
        RemoteDevice(**arguments, device_rate_hz=wrong.get("rate_hz"))
    assert f"{type(remotely.value).__name__} {remotely.value}\n" == done.stdout


def test_a_rate_that_no_device_has_is_told_with_those_allowed(server):
    with pytest.raises(UsageError, match="device rate of 1 Hz; allowed are 8000 to"):
        RemoteDevice(RATE_HZ, 128, device_rate_hz=1)


def test_without_any_device_it_says_so(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-nobody")
    with pytest.raises(NoDeviceError, match="no audio output device"):
        RemoteDevice(RATE_HZ, 128)


def test_a_device_that_takes_what_it_likes(server):
    """Blocks vary while it plays, as the server's period does."""
    with remote(block_samples=0) as (device, line, listener):
        assert device.block_samples == 128
        client = jack.Client("period", no_start_server=True)
        try:
            for period in (256, 64, 128):
                client.blocksize = period
                begin = line.outlet.position
                until(lambda begin=begin: line.outlet.position > begin + 10_000)
        finally:
            client.close()
    played = listener.audio()
    assert np.array_equal(played, ramp(0, len(played)))


class CaptureAndPosition(Capture):
    """Notes in each period how far the player is: JACK runs it before the clients that listen to it."""

    def __init__(self, line):
        super().__init__()
        self._line = line
        self.positions = []

    def _process(self, frames):
        super()._process(frames)
        self.positions.append((self._client.last_frame_time + frames, self._line.outlet.position))


def test_at_another_rate_an_impulse_comes_when_the_sum_says():
    period, device_rate_hz, impulse = 128, 44_100, 72_000
    ratio = RATE_HZ / device_rate_hz

    def click(start, count):
        sound = np.zeros((count, 2), np.float32)
        sound[np.arange(start, start + count) == impulse] = 1.0
        return sound

    with jack_server(device_rate_hz, period), remote(sound=click) as (device, line, _):
        assert (device.rate_hz, device.device_rate_hz) == (RATE_HZ, device_rate_hz)
        assert device.latency_samples > 200, "the resampler's part"
        with CaptureAndPosition(line) as capture:
            capture.connect()
            until(lambda: line.outlet.position > impulse + 12_000)
            audio, begin = capture.audio()
    ends, positions = np.array(capture.positions[len(capture.positions) // 2 :]).T
    (started,) = set(ends - period * np.round(positions / ratio / period))  # no period was lost
    came = begin + centre(audio) - started
    assert abs(came * ratio - (impulse + device.latency_samples)) < 1.0


def test_the_process_is_light():
    code = "import sys, neume.synth.audio.process; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert modules & {"onnxruntime", "onnx", "scipy", "soxr", "mido", "typer", "multiprocessing"} == set()


def test_its_thread_has_the_priority_that_it_reports(server):
    with remote() as (device, line, _):
        until(lambda: line.outlet.position > 1_000)
        priority = device.pulse.priority
        threads = [int(name) for name in os.listdir(f"/proc/{device.process_id}/task")]
        levels = [os.sched_getparam(thread).sched_priority for thread in threads]
        assert (max(levels) if priority.realtime else 0) == (priority.level if priority.realtime else 0)
        assert str(priority).startswith(("real-time ", "nice ", "normal"))


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become nobody")
def test_where_nothing_is_allowed_the_priority_stays_normal():
    code = "import os, resource; from neume.synth.audio.priority import raise_priority as up\n"
    code += "os.setresuid(65534, 65534, 65534)\nprint(up())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "normal\n"


def test_a_busy_engine_does_not_make_it_late(server):
    """In the engine's own interpreter a busy thread makes every second callback late."""
    with remote() as (device, line, _):
        until(lambda: line.outlet.position > 1_000)
        late, callbacks = device.pulse.late, device.pulse.callbacks
        line.ring.write(ramp(line.ring.written, 2 * RATE_HZ))
        end_s = time.monotonic() + 1.5
        while time.monotonic() < end_s:
            pass
        late, callbacks = device.pulse.late - late, device.pulse.callbacks - callbacks
    assert callbacks > 100
    assert late < 0.2 * callbacks, "a few are late because of other programs"
    assert line.outlet.underruns == 0


def test_the_listener_is_optional(server):
    device = RemoteDevice(RATE_HZ, 128)
    try:
        line = device.line()
        line.ring.write(ramp(0, RATE_HZ))
        line.outlet.armed = True
        device.start(line.outlet.fill)
        until(lambda: line.outlet.position > 1_000)
        assert line.played.written == 0
    finally:
        device.stop()
