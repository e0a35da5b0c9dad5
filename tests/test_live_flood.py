"""Any MIDI at all, in any number, from keys to sound: nothing raises, nothing sticks, nothing grows."""

from __future__ import annotations

import os

import numpy as np
import pytest
from control_rig import memory_kb
from engine_rig import NOTE_OFF, NOTE_ON, HandDevice
from test_live import Stage
from test_underrun import BLOCK, PIANO, RackRig

from neume.synth.bundle import DEFAULT_BUNDLE, open_named
from neume.synth.engine import EngineConfig
from neume.synth.learning import LearningSource
from neume.synth.link_keys import QUEUE_MESSAGES, LinkKeys
from neume.synth.live_takes import rack_hash
from neume.synth.rack.learn import Learner, Mapping
from neume.synth.rack.preset_search import open_preset
from neume.synth.sources import PANIC
from neume.synth.stages import load_stages

GROWTH_KB = 20_000
PRESETS = ("gm", "orchestra", "jazz-trio", "gm", "string-layer", "split-bass-piano", "electric-piano")
BLOCKS_A_PRESET = 9
KNOBS = tuple(Mapping(None, 20 + part, f"part.{part}.volume_db", -60.0, 12.0) for part in range(4))
GM_RESET = bytes.fromhex("f0 7e 7f 09 01 f7")
SHARES = {0x80: 0.2, 0x90: 0.4, 0xA0: 0.05, 0xB0: 0.2, 0xC0: 0.04, 0xD0: 0.04, 0xE0: 0.04, 0xF0: 0.03}
SPECIAL = np.array([0, 1, 6, 7, 10, 11, 32, 38, 64, 66, 67, 98, 99, 100, 101, *range(120, 128)])


@pytest.fixture(scope="module")
def player():
    bundle = open_named(DEFAULT_BUNDLE)
    return bundle, load_stages(bundle)


class Noise:
    """Messages of any kind on sixteen channels, those with a meaning more often; garbage now and then."""

    def __init__(self, seed):
        self._random = np.random.default_rng(seed)

    def messages(self, count):
        random = self._random
        kinds = random.choice(list(SHARES), count, p=list(SHARES.values()))
        rows = np.stack([kinds | random.integers(0, 16, count), *random.integers(0, 128, (2, count))], axis=1)
        special = (kinds == 0xB0) & (random.random(count) < 0.8)
        rows[special, 1] = random.choice(SPECIAL, special.sum())
        return [self._message(bytes(row)) for row in rows.astype(np.uint8)]

    def crowd(self):
        """How many messages a block gets: none, a few, or as many as the queue takes."""
        return int(QUEUE_MESSAGES * self._random.random() ** 1.5) if self._random.random() < 0.9 else 0

    def _message(self, row):
        match row[0] & 0xF0:
            case 0xC0 | 0xD0:
                return row[:2]
            case 0xF0:
                return self._system(row)
            case _:
                return row

    def _system(self, row):
        """A reset, SysEx that means nothing, or bytes that are no message."""
        match row[1] % 8:
            case 0:
                return GM_RESET
            case 1:
                return b"\xf0" + bytes(row[2]) + b"\xf7"
            case _:
                return self._random.bytes(row[2] % 5)


