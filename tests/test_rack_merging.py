"""Streams merged under load and given back: what sounds is left alone, and nothing is lost on the way."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from engine_rig import HandDevice
from rack_rig import BLOCK, Rig, opened, peak, write_named

from neume.synth.block_timer import BlockTimer
from neume.synth.engine import Engine, EngineConfig
from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, ProgramChange, SystemReset
from neume.synth.rack.part import Part, Rack
from neume.synth.rack_chain import RackChain
from neume.synth.rack_loading import RackLoader
from neume.synth.shedding import DEEPEST_MERGE, Load

STEPS = 2
FULL, HALF, FEWEST = Load(STEPS), Load(STEPS, merged=1), Load(STEPS, merged=2)
FOUR = Rack("four", tuple(Part(f"part {n}", program=n, channels=frozenset([n])) for n in range(4)))
CHORD = tuple(NoteOn(100 + n, n, 60 + 3 * n, 90) for n in range(4))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundles")
    for name in ("home", "other", "third"):
        write_named(root, name)
    return root


@pytest.fixture
def home(root, monkeypatch):
    monkeypatch.setenv("NEUME_BUNDLES", str(root))
    return opened(root / "home")


def streams_with(rig, *keys):
    """Where notes of these keys begin now, one for each part."""
    before = rig.chain.sounding
    for channel, key in enumerate(keys):
        rig.play(1, NoteOn(rig.frame, channel, key, 80))
    return [after - was for was, after in zip(before, rig.chain.sounding, strict=True)]


def test_half_the_streams_then_one(home):
    rig = Rig(home, FOUR, 4)
    assert rig.chain.merges == DEEPEST_MERGE
    assert streams_with(rig, 50, 51, 52, 53) == [1, 1, 1, 1]
    rig.chain.set_load(HALF)
    assert sorted(streams_with(rig, 60, 61, 62, 63)) == [0, 0, 2, 2]
    rig.chain.set_load(FEWEST)
    assert streams_with(rig, 70, 71, 72, 73) == [4, 0, 0, 0]
    rig.chain.set_load(FULL)
    assert streams_with(rig, 80, 81, 82, 83) == [1, 1, 1, 1]
    assert rig.chain.arrangement.stream_of[:4] == (0, 1, 2, 3), "of a take, whatever the load is"


@pytest.mark.parametrize(
    ("parts", "merges"),
    [([""], 0), (["", ""], 1), (["", "other"], 0), ([*[""] * 3, "other"], 1), ([*[""] * 5, "other"], 2)],
)
def test_how_far_merging_goes(home, parts, merges):
    """Parts share a stream with parts of the same bundle, so a rack keeps one for each."""
    rack = Rack("rack", tuple(Part(f"part {n}", instrument=name) for n, name in enumerate(parts)))
    assert Rig(home, rack).chain.merges == merges


def test_held_notes_are_not_touched(home):
    """Merged and given back under a chord, with a wheel turned and the keys let go: not a sample differs."""
    rest = (
        PitchBend(12 * BLOCK, 3, 3000),
        NoteOff(15 * BLOCK, 1, 63),
        ControlChange(16 * BLOCK, 3, 64, 127),
        NoteOff(17 * BLOCK, 3, 69),
        ControlChange(25 * BLOCK, 3, 64, 0),
        NoteOff(26 * BLOCK, 0, 60),
    )
    whole = Rig(home, FOUR, 4).play(60, *CHORD, *rest)
    rig, made = Rig(home, FOUR, 4), []
    for load, blocks in ((FULL, 10), (HALF, 10), (FEWEST, 10), (FULL, 30)):
        rig.chain.set_load(load)
        first, last = rig.frame, rig.frame + blocks * BLOCK
        made.append(rig.play(blocks, *[e for e in (*CHORD, *rest) if first <= e.frame < last]))
    assert peak(whole) > 0.01
    assert np.array_equal(np.concatenate(made), whole)


def test_a_pedal_that_is_down_holds_through_merging_and_back(home):
    rig = Rig(home, FOUR, 4)
    rig.play(5, ControlChange(0, 2, 64, 127), *CHORD, NoteOff(1000, 2, 66))
    for load in (FEWEST, FULL, HALF, FULL):
        rig.chain.set_load(load)
        rig.play(5)
        assert rig.chain._sections.default.renderer.notes[2].slots["release"][0] == -1, "still held"
    rig.play(2, ControlChange(rig.frame, 2, 64, 0))
    assert rig.chain._sections.default.renderer.notes[2].slots["release"][0] > 0


def test_a_merged_part_keeps_what_its_channel_has_said(home):
    rig = Rig(home, FOUR, 4)
    rig.play(2, ControlChange(0, 3, 7, 60), PitchBend(0, 3, 2000))
    rig.chain.set_load(FEWEST)
    rig.play(2, ControlChange(rig.frame, 3, 11, 90))
    channel = rig.chain.renderer.notes[0].channels[3]
    assert (channel.volume, channel.bend, channel.expression, channel.program) == (60, 2000, 90, 3)
    rig.chain.set_load(FULL)
    rig.play(1)
    channel = rig.chain.renderer.notes[3].channels[3]
    assert (channel.volume, channel.bend, channel.expression, channel.program) == (60, 2000, 90, 3)


def test_a_rack_that_comes_while_merged_is_merged_too(home):
    rig = Rig(home, FOUR, 4)
    rig.chain.set_load(FEWEST)
    rig.change(Rack("three", FOUR.parts[:3]))
    assert streams_with(rig, 60, 61, 62) == [3, 0, 0, 0]
    rig.chain.set_load(FULL)
    assert streams_with(rig, 70, 71, 72) == [1, 1, 1, 0]


class SteppedClock:
    """Every look at it takes so long."""

    def __init__(self):
        self.step_ns, self._now_ns = 1000, 0

    def __call__(self):
        self._now_ns += self.step_ns
        return self._now_ns


def test_an_engine_that_is_too_slow_merges_streams_says_so_and_gives_them_back(home):
    clock, disturbed, told = SteppedClock(), [], []
    ready, _ = RackLoader(*home, 4).ready(FOUR)
    chain = RackChain(ready, steps=1, timer=BlockTimer(now_ns=clock))
    engine = Engine(chain, HandDevice(), EngineConfig(sheds_load=True), disturbed=disturbed.append)
    engine.fill_ring()
    engine.outlet.armed = True

    def play(blocks):
        for _ in range(blocks * 4):
            engine.outlet.fill(np.zeros((BLOCK // 4, 2), np.float32))
            engine.fill_ring()
            shed = engine.snapshot().shed and str(engine.snapshot().shed)
            if shed not in told[-1:]:
                told.append(shed)

    play(5)
    assert (told, disturbed) == ([None], [])
    clock.step_ns = 20_000_000
    play(14)
    halved = told.index("0 steps, half the streams")
    assert told[halved - 1 : halved + 2] == ["0 steps", told[halved], "0 steps, one stream a bundle"]
    clock.step_ns = 1000
    play(7 * 400)
    assert told[-1] is None
    assert told[-4:-1] == ["0 steps, one stream a bundle", told[halved], "0 steps"]
    assert chain.seats[3].stream == 3
    first, last = disturbed[0], disturbed[-1]
    assert disturbed == list(range(first, last + BLOCK, BLOCK)), "no take of this time is called exact"
    assert last < chain.frame - BLOCK
    engine.stop()


class Performer:
    """Plays at random, and knows which keys and pedals are down."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.down = set()

    def events(self, frame):
        for _ in range(self.random.randrange(4)):
            channel, at = self.random.randrange(4), frame + self.random.randrange(BLOCK)
            key = self.random.randrange(50, 70)
            match self.random.randrange(12):
                case 0:
                    yield ControlChange(
                        at, channel, self.random.choice([64, 66]), self.random.choice([0, 127])
                    )
                case 1:
                    yield ProgramChange(at, channel, self.random.randrange(128))
                case 2:
                    yield PitchBend(at, channel, self.random.randrange(-8192, 8192))
                case 3 if self.random.random() < 0.2:
                    yield self.random.choice([Panic(at), SystemReset(at)])
                case _ if (channel, key) in self.down:
                    self.down.discard((channel, key))
                    yield NoteOff(at, channel, key)
                case _:
                    self.down.add((channel, key))
                    yield NoteOn(at, channel, key, self.random.randrange(20, 128))

    def lets_go(self, frame):
        yield from (NoteOff(frame, *key) for key in self.down)
        yield from (ControlChange(frame, channel, pedal, 0) for channel in range(4) for pedal in (64, 66))


