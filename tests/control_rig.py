"""An engine without sound: the real control server before an owner that only writes down what it was told.

Run as a program it is such an engine (`engine NAME`), a panel that watches one (`watch NAME`), or one that
has started one (`start NAME`), so that tests can freeze and kill real processes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import numpy as np

from neume.synth.block_timer import STAGES
from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import LoadPreset, Quit, SaveTrace, SetRack, Subscribe
from neume.synth.control.door import Door, knock
from neume.synth.control.launch import launch_engine
from neume.synth.control.mel_log import MelLog
from neume.synth.control.server import ControlServer
from neume.synth.control.wave_log import WaveLog
from neume.synth.engine_snapshot import EngineSnapshot

MELS = 100
RATE_HZ = 48_000
PATIENCE_S = 10.0


def filled(hint):
    """A value of a type with about as much in it as a busy engine has, whatever fields it has by now."""
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{field.name: filled(hints[field.name]) for field in dataclasses.fields(hint)})
    arguments, origin = get_args(hint), get_origin(hint)
    if origin in (Union, UnionType):
        return filled(arguments[0])
    if origin is tuple:
        return tuple(filled(kind) for kind in (arguments[:1] * 16 if arguments[-1] is ... else arguments))
    if origin in (Mapping, dict):
        return {stage: filled(arguments[1]) for stage in STAGES}
    if origin is not None:  # a Literal
        return arguments[0]
    return {int: 123_456, float: 0.123456789, str: "a line of text", bool: True}[hint]


def own_folders(monkeypatch):
    """To be made a fixture: folders of the test's own for runtime and state, with paths short enough."""
    with tempfile.TemporaryDirectory(prefix="neume-") as folder:
        for variable in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            path = Path(folder) / variable[4:7].lower()
            path.mkdir(mode=0o700)
            monkeypatch.setenv(variable, str(path))
        yield Path(folder)


class Owner:
    """An engine's owner: takes requests, writes down what was played, counts frames, feeds snapshots.

    Threads: the control server's thread calls `snapshot`, `mels`, `waves` and `hear`; `serve` is for any one
    thread.
    """

    def __init__(self):
        self.played, self.commands = [], []
        self.template = filled(EngineSnapshot)
        self.frames = MelLog(MELS)
        self.sound = WaveLog(RATE_HZ)
        self.broken = False
        self.stopping = threading.Event()
        self._begin_s = time.monotonic()

    def snapshot(self, meters):
        if self.broken:
            raise RuntimeError("broken on purpose")
        return dataclasses.replace(self.template, played_frames=time.monotonic_ns() // 1000)

    def mels(self, first_frame):
        due = int((time.monotonic() - self._begin_s) * 187.5) - self.frames.written
        for _ in range(due):
            self.frames.put(np.full((1, MELS), -(self.frames.written % 9), np.float32))
        return self.frames.since(first_frame)

    def waves(self, first_frame):
        due = int((time.monotonic() - self._begin_s) * RATE_HZ) - self.sound.written
        for _ in range(due // 512):
            level = np.float32(self.sound.written // 512 % 9 / 10)
            self.sound.put(np.full((512, 2), level))
        return self.sound.since(first_frame)

    def hear(self, command):
        self.played.append((time.monotonic_ns(), command))

    def serve(self, server):
        while not self.stopping.is_set():
            for request in server.take(0.01):
                self.commands.append(request.command)
                self.obey(request)

    def obey(self, request):
        match request.command:
            case LoadPreset(name="missing"):
                request.failed("preset 'missing' is not there; there are: organ, piano")
            case SetRack(preset=text):
                request.done(text)
            case SaveTrace(path=path):
                heard = [[at_ns, command.kind, command.stamp_ns] for at_ns, command in self.played]
                path.write_text(json.dumps(heard))
                request.done(str(path))
            case Quit():
                request.done("bye")
                self.stopping.set()
            case _:
                request.done()


@contextlib.contextmanager
def running(name="rig", *, unix=True, ear=True):
    """A server and its owner in this process: (server, owner)."""
    owner = Owner()
    with ControlServer(Door(own_address(name), unix=unix), owner, owner.hear if ear else None) as server:
        thread = threading.Thread(target=owner.serve, args=(server,))
        thread.start()
        try:
            yield server, owner
        finally:
            owner.stopping.set()
            thread.join()


def program(role, name):
    """The command line of this file in one of its roles."""
    return [sys.executable, __file__, role, name]


@contextlib.contextmanager
def process(role, name):
    """This file as a process that has said that it is ready; killed at the end, frozen or not."""
    child = subprocess.Popen(program(role, name), stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline().startswith(b"ready")
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def until(condition, patience_s=PATIENCE_S):
    """Wait for a condition; returns the seconds that it took."""
    begin_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begin_s < patience_s, "it has not come true"
        time.sleep(0.002)
    return time.monotonic() - begin_s


class Caller:
    """A client without manners: raw bytes out, lines in."""

    def __init__(self, name="rig"):
        self.socket, secret = knock(own_address(name), PATIENCE_S)
        self.socket.settimeout(PATIENCE_S)
        self._reader = self.socket.makefile("rb")
        if secret is not None:
            self.say(secret)
        self.hello = self.hear()

    def say(self, line):
        self.socket.sendall(line if isinstance(line, bytes) else f"{line}\n".encode())

    def hear(self):
        """The next line's object, None at the end of the connection."""
        try:
            line = self._reader.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None

    def close(self):
        self._reader.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def memory_kb(process_id):
    """What a process keeps in memory."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


def _engine(name):
    with running(name) as (_, owner):
        print("ready", flush=True)
        owner.stopping.wait()


def _watch(name):
    with EngineClient.connect(name) as client:
        client.post(Subscribe(120.0, mel=True))
        next(client.snapshots())
        print("ready", flush=True)
        while client.alive:
            time.sleep(0.05)


def _start(name):
    engine = launch_engine(name, program("engine", name))
    print("ready", engine.process_id, flush=True)
    signal.pause()


if __name__ == "__main__":
    {"engine": _engine, "watch": _watch, "start": _start}[sys.argv[1]](sys.argv[2])
    os._exit(0)
