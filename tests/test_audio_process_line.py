"""The line between engine and audio process: the same ring, clock and outlet, with two processes at it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from audio_rig import RATE_HZ, ramp, until

from neume.synth.audio.line import AudioLine
from neume.synth.audio.shared import Row, SharedAudio, Sizes
from neume.synth.outlet import FADE_SAMPLES, Outlet
from neume.synth.ring import Ring
from neume.synth.sample_clock import SampleClock

SIZES = Sizes(ring_frames=9_973, played_frames=6_007)
JOIN = f"""
import sys, time
import numpy as np
from neume.synth.audio.line import AudioLine
from neume.synth.audio.shared import SharedAudio, Sizes
sizes = Sizes({SIZES.ring_frames}, {SIZES.played_frames})
line = AudioLine.join(SharedAudio.attach(int(sys.argv[1]), sizes), {RATE_HZ})
"""
ECHO = """
rng = np.random.default_rng(1)
while line.played.written < int(sys.argv[2]):
    out = np.zeros((int(rng.integers(1, 700)), 2), np.float32)
    piece = out[: line.ring.read(out)]
    while len(piece):
        piece = piece[line.played.write(piece) :]
"""
HAMMER = """
print("ready", flush=True)
frame = 0
while True:
    line.clock.update(1_000_000_000 + frame * 1_000_000, frame, 100)
    frame += 7
