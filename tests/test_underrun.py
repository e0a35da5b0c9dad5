"""Underruns of a rack, on a device turned by hand: counted, explained, healed; and devices that come late."""

from __future__ import annotations

import importlib
import sys
import time

import numpy as np
import pytest
from engine_rig import NOTE_OFF, RATE_HZ, HandDevice, Rig
from plugin_factory import install_package
from tiny_songs import write_loud_bundle

from neume.synth.block_timer import STAGES
from neume.synth.bundle import open_bundle
from neume.synth.engine import Engine, EngineConfig
from neume.synth.live_takes import LiveTakes
from neume.synth.outlet import FADE_SAMPLES
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack_chain import RackChain
from neume.synth.rack_loading import RackLoader
from neume.synth.stages import load_stages
from neume.synth.underrun import ADVICE, OTHER_PROGRAMS, explained

BLOCK, CALLBACK, STREAMS = 512, 128, 4
MEAN_ONLY = EngineConfig(steps=0)
PIANO = Rack("piano", (Part("piano", program=0),))
SUSTAIN_DOWN, SUSTAIN_UP = bytes.fromhex("b0 40 7f"), bytes.fromhex("b0 40 00")
MODULE = "slowcoach"
SLOWCOACH = """
import numpy as np

waits = []  # each is waited for once

class Instrument:
    name = "Slowcoach"

    def prepare(self, rate_hz, block_samples):
        self._silence = np.zeros((block_samples, 2), np.float32)

    def render(self, events, start_frame):
        if waits:
            waits.pop()()
        return self._silence

    def reset(self): ...

    def set(self, parameter_id, value): ...

    def state(self): ...

    def restore(self, state): ...

class Effect(Instrument):
    parameters = ()
    tail_s = 0.0

    def process(self, audio):
        if waits:
            waits.pop()()
        return audio
"""


class RackRig(Rig):
    """A rack on a device that is turned by hand.

    A callback that was due before `not_before_ns` comes then: a device that hangs, and catches up in a row.
    """

    def __init__(self, player, rack, config=MEAN_ONLY, device=None, streams=STREAMS):
        bundle, stages = player
        self.now_ns = self._origin_ns = 7_000_000_000
        self.not_before_ns = 0
        self.loader = RackLoader(bundle, stages, streams)
        ready, _ = self.loader.ready(rack)
        self.chain = RackChain(ready, steps=config.steps)
        self.takes = LiveTakes(self.chain, remembers=False)
        self.engine = Engine(
            self.chain,
            device or HandDevice(CALLBACK),
            config,
            tap=self.takes.feed,
            heard=self.takes.heard,
            disturbed=self.takes.disturbed,
            now_ns=lambda: self.now_ns,
        )
        self.heard = []

    def ns_at(self, frame):
        return max(super().ns_at(frame), self.not_before_ns)

    def lose_time(self, seconds):
        """The device asks for nothing, and goes on where it was."""
        self._origin_ns += round(seconds * 1e9)

    def hang(self, seconds):
        """The device asks for nothing, and then at once for all that was due meanwhile."""
        self.not_before_ns = self.ns_at(self.engine.outlet.position) + seconds * 1e9
        while super().ns_at(self.engine.outlet.position) < self.not_before_ns:
            self.turn()

    def stall(self, callbacks):
        """The render thread is held up between two blocks while the device asks so many times."""
        self.engine.render.between_blocks(lambda: self.turn(callbacks, rendering=False))
        self.turn(BLOCK // CALLBACK)

    def delay(self, keyboard):
        """Samples from a key to its sound; the key goes up, and nothing sounds at the end."""
        stamp = self.engine.outlet.position + 77
        keyboard.press(self.ns_at(stamp))
        self.turn(40)
        heard = np.abs(self.audio()[stamp:]).max(axis=1)
        assert heard.any(), "no sound within 40 callbacks"
        keyboard.press(self.ns_at(self.engine.outlet.position), NOTE_OFF)
        self.turn(800)
        assert self.chain.silent
        return int(np.flatnonzero(heard)[0]) - 1  # the excitation is silent on the onset itself


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


@pytest.fixture
def slowcoach(tmp_path, monkeypatch):
    """A package whose instrument and effect wait for what is put into `waits`."""
    doors = {
        "neume.instruments": {MODULE: f"{MODULE}:Instrument"},
        "neume.effects": {MODULE: f"{MODULE}:Effect"},
    }
    install_package(tmp_path, MODULE, doors, {MODULE: SLOWCOACH})
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(MODULE)
    del sys.modules[MODULE]


RACKS = {
    "guests": Rack("slow guest", (*PIANO.parts, Part("guest", instrument=f"plugin:{MODULE}"))),
    "mixer": Rack("slow insert", PIANO.parts, inserts=(Insert(MODULE),)),
}


# --- what is told


def times_ms(**taken):
    return dict.fromkeys(STAGES, 0.0) | taken | {"block": sum(taken.values())}


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "block"])
def test_the_stage_that_took_most_of_a_late_block_is_named_with_its_advice(stage):
    others = {"prepare": 1.0, "inverter": 2.0, "mixer": 0.5}
    told = explained(times_ms(**(others | {stage: 20.0})), 10.7, 10.7)
    assert told.stage == stage
    line = f"a block that had 10.7 ms took {told.took_ms:.1f} ms, most of it {stage}: {ADVICE[stage]}"
    assert str(told) == line


