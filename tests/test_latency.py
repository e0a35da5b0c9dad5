"""The delay from key to sound as exact numbers, and the clock that it is counted on."""

from __future__ import annotations

import numpy as np
import pytest

from neume.synth.latency import latency_sum
from neume.synth.sample_clock import SampleClock

# block, look-ahead, device block, device latency, margin → block wait, budget, look-ahead, ring, device, D
TABLE = [
    ((512, 256, 128, 0, 0), (512, 256, 256, 128, 128), 1280),
    ((512, 256, 128, 128, 0), (512, 256, 256, 128, 256), 1408),
    ((512, 256, 64, 64, 0), (512, 256, 256, 64, 128), 1216),
    ((512, 256, 256, 256, 0), (512, 256, 256, 256, 512), 1792),
    ((512, 256, 1024, 0, 0), (512, 256, 256, 1024, 1024), 3072),
    ((512, 256, 128, 0, 2400), (512, 256, 256, 2528, 128), 3680),
    ((256, 256, 128, 128, 0), (256, 208, 256, 128, 256), 1104),
    ((256, 0, 64, 0, 0), (256, 208, 0, 64, 64), 592),
    ((1024, 512, 100, 37, 5), (1024, 512, 512, 105, 137), 2290),
]


@pytest.mark.parametrize(("given", "parts", "total"), TABLE)
def test_the_sum(given, parts, total):
    names = (
        "block_samples",
        "lookahead_samples",
        "device_block_samples",
        "device_latency_samples",
        "margin_samples",
    )
    latency = latency_sum(rate_hz=48_000, **dict(zip(names, given, strict=True)))
    assert tuple(samples for _, samples in latency.parts()) == parts
    assert latency.total_samples == total
    assert latency.total_ms == total / 48
    assert latency.start_level_samples == parts[1] + parts[3]
    assert latency.ring_target_samples == parts[0] + parts[1] + parts[3]


def test_the_default_bundle_with_blocks_of_128_stays_within_30_ms():
    latency = latency_sum(
        rate_hz=48_000,
        block_samples=512,
        lookahead_samples=256,
        device_block_samples=128,
        device_latency_samples=128,
    )
    assert latency.total_ms < 30.0
    assert str(latency) == (
        "29.3 ms = block wait 10.7 + render budget 5.3 + inverter look-ahead 5.3 + ring 2.7 + device 5.3"
    )


def test_a_steady_clock_is_exact_between_and_beyond_its_callbacks():
    clock = SampleClock(48_000)
    assert (clock.running, clock.frame_at(0)) == (False, None)
    for number in range(100):
        clock.update(round(number * 128 / 48_000 * 1e9) + 5_000_000, number * 128, 128)
    assert clock.running
    assert [clock.frame_at(5_000_000 + round(s / 48_000 * 1e9)) for s in (12_000, 12_672, 13_001)] == [
        12_000,
        12_672,
        13_001,
    ]


def test_late_callbacks_are_smoothed():
    """Up to a millisecond late each, on a card that runs 200 ppm fast: the readings stay within 0.25 ms."""
    clock, rng = SampleClock(48_000), np.random.default_rng(3)
    rate_hz, errors = 48_000 * 1.0002, []
    for number in range(6000):
        true_ns = number * 128 / rate_hz * 1e9
        clock.update(round(true_ns + rng.uniform(0, 1e6)), number * 128, 128)
        if number > 1500:
            errors.append(clock.frame_at(round(true_ns + 5e6)) - (number * 128 + 0.005 * rate_hz))
    assert np.std(errors) < 4.0  # samples: less than a tenth of a millisecond
    assert np.abs(np.array(errors) + 24.0).max() < 12.0  # the mean lateness, 24 samples, is a constant


def test_the_clock_starts_anew_after_a_stall():
    clock = SampleClock(48_000)
    for number in range(50):
        clock.update(round(number * 128 / 48_000 * 1e9), number * 128, 128)
    clock.update(3_000_000_000, 50 * 128, 128)
    assert clock.frame_at(3_000_000_000) == 50 * 128


def test_low_latency_stays_below_20_ms():
    """`neume play --low-latency`: blocks of one hop, 64 samples a device block."""
    latency = latency_sum(rate_hz=48_000, block_samples=256, lookahead_samples=256, device_block_samples=64)
    assert latency.total_samples == 848
    assert latency.total_ms < 20.0