"""


@pytest.fixture
def shared():
    shared = SharedAudio.create(SIZES)
    yield shared
    shared.close()


@pytest.fixture
def joined(shared):
    """Starts programs in other processes that have joined the line."""
    started = []

    def start(program, *arguments):
        command = [sys.executable, "-c", JOIN + program, str(shared.descriptor), *map(str, arguments)]
        process = subprocess.Popen(command, pass_fds=(shared.descriptor,), stdout=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def filled(line, sizes, frames):
    """What an outlet gives in blocks of these sizes, in turn."""
    blocks = []
    while sum(map(len, blocks)) < frames:
        blocks.append(np.full((sizes[len(blocks) % len(sizes)], 2), np.nan, np.float32))
        line.outlet.fill(blocks[-1])
    return np.concatenate(blocks)


def test_two_processes_lose_and_repeat_nothing(shared, joined):
    line, total, heard = AudioLine.join(shared, RATE_HZ), 150_000, []
    joined(ECHO, total)
    rng = np.random.default_rng(0)
    deadline_s = time.monotonic() + 20.0
    while sum(map(len, heard)) < total and time.monotonic() < deadline_s:
        count = min(int(rng.integers(1, 700)), total - line.ring.written)
        line.ring.write(ramp(line.ring.written, count))
        out = np.zeros((512, 2), np.float32)
        heard.append(out[: line.played.read(out)])
    assert np.array_equal(np.concatenate(heard), ramp(0, total))


@pytest.mark.parametrize("sizes", [(1,), (127,), (128,), (129,), (4096,), (1, 127, 300, 64, 2048)])
def test_shared_or_not_is_the_same_samples(shared, sizes):
    """At any and at varying block sizes, through an underrun and out of it."""
    line = AudioLine.join(shared, RATE_HZ, now_ns=lambda: 0)
    ring = Ring(SIZES.ring_frames)
    plain = Outlet(ring, SampleClock(RATE_HZ), now_ns=lambda: 0)
    line.outlet.armed = plain.armed = True
    for written in (5_000, 0, 9_000, 0, 700):
        for one in (line.ring, ring):
            one.write(ramp(one.written, written))
        for _ in range(4_000 // sum(sizes) + 1):
            for size in sizes:
                got, expected = np.zeros((2, size, 2), np.float32)
                line.outlet.fill(got)
                plain.fill(expected)
                assert np.array_equal(got, expected)
    counted = (line.outlet.position, line.outlet.underruns, line.outlet.missing_frames)
    assert counted == (plain.position, plain.underruns, plain.missing_frames)
    assert counted[1] >= 2


def test_who_joins_later_goes_on_where_the_one_before_stopped(shared):
    engine = AudioLine.join(shared, RATE_HZ)
    engine.outlet.armed = True
    engine.ring.write(ramp(0, 3_000))
    before = filled(AudioLine.join(shared, RATE_HZ), (128,), 1_000)
    after = filled(AudioLine.join(shared, RATE_HZ), (100,), 1_000)
    heard = np.concatenate([before, after])
    assert engine.outlet.position == engine.ring.taken == len(heard)
    assert (engine.outlet.underruns, engine.outlet.missing_frames) == (0, 0)
    expected = ramp(0, len(heard))
    expected[1024 : 1024 + FADE_SAMPLES] *= (np.arange(1, FADE_SAMPLES + 1) / FADE_SAMPLES)[:, None]
    np.testing.assert_allclose(heard, expected, rtol=1e-6)


def test_unarmed_it_plays_silence_and_takes_nothing(shared):
    line = AudioLine.join(shared, RATE_HZ)
    line.ring.write(ramp(0, 1_000))
    assert not filled(line, (128,), 500).any()
    assert (line.outlet.position, line.ring.taken, line.clock.running) == (0, 0, False)


def test_a_reading_of_the_clock_is_never_half_old(shared, joined):
    line = AudioLine.join(shared, RATE_HZ)
    assert line.clock.frame_at(time.monotonic_ns()) is None
    joined(HAMMER).stdout.readline()
    until(lambda: line.clock.running)
    deadline_s, frames = time.monotonic() + 0.5, set()
    while time.monotonic() < deadline_s:
        reading = line.clock._reading
        assert reading.time_ns == 1_000_000_000 + reading.frame * 1_000_000
        frames.add(reading.frame)
    assert len(frames) > 5


def test_a_writer_killed_in_the_middle_leaves_the_reading_before(shared):
    line = AudioLine.join(shared, RATE_HZ)
    line.clock.update(1_000_000_000, 0, 128)
    assert line.clock.frame_at(1_000_000_000) == 0
    shared.counters(Row.CLOCK_TURN)[0] += 1
    shared.numbers(Row.CLOCK_READING)[0] = 5.0
    assert line.clock.frame_at(1_000_000_000) == 0
    AudioLine.join(shared, RATE_HZ).clock.update(3_000_000_000, 960, 128)
    assert line.clock.frame_at(3_000_000_000) == 960


def test_the_memory_has_no_name_and_is_not_left_behind():
    kept, descriptors = set(os.listdir("/dev/shm")), len(os.listdir("/proc/self/fd"))
    shared = SharedAudio.create(SIZES)
    assert not [name for name in set(os.listdir("/dev/shm")) - kept if "neume" in name.lower()]
    line = AudioLine.join(shared, RATE_HZ)
    shared.close()
    assert line.ring.write(ramp(0, 10)) == 10, "the views outlive the descriptor"
    del shared, line
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_where_the_system_has_no_memory_files_an_unlinked_one_does(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    shared = SharedAudio.create(SIZES)
    writer, reader = AudioLine.join(shared, RATE_HZ), AudioLine.join(shared, RATE_HZ)
    shared.close()
    writer.ring.write(ramp(0, 500))
    out = np.zeros((500, 2), np.float32)
    assert reader.ring.read(out) == 500
    assert np.array_equal(out, ramp(0, 500))


def test_what_is_played_is_handed_back_if_it_is_wanted_and_counted_if_it_is_too_much(shared):
    engine, player = AudioLine.join(shared, RATE_HZ), AudioLine.join(shared, RATE_HZ)
    player.tap.put(ramp(0, 100))
    assert engine.played.readable == 0
    engine.tap.wanted = True
    player.tap.put(ramp(0, SIZES.played_frames + 10))
    assert (engine.played.readable, engine.tap.lost_frames) == (SIZES.played_frames, 10)
