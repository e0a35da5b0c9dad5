"""The audio process when things end that should not: the server, the process, the engine, the device."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from audio_rig import RATE_HZ, asynchronous_server, exists, heard, kill, ramp, remote, server_again, until
from jack_server import INSTALLED
from test_play_jack import Capture

from neume.synth.audio.remote_device import RemoteDevice
from neume.synth.audio.watch import DeviceState, DeviceWatch
from neume.synth.errors import DeviceError
from neume.synth.outlet import FADE_SAMPLES

pytestmark = pytest.mark.skipif(not INSTALLED, reason="jackd is not installed: apt-get install jackd2")
NOTICED_S = 0.5
ENGINE = """
import time
from neume.synth.audio.remote_device import RemoteDevice
device = RemoteDevice(48_000, 128)
line = device.line()
line.outlet.armed = True
device.start(line.outlet.fill)
print(device.process_id, flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def watched(device):
    said = []
    watch = DeviceWatch(device, said.append)
    watch.start()
    try:
        yield watch, said
    finally:
        watch.stop()


def assert_whole(played, period=0):
    """A ramp without a gap or a repetition; faded in where another process has taken over.

    Of a process that is killed within a `period`, these samples may be lost, or come twice.
    """
    expected = ramp(0, len(played))
    wrong = np.flatnonzero((np.abs(played - expected) > period).any(axis=1))
    most = 4 * FADE_SAMPLES + period
    assert len(wrong) <= most, f"{len(wrong)} samples are wrong, the first is {wrong[:1]}"


def test_a_server_that_dies_is_noticed_and_one_that_comes_again_is_played_on():
    with (
        asynchronous_server() as server,
        remote() as (device, line, listener),
        watched(device) as (watch, said),
    ):
        until(lambda: line.outlet.position > 2_000)
        process_id = device.process_id
        server.kill()
        noticed_s = until(lambda: not device.alive)
        assert noticed_s < NOTICED_S + 0.5, "half a second, and what a busy machine adds"
        until(lambda: watch.state is DeviceState.WAITING)
        assert not exists(process_id)
        assert "no audio output device" in str(watch.problem)
        begin, begin_s = line.outlet.position, time.monotonic()
        time.sleep(0.7)
        took_s, frames = time.monotonic() - begin_s, line.outlet.position - begin
        assert frames == pytest.approx(took_s * RATE_HZ, abs=0.3 * RATE_HZ), "time goes on by the clock"
        with server_again(server):
            until(lambda: watch.state is DeviceState.BACK)
            with Capture() as capture:
                capture.connect()
                sound = heard(capture, 0.1 * RATE_HZ)
            until(lambda: watch.state is DeviceState.PLAYING)
            assert (watch.losses, watch.problem) == (1, None)
            watch.stop()
    assert np.median(np.diff(sound)) == 1.0, "the ramp goes on; a busy machine may lose a block of it"
    assert_whole(listener.audio())
    assert [line.split()[-1] for line in said] == ["silently", "back"]


@pytest.fixture(scope="module")
def server():
    with asynchronous_server() as process:
        yield process


@pytest.mark.parametrize("fatal", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_hangs_is_replaced(server, fatal):
    with remote() as (device, line, listener), watched(device) as (watch, _):
        until(lambda: line.outlet.position > 2_000)
        process_id = device.process_id
        kill(process_id, fatal)
        noticed_s = until(lambda: not device.alive)
        assert noticed_s < NOTICED_S + 0.5
        until(lambda: watch.state is DeviceState.BACK and device.alive)
        assert device.process_id != process_id
        assert not exists(process_id)
        begin = line.outlet.position
        until(lambda: line.outlet.position > begin + 2_000)
        assert watch.losses == 1
        watch.stop()
    assert_whole(listener.audio())
    assert line.outlet.underruns == 0


def test_an_engine_that_is_killed_takes_all_with_it(server):
    kept = set(os.listdir("/dev/shm"))
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], stdout=subprocess.PIPE, text=True)
    with engine.stdout as lines:
        process_id = int(lines.readline())
        assert exists(process_id)
        maps = Path(f"/proc/{process_id}/maps").read_text(encoding="utf-8")
        assert "neume-audio" in maps
        engine.kill()
        engine.wait()
    until(lambda: not exists(process_id), 5.0)
    assert not [name for name in set(os.listdir("/dev/shm")) - kept if "neume-audio" in name]


def test_stopping_never_hangs_whatever_the_device_does(server):
    threads = set(threading.enumerate())
    for state in ("playing", "hung", "killed", "fallen back"):
        with remote() as (device, line, _):
            until(lambda line=line: line.outlet.position > 1_000)
            if state == "hung":
                kill(device.process_id, signal.SIGSTOP)
            elif state == "killed":
                kill(device.process_id)
            elif state == "fallen back":
                device.fall_back()
            begin_s = time.monotonic()
            device.stop()
            device.stop()
            assert time.monotonic() - begin_s < 4.0, state
        with pytest.raises(DeviceError, match="has been stopped"):
            device.replace()
    assert set(threading.enumerate()) == threads


def test_stopping_while_a_device_is_being_opened_gives_up_at_once(server):
    with remote() as (device, line, _):
        until(lambda: line.outlet.position > 1_000)
        refused = []

        def replace():
            try:
                device.replace()
            except DeviceError as fault:
                refused.append(fault)

        before = device.process_id
        replacing = threading.Thread(target=replace)
        replacing.start()
        until(lambda: device.process_id not in (before, None))
        kill(device.process_id, signal.SIGSTOP)
        begin_s = time.monotonic()
        device.stop()
        replacing.join()
        assert time.monotonic() - begin_s < 4.0
        assert "has ended" in str(refused[0]) or "stopped" in str(refused[0])


def test_no_device_at_first_is_an_error_and_leaves_nothing(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-nobody")
    gc.collect()
    threads, descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    with pytest.raises(DeviceError):
        RemoteDevice(RATE_HZ, 128)
    assert set(threading.enumerate()) == threads
    gc.collect()  # the error's traceback holds the device
    assert len(os.listdir("/proc/self/fd")) == descriptors
