"""The render thread's priority: what it gets, what it says, and that it never freezes the machine.

Where this machine allows real time, the tests see to it that it works; where not, that the words are right.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from engine_rig import RATE_HZ
from tiny_songs import write_loud_bundle

from neume.synth.arrangement import live_arrangement
from neume.synth.audio.priority import FIFO_PRIORITY, Priority
from neume.synth.bundle import open_bundle
from neume.synth.engine import Engine, EngineConfig, make_chain
from neume.synth.paced_device import PacedDevice
from neume.synth.render_priority import (
    LEAST_PROCESSORS,
    LIFTED_LEVEL,
    RENDER_LEVEL,
    RenderPriority,
    processors,
    told,
    tried_priority,
)
from neume.synth.stages import load_stages

LINUX = hasattr(os, "sched_setscheduler")
ALLOWED = LINUX and processors() >= LEAST_PROCESSORS and tried_priority().realtime
only_allowed = pytest.mark.skipif(not ALLOWED, reason="no real time for this user, or on this machine")
SPINS = """
import hashlib, os, sys, threading, time
from neume.synth.render_priority import RenderPriority
priority = RenderPriority()
priority.watch()
def spin():
    priority.take()
    end_s = time.monotonic() + 2.0
    while time.monotonic() < end_s:
        hashlib.pbkdf2_hmac("sha256", b"", b"", ROUNDS)  # in C, without the interpreter's lock
        time.sleep(0.0003)
    sys.stdout.write(str(os.sched_getscheduler(0) & 7) + " ")
thread = threading.Thread(target=spin)
thread.start()
while thread.is_alive():
    time.sleep(0.02)
priority.end()
print(priority)
"""
AS_NOBODY = """
import os, threading
from neume.synth.render_priority import RenderPriority
os.setresuid(65534, 65534, 65534)
priority = RenderPriority()
priority.watch()
thread = threading.Thread(target=priority.take)
thread.start()
thread.join()
print(priority)
"""


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def policy(thread=0):
    return os.sched_getscheduler(thread) & 7


def playing(player, **settings):
    """An engine that plays nothing for a while: its text, and its thread's policy, level and CPU share."""
    config = EngineConfig(steps=0, margin_ms=200.0, **settings)
    with Engine(make_chain(*player, live_arrangement(), config), PacedDevice(RATE_HZ, 128), config) as engine:
        engine.start()
        (thread,) = (t for t in threading.enumerate() if t.name == "neume-render")
        time.sleep(0.2)
        begin = cpu_s(thread.native_id)
        time.sleep(0.5)
        level = os.sched_getparam(thread.native_id).sched_priority
        share = (cpu_s(thread.native_id) - begin) / 0.5
        return engine.snapshot().render_priority, policy(thread.native_id), level, share


def cpu_s(thread):
    """Processor time that a thread of this process has used."""
    with open(f"/proc/self/task/{thread}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not LINUX, reason="only Linux has these")
@pytest.mark.parametrize("wanted", [True, False])
def test_the_snapshot_says_what_the_thread_has(player, wanted):
    before = signal.getsignal(signal.SIGXCPU)
    text, policy_now, level, share = playing(player, realtime=wanted)
    if wanted and ALLOWED:
        assert (text, policy_now, level) == (
            f"real time, priority {RENDER_LEVEL}",
            os.SCHED_FIFO,
            RENDER_LEVEL,
        )
    else:
        assert policy_now == os.SCHED_OTHER
        assert text.startswith(("normal: ", "nice "))
        assert ("switched off" in text) is not wanted
    assert share < 0.5, "it waits while there is nothing to do"
    assert signal.getsignal(signal.SIGXCPU) == before


@only_allowed
def test_threads_that_take_pythons_lock_often_are_lifted_with_it():
    """Or else they would keep the lock while ordinary programs keep them from a processor."""
    done = threading.Event()
    names = ("neume-control", "neume-midi-ports", "neume-errands")
    threads = [threading.Thread(target=done.wait, name=name, daemon=True) for name in names]
    for thread in threads:
        thread.start()
    priority = RenderPriority()
    priority.watch()
    try:
        in_thread(priority.take)
        priority.lift()
        lifted = [(policy(t.native_id), os.sched_getparam(t.native_id).sched_priority) for t in threads]
    finally:
        priority.end()
    assert lifted == [*[(os.SCHED_FIFO, LIFTED_LEVEL)] * 2, (os.SCHED_OTHER, 0)]
    assert LIFTED_LEVEL < RENDER_LEVEL
    assert [policy(t.native_id) for t in threads] == [os.SCHED_OTHER] * 3
    done.set()


@only_allowed
def test_it_stays_below_the_audio_callback_and_is_not_inherited():
    inherited = []

    def render():
        RenderPriority.take(priority)
        in_thread(lambda: inherited.append(policy()))

    priority = RenderPriority()
    priority.watch()
    in_thread(render)
    priority.end()
    assert str(priority) == f"real time, priority {RENDER_LEVEL}"
    assert RENDER_LEVEL < FIFO_PRIORITY
    assert inherited == [os.SCHED_OTHER]
    assert policy() == os.SCHED_OTHER, "of this thread"


@only_allowed
def test_a_thread_that_runs_away_loses_it_and_the_program_lives():
    told_policy, text = run(SPINS.replace("ROUNDS", "3_000_000")).split(" ", 1)
    assert told_policy == str(os.SCHED_OTHER)
    assert text.startswith("normal: it has run for half a second without a rest")


@only_allowed
def test_a_thread_that_rests_now_and_then_keeps_it():
    """As the render thread does, however far behind it is."""
    told_policy, text = run(SPINS.replace("ROUNDS", "50_000")).split(" ", 1)
    assert told_policy == str(os.SCHED_FIFO)
    assert text.startswith("real time")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become nobody")
def test_where_it_is_not_permitted_the_way_is_told():
    text = run(AS_NOBODY)
    assert text.startswith(("normal: ", "nice "))
    if processors() >= LEAST_PROCESSORS:
        assert "real time is not permitted" in text
        assert "/etc/security/limits.d" in text


def test_off_the_main_thread_nobody_could_guard_it():
    priority = RenderPriority()
    in_thread(priority.watch)
    in_thread(priority.take)
    priority.end()
    assert str(priority).startswith("normal: ")


def test_texts():
    assert str(RenderPriority()) == "not running"
    assert told(Priority(True, 4)) == "real time, priority 4"
    assert told(Priority(False, 0), "switched off") == "normal: switched off"
    assert told(Priority(False, -11)).startswith(
        "nice -11: real time is not permitted; to allow it, add the lines"
    )
