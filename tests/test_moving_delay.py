"""The delay of another device, taken over while it plays: exact again at once, and nothing is skipped."""

from __future__ import annotations

import numpy as np
import pytest
from engine_rig import HandDevice
from test_engine import first_sound, live, player

from neume.synth.engine import EngineConfig
from neume.synth.fallback_choice import Fallback
from neume.synth.sources import PANIC

__all__ = ["player"]  # the fixture

DEVICES = [(128, 0), (1024, 0), (96, 17), (64, 300)]
CHANGES = [(a, b) for a in DEVICES for b in DEVICES if a != b]


def delay(rig, keyboard):
    """From a key to the loudspeaker, after silence."""
    keyboard.press(rig.ns_at(rig.engine.outlet.position), PANIC)
    rig.turn(8_000 // rig.engine.device.block_samples)
    stamp = begin = rig.engine.outlet.position
    keyboard.press(rig.ns_at(stamp))
    rig.turn(7_000 // rig.engine.device.block_samples + 2)
    return first_sound(rig.audio(), begin) - 1 + rig.engine.device.latency_samples - stamp


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_after_a_change_of_the_device_a_key_sounds_at_its_stamp_plus_the_new_d(player, before, after):
    with live(player, HandDevice(*before)) as rig:
        engine, keyboard = rig.engine, rig.listen()
        rig.begin()
        assert abs(delay(rig, keyboard) - engine.latency.total_samples) <= 0.5
        change_to(rig, *after)
        assert abs(delay(rig, keyboard) - engine.latency.total_samples) <= 0.5
        now = engine.snapshot()
        assert (now.latency, now.underruns, now.late_notes) == (engine.latency, 0, 0)
        assert engine.ring.readable <= engine.latency.ring_target_samples


def change_to(rig, block_samples, latency_samples=0):
    """Another device, which plays as soon as there is room for it; until then the one before does."""
    engine, before = rig.engine, rig.engine.device.block_samples
    if block_samples > before:
        engine.device.block_samples, engine.device.latency_samples = block_samples, latency_samples
        engine.follow_device()
        engine.device.block_samples = before
        rig.turn(5)
        while engine.render.ahead_samples < engine.latency.start_level_samples:
            rig.turn()
    engine.device.block_samples, engine.device.latency_samples = block_samples, latency_samples
    engine.follow_device()


def test_a_held_note_sounds_on_without_a_step(player):
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(500))
        rig.turn(60)
        change_to(rig, 1024)
        rig.turn(6)
        played = rig.audio()
    with live(player) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.ns_at(500))
        rig.turn(len(played) // 128)
        assert np.array_equal(rig.audio(), played)


def test_a_device_that_is_what_it_was_changes_nothing(player):
    with live(player) as rig:
        before = rig.engine.latency
        rig.engine.follow_device()
        assert rig.engine.latency is before


def test_the_fallback_takes_the_new_delay_and_goes_on_counting(player):
    with live(player, config=EngineConfig(steps=0, fallback=Fallback.ADDITIVE)) as rig:
        rig.begin()
        rig.engine.render.fallback.blocks = 3
        rig.engine.device.block_samples = 512
        rig.engine.follow_device()
        rig.turn(8)
        assert rig.engine.snapshot().fallback_blocks == 3
        rig.engine.reset_counters()
        assert rig.engine.snapshot().fallback_blocks == 0
