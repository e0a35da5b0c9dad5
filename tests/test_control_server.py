"""The server between many clients and one engine: everybody is served, nobody can harm it or another."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time

import control_rig
import numpy as np
import pytest
from control_rig import MELS, Caller, Owner, running, until

from neume.synth.control.address import own_address
from neume.synth.control.client import EngineClient
from neume.synth.control.commands import (
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ResetCounters,
    Subscribe,
)
from neume.synth.control.door import Door
from neume.synth.control.held import Held
from neume.synth.control.mel_log import KEPT_FRAMES, SPARED_FRAMES, MelLog
from neume.synth.control.messages import PROTOCOL, command_line
from neume.synth.control.pace import Pace
from neume.synth.control.requests import Request, Waiting
from neume.synth.control.server import ControlServer

folders = pytest.fixture(autouse=True)(control_rig.own_folders)
BOTH = pytest.mark.parametrize("unix", [True, False], ids=["unix", "tcp"])


@pytest.fixture
def rig():
    """A server and its owner, which must not have had any trouble at the end."""
    with running() as (server, owner):
        yield server, owner
        assert server.failure is None


@BOTH
def test_requests_are_answered_and_posted_commands_only_if_they_fail(unix):
    with running(unix=unix) as (server, owner), Caller() as caller:
        assert caller.hello == {
            "kind": "hello",
            "protocol": PROTOCOL,
            "engine": "rig",
            "process_id": os.getpid(),
        }
        caller.say('{"kind":"load_preset","name":"piano"}')
        caller.say('{"kind":"load_preset","name":"missing"}')
        caller.say('{"kind":"load_preset","name":"missing","request":5}')
        caller.say('{"kind":"load_preset","name":"piano","request":6}')
        text = "preset 'missing' is not there; there are: organ, piano"
        assert caller.hear() == {"kind": "fault", "text": text}
        assert caller.hear() == {"kind": "reply", "request": 5, "done": False, "text": text}
        assert caller.hear() == {"kind": "reply", "request": 6, "done": True, "text": ""}
        assert [command.name for command in owner.commands] == ["piano", "missing", "missing", "piano"]
        caller.say('{"kind":"set_steps","steps":-3,"request":7}')
        caller.say("hello?")
        assert caller.hear()["text"] == "set_steps steps is -3; allowed: a whole number, 0 to 1000"
        assert "is no JSON" in caller.hear()["text"]
        assert server.failure is None


def test_what_is_played_reaches_the_ear_with_its_stamp_but_never_from_the_future(rig):
    _, owner = rig
    with Caller() as caller:
        now_ns = time.monotonic_ns()
        caller.say(command_line(NoteOn(60, 100, channel=0, stamp_ns=now_ns - 5_000_000)))
        caller.say(command_line(NoteOff(60, channel=0, stamp_ns=now_ns + 3_600_000_000_000), 1))
        assert caller.hear() == {"kind": "reply", "request": 1, "done": True, "text": ""}
        (_, on), (heard_ns, off) = owner.played
        assert on == NoteOn(60, 100, channel=0, stamp_ns=now_ns - 5_000_000)
        assert now_ns <= off.stamp_ns <= heard_ns
        assert owner.commands == []


def test_without_an_ear_what_is_played_comes_as_requests():
    with running(ear=False) as (server, owner):
        with Caller() as caller:
            caller.say(command_line(NoteOn(60, 100, channel=0), 1))
            assert caller.hear()["done"]
        until(lambda: len(owner.commands) == 2)
        assert [command.kind for command in owner.commands] == ["note_on", "note_off"]
        assert server.failure is None


def test_who_leaves_lets_go_of_what_it_held_and_of_nothing_else(rig):
    _, owner = rig
    with Caller() as stays, Caller() as leaves:
        stays.say(command_line(NoteOn(50, 90, channel=2), 0))
        stays.hear()
        for command in (
            NoteOn(60, 100, channel=0),
            NoteOn(60, 100, part=0),
            NoteOn(62, 100, channel=0),
            NoteOff(62, channel=0),
            ControlChange(64, 127, channel=0),
            ControlChange(1, 90, channel=0),
            PitchBend(-800, channel=3),
        ):
            leaves.say(command_line(command))
        until(lambda: len(owner.played) == 8)
        left_ns = time.monotonic_ns()
        leaves.close()
        until(lambda: len(owner.played) == 12)
        releases = [command for _, command in owner.played[8:]]
        assert [_without_stamp(command) for command in releases] == [
            _without_stamp(command)
            for command in (
                NoteOff(60, channel=0),
                NoteOff(60, part=0),
                ControlChange(64, 0, channel=0),
                PitchBend(0, channel=3),
            )
        ]
        assert all(command.stamp_ns >= left_ns for command in releases)


def _without_stamp(command):
    return json.loads(command_line(command)) | {"stamp_ns": 0}


def test_a_panic_leaves_nothing_to_let_go():
    held = Held()
    for command in (NoteOn(60, 100, channel=0), ControlChange(66, 1, part=1), PitchBend(5, part=1), Panic()):
        held.follow(command)
    assert held.let_go(0) == []


@pytest.mark.parametrize("hz", [10.0, 60.0, 120.0])
def test_snapshots_come_at_the_rate_that_was_asked_for(rig, hz):
    with EngineClient.connect("rig") as client:
        client.send(Subscribe(hz))
        arrivals_s = []
        next(client.snapshots())  # at once, and then at whole periods of the clock
        for snapshot in itertools.islice(client.snapshots(), round(0.6 * hz)):
            arrivals_s.append(time.monotonic())
            age_s = arrivals_s[-1] - snapshot.played_frames / 1e6
        assert 0.0 <= age_s < 0.5
        assert 0.9 / hz < (arrivals_s[-1] - arrivals_s[0]) / (len(arrivals_s) - 1) < 1.5 / hz
        assert client.take_mels() == []
        client.send(Subscribe(0.0))
        assert list(client.snapshots(0.1)) == []


def test_mel_frames_come_without_gaps(rig):
    with EngineClient.connect("rig") as client:
        client.send(Subscribe(30.0, mel=True))
        chunks = []
        until(lambda: chunks.extend(client.take_mels()) or sum(len(chunk.frames()) for chunk in chunks) > 150)
        assert all(a.next_frame == b.first_frame for a, b in itertools.pairwise(chunks))
        frames = np.concatenate([chunk.frames() for chunk in chunks])
        assert frames.shape[1] == MELS
        assert np.array_equal(frames[:, 0], -(np.arange(chunks[0].first_frame, chunks[-1].next_frame) % 9.0))


def test_a_subscriber_is_told_that_the_engine_cannot_tell_and_the_rest_works():
    with running() as (server, owner), Caller() as caller:
        owner.broken = True
        caller.say(command_line(Subscribe(120.0)))
        assert "broken on purpose" in caller.hear()["text"]
        time.sleep(0.2)
        caller.say(command_line(ResetCounters(), 9))
        assert caller.hear()["request"] == 9, "the fault is told once a second, not 120 times"
        owner.broken = False
        assert caller.hear()["kind"] == "snapshot"
        assert "on purpose" in str(server.failure)


def test_an_ear_that_raises_costs_a_connection_and_not_the_engine():
    def deaf(_):
        raise RuntimeError("deaf on purpose")

    owner = Owner()
    with ControlServer(Door(own_address("rig")), owner, deaf) as server:
        with Caller() as caller, Caller() as other:
            caller.say(command_line(NoteOn(60, 100, channel=0)))
            assert caller.hear() is None
            other.say(command_line(Subscribe(60.0), 1))
            assert other.hear()["done"]
        assert "deaf" in str(server.failure)


def test_who_waits_for_requests_is_woken_by_the_first():
    waiting, taken = Waiting(), []
    taker = threading.Thread(target=lambda: taken.extend(waiting.take(5.0)))
    taker.start()
    begin_s = time.monotonic()
    assert waiting.put(Request(ResetCounters(), None, 10, taken.append))
    taker.join()
    assert len(taken) == 1
    assert time.monotonic() - begin_s < 1.0
    assert waiting.take(0.01) == []


def test_an_answer_to_someone_who_has_left_is_dropped():
    with ControlServer(Door(own_address("rig")), Owner()) as server:
        with Caller() as caller:
            caller.say(command_line(ResetCounters(), 1))
            (request,) = server.take(5.0)
        until(lambda: server.clients == 0)
        request.done()
        request.failed("too late")
        with Caller() as caller:
            caller.say(command_line(ResetCounters(), 1))
            server.take(5.0)[0].done("in time")
            assert caller.hear()["text"] == "in time"
        assert server.failure is None


def test_closing_sends_the_last_answers_and_leaves_nothing_behind():
    threads = set(threading.enumerate())
    server = ControlServer(Door(own_address("rig")), Owner())
    server.start()
    with Caller() as caller:
        caller.say('{"kind":"quit","request":1}')
        server.take(5.0)[0].done("bye")
        server.close()
        assert caller.hear()["text"] == "bye"
        assert caller.hear() is None
    assert set(threading.enumerate()) == threads
    assert not own_address("rig").socket_path.exists()
    Door(own_address("rig")).close()
    ControlServer(Door(own_address("rig")), Owner()).close()  # one that was never started


def test_a_pace_lets_a_burst_through_and_then_its_rate():
    pace, passed = Pace(10.0, 5), 0
    for now_s in np.arange(100.0, 110.0, 0.001):
        if pace.allows(now_s):
            pace.spend(1, now_s)
            passed += 1
    assert passed == 5 + 100


def test_the_mel_log_tells_the_newest_frames_that_are_asked_for():
    log = MelLog(4)
    assert log.since(0) is None
    for first in range(0, 5000, 50):
        log.put(np.arange(first, first + 50, dtype=np.float32)[:, None] % 1000 + np.zeros((1, 4), np.float32))
    assert log.since(5000) is None
    assert np.array_equal(log.since(4990).frames()[:, 1], np.arange(990, 1000))
    oldest = log.since(0)
    assert oldest.first_frame == 5000 - (KEPT_FRAMES - SPARED_FRAMES)
    assert np.array_equal(oldest.frames()[:, 0], np.arange(oldest.first_frame, oldest.next_frame) % 1000)