@pytest.mark.parametrize(
    ("took_ms", "start_level_ms", "stage", "allowed_ms"),
    [
        (9.0, 8.0, "spectrogram", 8.0),  # shorter than a block lasts, but the ring held no more
        (8.0, 8.0, OTHER_PROGRAMS, 8.0),
        (12.0, 58.0, "spectrogram", 10.7),  # blocks like it drain a ring of any size
        (10.7, 58.0, OTHER_PROGRAMS, 10.7),
    ],
)
def test_a_block_has_as_long_as_it_lasts_and_as_the_ring_does(took_ms, start_level_ms, stage, allowed_ms):
    told = explained(times_ms(spectrogram=took_ms), 10.7, start_level_ms)
    assert (told.stage, told.allowed_ms) == (stage, allowed_ms)


def test_a_block_that_was_in_time_leaves_other_programs_to_blame():
    told = explained(times_ms(spectrogram=4.0, inverter=3.0), 10.7, 10.7)
    assert str(told) == (
        "a block was late, though it took only 7.0 of 10.7 ms: close other programs, or add a margin "
        "(--margin-ms)"
    )
    assert set(ADVICE) == {*STAGES, OTHER_PROGRAMS} - {"block"}


# --- a render thread that is held up


@pytest.mark.parametrize("stall_ms", [50, 2000])
def test_a_stall_is_counted_explained_and_healed(player, stall_ms):
    stalled = stall_ms * RATE_HZ // 1000 // CALLBACK
    with RackRig(player, PIANO) as rig:
        keyboard, latency = rig.listen(), rig.engine.latency
        rig.begin()
        assert rig.delay(keyboard) == latency.total_samples
        keyboard.press(rig.now_ns)
        rig.turn(60)
        before = rig.engine.outlet.position
        rig.stall(stalled)
        rig.turn(60)
        now = rig.engine.snapshot()
        assert now.underruns == 1
        assert 0 < now.missing_frames < stalled * CALLBACK + 4 * BLOCK
        assert now.underrun.stage == OTHER_PROGRAMS
        assert ADVICE[OTHER_PROGRAMS] in str(now.underrun)
        audio = rig.audio()
        assert np.abs(audio[-2000:]).max() > 0.01, "the held note is heard again"
        steps = np.abs(np.diff(audio, axis=0)).max(axis=1)
        assert steps[before:].max() <= steps[:before].max() + np.abs(audio).max() / FADE_SAMPLES, "no click"
        keyboard.press(rig.now_ns, NOTE_OFF)
        rig.turn(800)
        assert rig.delay(keyboard) == latency.total_samples
        assert now.latency.start_level_samples < rig.engine.ring.readable <= now.latency.ring_target_samples
        assert rig.engine.snapshot().underruns == 1


