"""When blocks are begun: on time although callbacks come late, and never for a device that has hung."""

from __future__ import annotations

import numpy as np
import pytest

from neume.synth.block_start import BlockStart
from neume.synth.latency import latency_sum
from neume.synth.outlet import Outlet
from neume.synth.ring import Ring
from neume.synth.sample_clock import SampleClock

RATE_HZ = 48_000
DEVICE, BLOCK = 128, 512
LATENCY = latency_sum(
    rate_hz=RATE_HZ,
    block_samples=BLOCK,
    lookahead_samples=256,
    device_block_samples=DEVICE,
    device_latency_samples=100,
)


def ns(samples):
    return round(samples * 1e9 / RATE_HZ)


class Playing:
    """A device that takes blocks of 128, at the times that it is told, and a ring that is kept filled."""

    def __init__(self, *, clock=True):
        self.now = 0
        self.clock = SampleClock(RATE_HZ)
        self.ring = Ring(RATE_HZ)
        self.outlet = Outlet(self.ring, self.clock, lambda: self.now)
        self.outlet.armed = True
        self.start = BlockStart(self.ring, self.outlet, self.clock if clock else None, lambda: self.now)
        self.buffer = np.zeros((DEVICE, 2), np.float32)
        self.begun = []  # of each block: the time, and where in the ring it goes

    def fill(self):
        while self.start.spare_samples(LATENCY) <= 0:
            self.begun.append((self.now, self.ring.written))
            self.ring.write(np.zeros((BLOCK, 2), np.float32))

    def callback(self, at):
        """Pass the time until the callback comes at sample `at`, looking all the while."""
        for moment in range(self.now, ns(at), 20_000):
            self.now = moment
            self.fill()
        self.now = ns(at)
        self.outlet.fill(self.buffer)
        self.fill()


def test_without_a_clock_the_level_of_the_ring_counts():
    playing = Playing(clock=False)
    playing.fill()
    assert playing.ring.written == BLOCK
    assert playing.start.spare_samples(LATENCY) == BLOCK - LATENCY.start_level_samples
    playing.callback(50)
    assert playing.ring.written == 2 * BLOCK


def test_blocks_begin_when_a_punctual_device_calls_back():
    by_level, by_clock = Playing(clock=False), Playing()
    for number in range(200):
        for playing in (by_level, by_clock):
            playing.callback(1000 + number * DEVICE)
    assert [place for _, place in by_clock.begun] == [place for _, place in by_level.begun]
    times = np.array([[time for time, _ in playing.begun] for playing in (by_level, by_clock)])
    assert np.abs(times[0] - times[1]).max() <= 40_000  # ns: how often it looks


def test_a_late_callback_does_not_make_the_block_late():
    playing = Playing()
    rng = np.random.default_rng(1)
    late = rng.uniform(0, 10, 4000)
    late[1000::7] += 90  # samples: 1.9 ms, at times
    for number in range(4000):
        playing.callback(1000 + number * DEVICE + late[number])
    mean = late.mean()
    beyond = np.array(
        [
            time * RATE_HZ / 1e9 - (1000 + mean + place - LATENCY.start_level_samples - DEVICE)
            for time, place in playing.begun[300:]
        ]
    )
    assert np.abs(beyond).max() < 15  # samples from where it should be, 0.3 ms
    assert playing.outlet.underruns == 0


def test_what_comes_when_a_block_has_been_begun_belongs_to_the_next():
    """An event is placed by the same clock: no note comes too late for its block, as far as anybody hears."""
    playing = Playing()
    rng = np.random.default_rng(2)
    for number in range(4000):
        count = len(playing.begun)
        playing.callback(1000 + number * DEVICE + rng.exponential(6))
        for time, place in playing.begun[count:] if number > 1000 else ():
            frame = playing.clock.frame_at(time + ns(1)) + LATENCY.placing_samples
            assert frame >= place + BLOCK - 12  # 0.2 ms: callbacks may come before their mean, too


@pytest.mark.parametrize("blocks", [3, 40])
def test_a_device_that_hangs_gets_one_callback_more_and_no_more(blocks):
    playing = Playing()
    for number in range(1000):
        playing.callback(1000 + number * DEVICE)
    written = playing.ring.written
    for moment in range(playing.now, playing.now + ns(blocks * BLOCK), 100_000):
        playing.now = moment
        playing.fill()
    assert playing.ring.written - written <= BLOCK
    most = LATENCY.ring_target_samples + DEVICE
    assert playing.start.ahead_samples <= most