def any_rack(performer):
    names = ["", "", "home", "other", "third", "gone"]
    parts = [replace(part, instrument=performer.random.choice(names), program=None) for part in FOUR.parts]
    performer.random.shuffle(parts)
    return Rack("any", tuple(parts[: performer.random.randrange(1, 5)]))


@pytest.mark.parametrize(("streams", "seed"), [(1, 0), (2, 1), (2, 2), (4, 3), (16, 4)])
def test_whatever_happens_to_rack_bundle_and_load_nothing_sticks(root, home, streams, seed):
    performer = Performer(seed)
    rig = Rig(home, FOUR, streams)
    for _ in range(80):
        match performer.random.randrange(12):
            case 0:
                rig.change(any_rack(performer))
            case 1:
                rig.swap(root / performer.random.choice(["home", "other"]))
            case 2 | 3:
                load = Load(rig.chain.renderer.steps, merged=performer.random.randrange(3))
                rig.chain.set_load(load)
            case 4:
                rig.chain.pass_over()
        made = rig.play(1, *sorted(performer.events(rig.frame), key=lambda event: event.frame))
        assert np.isfinite(made).all()
        rig.loader.let_go(rig.chain.departed)
    rig.play(1, *performer.lets_go(rig.frame))
    rig.play_until_silent()
    rig.play(1)
    assert sum(rig.chain.sounding) == 0
    assert not list(rig.chain.seats.trails)
    assert not rig.chain._sections._left
