"""What the tests of the audio process share: a renderer that never runs dry, a tap, a server that returns."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time

import jack_server
import numpy as np

from neume.synth.audio.remote_device import RemoteDevice

RATE_HZ = 48_000
AHEAD_FRAMES = 24_000  # other programs may be busy here
PATIENCE_S = 20.0


def until(condition, patience_s=PATIENCE_S):
    """Wait for a condition; returns the seconds it took."""
    begin_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begin_s < patience_s, "waited in vain"
        time.sleep(0.005)
    return time.monotonic() - begin_s


def ramp(start, count):
    """Frames that tell their own position, never 0 and exact in float32: shape `(count, 2)`."""
    left = (np.arange(start, start + count) % 1_000_000 + 1).astype(np.float32)
    return np.stack([left, -left], axis=1)


class Listener:
    """A tap that keeps what was played."""

    def __init__(self):
        self._pieces = []

    def put(self, played):
        self._pieces.append(played.copy())

    def audio(self):
        return np.concatenate(self._pieces) if self._pieces else np.zeros((0, 2), np.float32)


class Renderer:
    """A thread that keeps the ring ahead of the device with a ramp, as the render thread does with music."""

    def __init__(self, line, sound=ramp):
        self._line, self._sound = line, sound
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.fill()

    def fill(self):
        while self._line.ring.written - self._line.outlet.position < AHEAD_FRAMES:
            self._line.ring.write(self._sound(self._line.ring.written, 512))

    def _run(self):
        while not self._ending.wait(0.005):
            self.fill()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()


def heard(capture, frames):
    """Wait until a JACK client has recorded so much sound; returns it from its first sample on."""
    until(lambda: sum(len(period) for _, period in list(capture._periods) if period.any()) >= frames)
    return np.trim_zeros(capture.audio()[0])


@contextlib.contextmanager
def remote(block_samples=128, name=None, sound=ramp, **options):
    """A started device with a renderer; gives the device, its line and a listener to what it plays."""
    device = RemoteDevice(RATE_HZ, block_samples, name, **options)
    try:
        listener = Listener()
        line = device.line(listener)
        with Renderer(line, sound):
            line.outlet.armed = True
            device.start(line.outlet.fill)
            yield device, line, listener
    finally:
        device.stop()


@contextlib.contextmanager
def server_again(server):
    """A server of the name of one that has ended, asynchronous as those of stages are.

    A client that is killed holds up a synchronous server without real-time priority for ten seconds.
    """
    server.wait(30)
    command = [word for word in server.args if word != "-S"]
    again = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        jack_server._wait_until_it_answers(os.environ["JACK_DEFAULT_SERVER"])
        yield again
    finally:
        again.terminate()
        again.wait(30)


@contextlib.contextmanager
def asynchronous_server(period_frames=128):
    """As `jack_server`, without its -S. If it is killed, the registry that this process has mapped stays."""
    with jack_server.jack_server(period_frames=period_frames) as server:
        server.terminate()
        with server_again(server) as again:
            yield again


def kill(process_id, with_signal=signal.SIGKILL):
    os.kill(process_id, with_signal)


def exists(process_id):
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        with open(f"/proc/{process_id}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
