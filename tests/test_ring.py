"""The ring: what goes in comes out, in order and once, at awkward sizes and between two threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from neume.synth.ring import Ring

SIZES = (1, 2, 63, 64, 65, 127, 128, 129, 511, 512, 513)


def ramp(start, count):
    """Frames that tell their own position: `(count, 2)`, exact in float32."""
    left = np.arange(start, start + count, dtype=np.float32)
    return np.stack([left, -left], axis=1)


@pytest.mark.parametrize("room", [513, 600, 1024, 1025])
@pytest.mark.parametrize("size_in", SIZES)
@pytest.mark.parametrize("size_out", SIZES)
def test_order_is_kept_at_any_sizes(room, size_in, size_out):
    ring, came = Ring(room), []
    for _ in range(40):
        assert ring.write(ramp(ring.written, size_in)) == size_in
        while ring.readable >= size_out or ring.writable < size_in:
            out = np.full((size_out, 2), np.nan, np.float32)
            came.append(out[: ring.read(out)])
    heard = np.concatenate(came) if came else ramp(0, 0)
    assert np.array_equal(heard, ramp(0, len(heard)))
    assert ring.written - len(heard) == ring.readable


def test_a_full_ring_takes_what_fits_and_an_empty_one_gives_what_there_is():
    ring = Ring(100)
    assert ring.write(ramp(0, 150)) == 100
    assert (ring.readable, ring.writable, ring.write(ramp(0, 1))) == (100, 0, 0)
    out = np.full((150, 2), 7.0, np.float32)
    assert ring.read(out) == 100
    assert np.array_equal(out[:100], ramp(0, 100))
    assert (out[100:] == 7.0).all(), "what was not read must stay untouched"
    assert ring.read(out) == 0


def test_skip_drops_from_the_front():
    ring = Ring(64)
    ring.write(ramp(0, 60))
    assert (ring.skip(50), ring.skip(-3)) == (50, 0)
    out = np.zeros((5, 2), np.float32)
    assert ring.read(out) == 5
    assert np.array_equal(out, ramp(50, 5))
    assert ring.skip(99) == 5


def test_two_threads_lose_and_repeat_nothing():
    ring, total, heard = Ring(997), 200_000, []
    deadline = time.monotonic() + 20.0

    def write():
        rng = np.random.default_rng(0)
        while ring.written < total and time.monotonic() < deadline:
            ring.write(ramp(ring.written, min(int(rng.integers(1, 700)), total - ring.written)))

    writer = threading.Thread(target=write)
    writer.start()
    rng = np.random.default_rng(1)
    while ring.taken < total and time.monotonic() < deadline:
        out = np.empty((int(rng.integers(1, 300)), 2), np.float32)
        heard.append(out[: ring.read(out)].copy())
    writer.join()
    assert np.array_equal(np.concatenate(heard), ramp(0, total))
