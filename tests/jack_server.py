"""A JACK server of our own with the dummy driver: real MIDI and audio ports on a machine without any."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import jack

INSTALLED = shutil.which("jackd") is not None
START_S = 10.0
SYNCHRONOUS = ("-r", "-S")  # time stretches under load instead of samples being lost
ASYNCHRONOUS = ("-r",)
REALTIME = ("-R", "-P", "20")


@contextlib.contextmanager
def jack_server(rate_hz=48_000, period_frames=128, options=SYNCHRONOUS):
    """Start a server; inside, it is the default one of this process and its children.

    Gives the server's process. JACK has room for eight servers, and a killed one keeps its place: its
    registry is removed if no other server runs.
    """
    name = f"neume-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    kept = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_AUDIO_RESERVATION")}
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1")
    command = ["jackd", "-n", name, *options, "-d", "dummy", "-r", str(rate_hz), "-p", str(period_frames)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(name)
        yield server
    finally:
        server.terminate()
        server.wait(30)
        for leftover in Path("/dev/shm").glob(f"jack_*{name}_*"):  # of clients that had no time to tidy up
            leftover.unlink(missing_ok=True)
        if server.returncode == -signal.SIGKILL and not _other_servers():
            Path("/dev/shm/jack-shm-registry").unlink(missing_ok=True)
        for key, value in kept.items():
            if value is None:
                os.environ.pop(key)
            else:
                os.environ[key] = value


def stage_server(period_frames=128):
    """A server as on a stage: asynchronous, and real-time where the system allows it."""
    return jack_server(
        period_frames=period_frames, options=REALTIME if realtime_is_allowed() else ASYNCHRONOUS
    )


def realtime_is_allowed():
    """A server that is told to be real-time does not start where that is not allowed."""
    asked = subprocess.run(["chrt", "-f", "20", "true"], stderr=subprocess.DEVNULL, check=False)
    return asked.returncode == 0


def _other_servers():
    """Whether any JACK server runs on this machine."""
    return subprocess.run(["pgrep", "-x", "jackd"], stdout=subprocess.DEVNULL, check=False).returncode == 0


def _wait_until_it_answers(name):
    deadline = time.monotonic() + START_S
    while True:
        try:
            jack.Client("waiting", no_start_server=True, servername=name).close()
            return
        except jack.JackOpenError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