@pytest.mark.parametrize("stall_ms", [50, 2000])
def test_keys_and_pedals_that_go_up_in_a_stall_are_up(player, stall_ms):
    stalled = stall_ms * RATE_HZ // 1000 // CALLBACK
    with RackRig(player, PIANO) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.now_ns)
        keyboard.press(rig.now_ns, SUSTAIN_DOWN)
        rig.turn(60)
        middle = rig.engine.outlet.position + (stalled // 2) * CALLBACK
        keyboard.press(rig.ns_at(middle), NOTE_OFF)
        keyboard.press(rig.ns_at(middle) + 1000, SUSTAIN_UP)
        rig.stall(stalled)
        rig.turn(500)
        assert rig.engine.snapshot().underruns == 1
        assert sum(rig.chain.sounding) == 0
        assert rig.chain.router.keys_down == 0
        assert not rig.audio()[-BLOCK:].any()


# --- a block that takes too long


@pytest.mark.parametrize("callbacks", [5, 30])
@pytest.mark.parametrize("stage", RACKS)
def test_a_plugin_that_takes_too_long_is_named(player, slowcoach, stage, callbacks):
    """13 ms of a block's 10.7 leave a gap of a callback or two; 80 ms a gap of many blocks."""
    with RackRig(player, RACKS[stage]) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.now_ns)
        rig.turn(60)

        def wait():
            rig.turn(callbacks, rendering=False)
            time.sleep(callbacks * CALLBACK / RATE_HZ)

        slowcoach.waits.append(wait)
        rig.turn(60)
        now = rig.engine.snapshot()
        assert now.underruns == 1
        assert now.underrun is not None, "an underrun that is counted is explained"
        assert now.underrun.stage == stage
        assert ADVICE[stage] in str(now.underrun)
        assert now.underrun.took_ms > callbacks * CALLBACK * 1000 / RATE_HZ
        assert np.abs(rig.audio()[-2000:]).max() > 0.01
        assert rig.engine.ring.readable <= now.latency.ring_target_samples


def test_load_that_is_shed_is_told(player, slowcoach):
    with RackRig(player, RACKS["guests"], EngineConfig(steps=2, sheds_load=True)) as rig:
        rig.begin()
        assert rig.engine.snapshot().steps == 2
        slowcoach.waits += [lambda: time.sleep(0.011)] * 3
        rig.turn(20)
        now = rig.engine.snapshot()
        assert now.steps < 2
        assert now.shed.steps == now.steps


# --- a device that comes late


def test_a_device_that_comes_seconds_late_changes_no_delay_and_loses_no_key(player):
    with RackRig(player, PIANO) as rig:
        keyboard, total = rig.listen(), rig.engine.latency.total_samples
        rig.begin()
        assert rig.delay(keyboard) == total
        for gap_s in (0.2, 3.0, 3600.0):
            begin = rig.engine.outlet.position
            keyboard.press(rig.now_ns + gap_s * 1e9 / 2)
            rig.lose_time(gap_s)
            rig.turn(total // CALLBACK + 1)
            assert np.abs(rig.audio()[begin:]).max() > 0.001, "a key of the gap is heard no later than any"
            keyboard.press(rig.now_ns, NOTE_OFF)
            rig.turn(800)
            assert rig.chain.silent
            assert rig.delay(keyboard) == pytest.approx(total, abs=1)
        assert rig.engine.snapshot().underruns == 0


@pytest.mark.parametrize("gap_s", [0.05, 0.2, 0.45, 2.0])
@pytest.mark.parametrize("wait_s", [0.0, 0.3])
def test_a_device_that_hangs_and_catches_up_delays_no_key(player, gap_s, wait_s):
    """As the paced clock does after up to half a second, and audio servers with long buffers."""
    with RackRig(player, PIANO) as rig:
        keyboard, total = rig.listen(), rig.engine.latency.total_samples
        rig.begin()
        rig.turn(400)
        rig.hang(gap_s)
        rig.turn(1 + round(wait_s * RATE_HZ / CALLBACK))
        late = RATE_HZ // 100
        delay = rig.delay(keyboard)
        assert delay <= total + late
        if wait_s:
            assert delay >= total - late, "by then it is as constant as before"
