"""Slow readers, floods, crowds and an owner that hangs: what each costs is bounded, and nobody else pays."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time

import control_rig
import numpy as np
import pytest
from control_rig import Caller, Owner, memory_kb, running, until

from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import (
    Panic,
    ResetCounters,
    SetRack,
    Subscribe,
)
from neume.synth.control.door import Door
from neume.synth.control.errors import ControlError
from neume.synth.control.messages import command_line
from neume.synth.control.requests import MAX_WAITING_BYTES
from neume.synth.control.server import ACCEPTS_BURST, ACCEPTS_HZ, MAX_CLIENTS, ControlServer
from neume.synth.control.visitor import FAULTS_BURST, LINES_BURST, LINES_HZ

folders = pytest.fixture(autouse=True)(control_rig.own_folders)


@pytest.fixture
def rig():
    """A server and its owner, which must not have had any trouble at the end."""
    with running() as (server, owner):
        yield server, owner
        assert server.failure is None


def test_the_ninth_client_is_turned_away_until_one_leaves(rig):
    server, _ = rig
    callers = [Caller() for _ in range(MAX_CLIENTS)]
    with Caller() as ninth:
        assert "8 clients are connected already" in ninth.hello["text"]
        assert ninth.hear() is None
    callers.pop().close()
    until(lambda: server.clients == MAX_CLIENTS - 1)
    with Caller() as next_one:
        assert next_one.hello["kind"] == "hello"
    for caller in callers:
        caller.close()


def test_who_does_not_read_loses_snapshots_and_no_reply(rig):
    """Its own socket full, a client still gets the reply to what it asked, after what it was sent before."""
    server, _ = rig
    with Caller() as slow, EngineClient.connect("rig") as other:
        slow.say(command_line(Subscribe(120.0, mel=True), 1))
        other.send(Subscribe(60.0))
        visitor = server._visitors[0]
        until(lambda: visitor.waiting_bytes > 60_000)
        time.sleep(0.3)
        assert visitor.waiting_bytes < 80_000, "snapshots are dropped, not kept"
        begin_s = time.monotonic()
        assert other.send(ResetCounters()).done
        assert time.monotonic() - begin_s < 0.2
        slow.say(command_line(ResetCounters(), 2))
        until(lambda: any(line.get("request") == 2 for line in iter(slow.hear, None)))
        assert server.clients == 2


def test_who_asks_much_and_reads_nothing_is_given_up(rig):
    server, _ = rig
    with Caller() as deaf, EngineClient.connect("rig") as other:
        line = command_line(SetRack("x" * 60_000), 1)  # the reply of this engine is as long
        for _ in range(25):
            with contextlib.suppress(OSError):
                deaf.say(line)
        until(lambda: server.clients == 1)
        assert other.send(ResetCounters()).done


def test_too_many_wrong_lines_end_a_connection(rig):
    with Caller() as caller:
        caller.say("nonsense\n" * (FAULTS_BURST + 50))
        texts = [line["text"] for line in iter(caller.hear, None)]
        assert FAULTS_BURST <= len(texts) <= FAULTS_BURST + 10
        assert "this connection ends here" in texts[-1]


def test_a_flood_of_commands_is_read_at_a_bounded_rate(rig):
    _, owner = rig
    with Caller() as flood:
        flood.socket.settimeout(0.05)
        notes, begin_s = command_line(Panic(stamp_ns=0)) * 1000, time.monotonic()
        while time.monotonic() < begin_s + 0.6:
            try:
                flood.say(notes)
            except TimeoutError:
                continue
        heard, took_s = len(owner.played), time.monotonic() - begin_s
        assert LINES_HZ * 0.3 < heard < LINES_BURST + LINES_HZ * took_s + 200


def test_who_connects_again_and_again_is_let_in_at_a_bounded_rate(rig):
    begin_s, let_in = time.monotonic(), 0
    while time.monotonic() < begin_s + 1.0:
        Caller().close()
        let_in += 1
    took_s = time.monotonic() - begin_s
    assert let_in <= ACCEPTS_BURST + ACCEPTS_HZ * took_s + 1
    assert let_in > 10


@pytest.mark.parametrize("kind", ["bytes", "lines", "endless line", "connections"])
def test_a_flood_of_garbage_harms_nobody(rig, kind):
    """Another client is answered all the while, and memory stays as it is."""
    server, _ = rig
    with EngineClient.connect("rig") as client:
        client.send(Subscribe(60.0, mel=True))
        before_kb, stop = memory_kb(os.getpid()), threading.Event()
        flood = threading.Thread(target=_flood, args=(kind, stop))
        flood.start()
        times_ms = []
        for _ in range(40):
            begin_s = time.monotonic()
            assert client.send(ResetCounters()).done
            times_ms.append(1000.0 * (time.monotonic() - begin_s))
            time.sleep(0.01)
        snapshots = sum(1 for _ in zip(range(20), client.snapshots(), strict=False))
        stop.set()
        flood.join()
        assert snapshots == 20
        assert np.percentile(times_ms, 90) < 100.0
        assert memory_kb(os.getpid()) - before_kb < 20_000
    until(lambda: server.clients == 0)


def _flood(kind, stop):
    """Garbage as fast as it is taken, by one who comes again when it is thrown out."""
    rng = random.Random(7)
    garbage = {
        "bytes": rng.randbytes(65_536),
        "lines": b"".join(rng.randbytes(20).replace(b"\n", b" ") + b"\n" for _ in range(3000)),
        "endless line": b"x" * 65_536,
        "connections": b"",
    }[kind]
    address = own_address("rig")
    while not stop.is_set():
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(0.05)
            try:
                caller.connect(str(address.socket_path))
                while not stop.is_set() and garbage:
                    caller.send(garbage)
            except OSError:
                continue


def patiently(client, command, patience_s=10.0):
    """Ask as soon as the link has room: the server's thread reads when the machine lets it."""
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            return client.ask(command)
        except ControlError:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)


def test_what_waits_for_an_owner_that_hangs_is_bounded():
    with ControlServer(Door(own_address("rig")), Owner()) as server, EngineClient.connect("rig") as client:
        room = MAX_WAITING_BYTES // 60_600
        asked = [patiently(client, SetRack("x" * 60_000)) for _ in range(room + 9)]
        replies = [future.result(20.0) for future in asked[room:]]
        assert {reply.done for reply in replies} == {False}
        assert "too many commands wait" in replies[0].text
        for request in server.take():
            request.done("late, but done")
        assert {future.result(20.0).text for future in asked[:room]} == {"late, but done"}