class Flood(RackRig):
    """The keys and knobs of a live rack, on a device that takes a block at a time, as fast as they come."""

    def __init__(self, player, seed):
        super().__init__(player, open_preset(PRESETS[0]), EngineConfig(steps=1), HandDevice(BLOCK))
        self.noise = Noise(seed)
        self.keys = LinkKeys()
        self.engine.listen(self.keys, self._learning)
        self.sent = 0

    def _learning(self, source):
        self.knobs = LearningSource(source, Learner(KNOBS), lambda target: 0.0)
        return self.knobs

    def pour(self, count):
        """At least so many messages."""
        end = self.sent + count
        while self.sent < end:
            messages = self.noise.messages(self.noise.crowd())
            for number, message in enumerate(messages):
                self.keys.press(self.now_ns + 1000 * number, message)
            self.sent += len(messages)
            self.turn()
            heard = self.heard.pop()
            assert np.isfinite(heard).all()
            assert np.abs(heard).max() <= 1.0
            self.knobs.changes.clear()
            if self.engine.snapshot().blocks % BLOCKS_A_PRESET == 0:
                self.change(PRESETS[self.sent % len(PRESETS)])

    def change(self, preset):
        rack = open_preset(preset)
        ready, problems = self.loader.ready(rack)
        assert problems == ()

        def take_over():
            self.chain.set_rack(ready)
            self.takes.changed(rack=rack_hash(rack))

        self.engine.render.between_blocks(take_over)

    def play(self, *messages, blocks):
        """What is heard of some messages, `blocks` long."""
        for message in messages:
            self.keys.press(self.now_ns, message)
        self.turn(blocks)
        heard, self.heard = np.concatenate(self.heard), []
        return heard


def flood(player, count, seed):
    """The whole of it; returns by how many kilobytes the process has grown after the first third."""
    with Flood(player, seed) as rig:
        rig.begin()
        rig.pour(count // 3)
        before_kb = memory_kb(os.getpid())
        rig.pour(count - rig.sent)
        grown_kb = memory_kb(os.getpid()) - before_kb
        assert rig.sent >= count
        assert rig.loader.faults == rig.chain.faults == ()

        rig.play(PANIC, blocks=20)
        assert not rig.play(blocks=40).any()
        assert sum(rig.chain.sounding) == rig.chain.router.keys_down == 0
        assert rig.chain.silent

        rig.change("gm")
        assert np.abs(rig.play(GM_RESET, NOTE_ON, blocks=30)).max() > 1e-4, "it can still be played"
        rig.play(NOTE_OFF, blocks=600)
        assert rig.chain.silent, "no pedal holds what comes after"
    return grown_kb


def test_a_hundred_thousand_random_messages(player):
    assert flood(player, 100_000, seed=1) < GROWTH_KB


@pytest.mark.slow
def test_a_million_random_messages(player):
    assert flood(player, 1_000_000, seed=2) < GROWTH_KB


def test_panic_silences_what_parts_that_are_gone_have_left_ringing(player):
    """Their streams are no part's any more, and a reset has made the router forget that they were."""
    with RackRig(player, open_preset("gm")) as rig:
        keys = LinkKeys()
        rig.engine.listen(keys)
        rig.begin()
        for channel in range(16):
            keys.press(rig.now_ns, bytes((0x90 | channel, 40, 127)))
        rig.turn(40)
        assert all(rig.chain.sounding)
        rig.chain.set_rack(rig.loader.ready(PIANO)[0])
        keys.press(rig.now_ns, GM_RESET)
        rig.turn(12)
        assert sum(rig.chain.sounding) > 1, "they ring on"
        keys.press(rig.now_ns, PANIC)
        rig.turn(40)
        assert sum(rig.chain.sounding) == 0
        assert not rig.audio()[-BLOCK:].any()
        assert rig.chain.silent, "no tail is waited for"


def test_keys_that_find_no_room_leave_nothing_held(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "neume-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")

    def flood_of_wheels():
        for message in (NOTE_OFF, bytes.fromhex("b0 40 00")):
            stage.press(message)
        for number in range(QUEUE_MESSAGES):
            stage.press(bytes((0xE0, number % 128, 64)))

    with Stage(PIANO) as stage:
        for message in (NOTE_ON, bytes.fromhex("b0 40 7f")):
            stage.press(message)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        stage.live.engine.render.between_blocks(flood_of_wheels)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 0)
        assert stage.live.chain.router.keys_down == 0
        for message in (NOTE_ON, NOTE_OFF):
            stage.press(message)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 1)
        stage.until(lambda: sum(stage.live.snapshot().sounding) == 0)
