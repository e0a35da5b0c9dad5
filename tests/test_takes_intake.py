"""The real-time side of recordings: what comes out is what went in, in its place."""

from __future__ import annotations

import threading
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from takes_rig import ramp

from neume.synth.takes import Feed
from neume.synth.takes.intake import BUFFER_S, Intake

SIZES = [1, 255, 256, 257, 4096]


def read_all(intake, size=1000):
    out = np.full((size, 2), np.nan, np.float32)
    pieces = []
    while count := intake.read(out):
        pieces.append(out[:count].copy())
    return np.concatenate([np.zeros((0, 2), np.float32), *pieces])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("first", [0, 1, 256, 5000])
def test_the_stream_begins_at_its_first_frame(size, first):
    intake, heard = Intake(1000, first), []
    for begin in range(0, 9000, size):
        intake.put(ramp(begin, size), begin)
        heard.append(read_all(intake))
        assert intake.position == max(first, begin + size)
    heard = np.concatenate(heard)
    assert np.array_equal(heard, ramp(first, len(heard)))
    assert intake.lost_frames == 0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60), st.booleans()), max_size=40),
    st.integers(0, 100),
    st.integers(1, 70),
)
def test_gaps_and_frames_without_room_are_silent_and_keep_their_place(steps, first, piece):
    """Blocks with gaps before them, read now and then, through a ring of 100 frames."""
    intake = Intake(100 // BUFFER_S, first)
    position, heard = 0, []
    for gap, size, reading in steps:
        position += gap
        intake.put(ramp(position, size), position)
        position += size
        if reading:
            heard.append(read_all(intake, piece))
    heard = np.concatenate([np.zeros((0, 2), np.float32), *heard, read_all(intake, piece)])
    assert len(heard) == max(0, position - first) == intake.position - first
    expected = ramp(first, len(heard))
    missing = ~heard.any(axis=1)
    assert np.array_equal(heard[~missing], expected[~missing])
    assert int(missing.sum()) == intake.lost_frames


def test_a_slow_disk_loses_what_does_not_fit_and_nothing_else():
    intake = Intake(10, 0)  # a ring of 100 frames
    intake.put(ramp(0, 90), 0)
    intake.put(ramp(90, 30), 90)
    intake.put(ramp(120, 5), 120)
    heard = read_all(intake)
    intake.put(ramp(125, 50), 125)
    heard = np.concatenate([heard, read_all(intake)])
    assert intake.lost_frames == 25
    assert np.array_equal(heard[:100], ramp(0, 100))
    assert not heard[100:125].any()
    assert np.array_equal(heard[125:], ramp(125, 50))


def test_writing_and_reading_in_two_threads():
    intake, heard, sizes = Intake(200, 256), [], cycle(SIZES[:-1])

    def play():
        position = 0
        while position < 300_000:
            size = next(sizes)
            intake.put(ramp(position, size), position)
            position += size

    player = threading.Thread(target=play)
    player.start()
    while player.is_alive():
        heard.append(read_all(intake, 300))
    heard = np.concatenate([*heard, read_all(intake, 300)])
    expected = ramp(256, len(heard))
    missing = ~heard.any(axis=1)
    assert len(heard) >= 300_000 - 256
    assert int(missing.sum()) == intake.lost_frames
    assert np.array_equal(heard[~missing], expected[~missing])


class Listener:
    def __init__(self):
        self.heard = []

    def put(self, played, position):
        self.heard.append((position, len(played)))


def test_every_sink_hears_all_from_when_it_is_added():
    feed, early, late = Feed(), Listener(), Listener()
    feed.add(early)
    feed.put(ramp(0, 10))
    feed.add(late)
    feed.put(ramp(10, 5))
    feed.remove(early)
    feed.put(ramp(100, 5), position=100)
    assert early.heard == [(0, 10), (10, 5)]
    assert late.heard == [(10, 5), (100, 5)]
    assert feed.position == 105
