"""A fallback under a rack: parts, inserts and master stay as they are while the voice stands in."""

from __future__ import annotations

import numpy as np
import pytest
from engine_rig import NOTE_OFF, NOTE_ON
from fallback_rig import BLOCK, FallbackRig
from tiny_songs import write_loud_bundle

from neume.synth.bundle import open_bundle
from neume.synth.fallback import PlainChain
from neume.synth.rack.part import Insert, Part, Rack
from neume.synth.rack_chain import RackChain
from neume.synth.stages import load_stages

TOO_SLOW = 6  # callbacks, 16 ms of a block's 10.7
LEFT = Part("left", program=19, channels=frozenset({0}), pan=-1.0)
RIGHT = Part("right", program=19, channels=frozenset({1}), pan=1.0)
BAND = Rack("band", (LEFT, RIGHT))

pytestmark = pytest.mark.skipif(
    not all(hasattr(RackChain, name) for name in ("plain", "rehearse")), reason="racks have no fallback"
)


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def rms(audio):
    return np.sqrt(np.mean(np.square(audio), axis=0))


def test_a_rack_has_what_a_fallback_asks_of_a_chain(player):
    with FallbackRig(player, rack=BAND) as rig:
        assert isinstance(rig.chain, PlainChain)
        assert rig.now.fallback == "additive"


@pytest.mark.parametrize("fails", [False, True])
def test_the_voice_plays_each_part_in_its_place(player, fails):
    with FallbackRig(player, rack=BAND) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.now_ns, NOTE_ON)
        rig.turn_ms(300)
        rig.slow.callbacks = 0 if fails else TOO_SLOW
        rig.slow.failure = RuntimeError("broken on purpose") if fails else None
        rig.turn_ms(500)
        assert rig.now.fallback_plays
        assert len(rig.now.faults) == fails
        left, right = rms(rig.audio()[-9600:])
        assert left > 0.001
        assert right < 1e-6
        keyboard.press(rig.now_ns, bytes.fromhex("91 40 64"))
        rig.turn_ms(500)
        left, right = rms(rig.audio()[-9600:])
        assert min(left, right) > 0.001, "a part that was silent plays as well"
        rig.slow.callbacks, rig.slow.failure = 0, None
        rig.turn_ms(4000)
        assert not rig.now.fallback_plays
        assert rig.now.faults == ()
        keyboard.press(rig.now_ns, NOTE_OFF)
        keyboard.press(rig.now_ns, bytes.fromhex("81 40 40"))
        rig.turn_ms(3000)
        assert sum(rig.now.sounding) == 0
        assert rig.chain.silent
        assert not rig.audio()[-BLOCK:].any()


def test_keys_released_while_the_voice_plays_are_up(player):
    with FallbackRig(player, rack=BAND) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.now_ns, NOTE_ON)
        rig.turn_ms(300)
        rig.slow.failure = RuntimeError("broken on purpose")
        rig.turn_ms(100)
        keyboard.press(rig.now_ns, NOTE_OFF)
        rig.turn_ms(3000)
        assert rig.chain.router.keys_down == 0
        assert sum(rig.now.sounding) == 0
        assert rig.chain.silent, "though the models still fail"


def test_inserts_ring_on(player):
    """The tail of the master's reverb goes over the hand-over without a gap."""
    wet = Rack("wet", (LEFT,), inserts=(Insert("reverb"),))
    with FallbackRig(player, rack=wet) as rig:
        keyboard = rig.listen()
        rig.begin()
        keyboard.press(rig.now_ns, NOTE_ON)
        rig.turn_ms(300)
        rig.slow.failure = RuntimeError("broken on purpose")
        rig.turn_ms(400)
        audio = rig.audio()[-int(0.5 * 48_000) :]
        assert rig.now.fallback_plays
        assert rms(audio)[1] > 1e-4, "the reverb's other side"
        pieces = audio[: len(audio) // 480 * 480].reshape(-1, 480, 2)
        assert np.sqrt(np.mean(np.square(pieces), axis=(1, 2))).min() > 0.001
