"""A fallback in the engine: it plays on when the models are late or fail, hands back, and nothing sticks."""

from __future__ import annotations

import numpy as np
import pytest
from engine_rig import NOTE_OFF, NOTE_ON, RATE_HZ
from fallback_rig import BLOCK, CALLBACK, FallbackRig
from tiny_songs import write_loud_bundle

from neume.synth.bundle import open_bundle
from neume.synth.engine import Engine, EngineConfig
from neume.synth.fallback import PlainChain
from neume.synth.fallback_choice import Fallback
from neume.synth.outlet import FADE_SAMPLES
from neume.synth.stages import load_stages

TOO_SLOW = 6  # callbacks, 16 ms of a block's 10.7
SUSTAIN_DOWN, SUSTAIN_UP = bytes.fromhex("b0 40 7f"), bytes.fromhex("b0 40 00")


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_loud_bundle(folder)
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


def playing(rig, message=NOTE_ON):
    """A key is down for 0.3 s."""
    keyboard = rig.listen()
    rig.begin()
    keyboard.press(rig.now_ns, message)
    rig.turn_ms(300)
    assert (rig.now.underruns, rig.now.fallback_blocks) == (0, 0)
    return keyboard


def rms(audio):
    return float(np.sqrt(np.mean(np.square(audio))))


def windows(audio, samples=1024):
    return np.array([rms(audio[at : at + samples]) for at in range(0, len(audio) - samples, samples)])


@pytest.fixture(scope="module")
def undisturbed(player):
    """Five seconds of the key with models that are never late: loudness of each window."""
    with FallbackRig(player) as rig:
        playing(rig)
        rig.turn_ms(4700)
        return windows(rig.audio())


def test_slow_models_are_played_for_and_get_the_music_back(player, undisturbed):
    with FallbackRig(player) as rig:
        playing(rig)
        rig.slow.callbacks = TOO_SLOW
        rig.turn_ms(1000)
        slow = rig.now
        assert slow.fallback_plays
        assert slow.fallback_blocks > 60
        assert slow.underruns <= 6, "one to notice, the others by rehearsals that are too long"
        rig.slow.callbacks = 0
        rig.turn_ms(3000)
        assert not rig.now.fallback_plays
        made = rig.now.fallback_blocks
        rig.turn_ms(500)
        now = rig.now
        assert (now.fallback_blocks, now.underruns) == (made, slow.underruns)
        loudness = windows(rig.audio())
        louder = loudness[5:] / undisturbed[5 : len(loudness)]
        assert (louder > 0.5).mean() > 0.95
        assert louder.max() < 2.0
        assert now.fallback == "additive"


def test_silence_leaves_blocks_out_instead(player):
    with FallbackRig(player, Fallback.SILENCE) as rig:
        playing(rig)
        rig.slow.callbacks = TOO_SLOW
        rig.turn_ms(1000)
        assert (rig.now.fallback, rig.now.fallback_blocks) == ("silence", 0)
        assert rig.now.underruns > 20
        assert rig.now.blocks_left_out > 20


def test_one_long_block_costs_its_own_time_and_no_more(player):
    gaps = {}
    for fallback in Fallback:
        with FallbackRig(player, fallback) as rig:
            playing(rig)
            rig.slow.once = 12  # 32 ms
            rig.turn_ms(500)
            gaps[fallback] = np.count_nonzero(~rig.audio()[RATE_HZ // 5 :].any(axis=1))
            assert rig.now.underruns == 1
            assert not rig.now.fallback_plays
    assert gaps[Fallback.ADDITIVE] <= 9 * CALLBACK, "12 callbacks less the three that the ring had left"
    assert gaps[Fallback.SILENCE] >= gaps[Fallback.ADDITIVE] + BLOCK // 2


def test_nothing_clicks_at_the_hand_over(player, undisturbed):
    with FallbackRig(player) as rig:
        playing(rig)
        before = rig.audio()[-9600:]
        begin = rig.engine.outlet.position
        rig.slow.failure = RuntimeError("broken on purpose")  # the models are not late: no underrun, no fade
        rig.turn_ms(200)
        rig.slow.failure = None
        rig.turn_ms(1000)
        audio = rig.audio()[begin - CALLBACK :]
        assert rig.now.underruns == 0
        assert rig.now.fallback_blocks > 10
        assert not rig.now.fallback_plays
        assert np.abs(np.diff(audio, axis=0)).max() <= 1.5 * np.abs(np.diff(before, axis=0)).max()
        loudness = windows(rig.audio())
        louder = loudness[5:] / undisturbed[5 : len(loudness)]
        assert louder.min() > 0.5
        assert louder.max() < 2.0


def test_a_fade_of_the_outlet_is_the_only_step_of_an_underrun(player):
    with FallbackRig(player) as rig:
        playing(rig)
        before = rig.audio()[-9600:]
        begin = rig.engine.outlet.position
        rig.slow.callbacks = TOO_SLOW
        rig.turn_ms(500)
        audio = rig.audio()[begin:]
        steepest = 1.5 * np.abs(np.diff(before, axis=0)).max() + 2.0 * np.abs(audio).max() / FADE_SAMPLES
        assert np.abs(np.diff(audio, axis=0)).max() <= steepest


def test_models_that_fail_are_named_and_tried_again(player):
    with FallbackRig(player) as rig:
        playing(rig)
        rig.slow.failure = RuntimeError("broken on purpose")
        rig.turn_ms(2000)
        assert rig.now.faults == ("the models have failed: RuntimeError: broken on purpose",)
        assert rig.now.fallback_plays
        assert rms(rig.audio()[-4800:]) > 0.001
        rig.slow.failure = None
        rig.turn_ms(6000)
        assert rig.now.faults == ()
        assert not rig.now.fallback_plays


@pytest.mark.parametrize("fails", [False, True])
def test_keys_and_pedals_of_a_hand_over_are_right_afterwards(player, fails):
    with FallbackRig(player) as rig:
        keyboard = playing(rig)
        keyboard.press(rig.now_ns, SUSTAIN_DOWN)
        rig.slow.callbacks = 0 if fails else TOO_SLOW
        rig.slow.failure = RuntimeError("broken on purpose") if fails else None
        rig.turn_ms(200)
        keyboard.press(rig.now_ns, NOTE_OFF)
        keyboard.press(rig.now_ns, bytes.fromhex("90 40 64"))
        rig.turn_ms(100)
        assert sum(rig.now.sounding) == 2, "the pedal holds the first"
        keyboard.press(rig.now_ns, SUSTAIN_UP)
        rig.slow.callbacks, rig.slow.failure = 0, None
        rig.turn_ms(3000)
        assert not rig.now.fallback_plays
        assert sum(rig.now.sounding) == 1
        keyboard.press(rig.now_ns, bytes.fromhex("80 40 40"))
        rig.turn_ms(3000)
        assert sum(rig.now.sounding) == 0
        assert rig.chain.silent
        assert not rig.audio()[-BLOCK:].any()


def test_the_models_have_heard_what_the_voice_played(player):
    """After a hand-over the note tables are those of an engine that was never late."""
    tables = []
    for slow in (0, TOO_SLOW):
        with FallbackRig(player) as rig:
            keyboard = playing(rig)
            start = 7_000_000_000 + 400_000_000
            for number in range(20):
                message = bytes((0x90 if number % 3 else 0x80, 60 + number % 5, 64))
                keyboard.press(start + number * 13_000_000, message)
            rig.slow.callbacks = slow
            rig.turn_ms(400)
            rig.slow.callbacks = 0
            while rig.engine.outlet.position < 4 * RATE_HZ:
                rig.turn()
            tables.append(rig.chain.renderer.notes[0].slots.copy())
    usual, late = (table[table["active"]] for table in tables)
    assert usual["key"].tolist() == late["key"].tolist()
    assert usual["key_down"].tolist() == late["key_down"].tolist()
    assert np.abs(usual["onset"] - late["onset"]).max() <= 3 * BLOCK, "those of an underrun come late"


def test_the_delay_afterwards_is_what_it_was(player):
    with FallbackRig(player) as rig:
        keyboard = playing(rig)
        keyboard.press(rig.now_ns, NOTE_OFF)
        rig.slow.callbacks = TOO_SLOW
        rig.turn_ms(300)
        rig.slow.callbacks = 0
        rig.turn_ms(4000)
        assert rig.chain.silent
        stamp = rig.engine.outlet.position + 77
        keyboard.press(rig.ns_at(stamp))
        rig.turn(40)
        heard = np.flatnonzero(np.abs(rig.audio()[stamp:]).max(axis=1))
        assert heard[0] - 1 == rig.engine.latency.total_samples


def test_a_key_pressed_while_the_voice_plays_has_the_same_delay(player):
    with FallbackRig(player) as rig:
        keyboard = playing(rig)
        keyboard.press(rig.now_ns, NOTE_OFF)
        rig.turn_ms(3000)
        rig.slow.failure = RuntimeError("broken on purpose")
        keyboard.press(rig.now_ns, bytes.fromhex("91 3c 01"))  # the softest, so that the models are asked
        rig.turn_ms(100)
        assert rig.now.fallback_plays
        rig.turn(1)
        stamp = rig.engine.outlet.position + 77
        keyboard.press(rig.ns_at(stamp), bytes.fromhex("92 3c 7f"))
        rig.turn(40)
        audio = np.abs(rig.audio()[stamp:]).max(axis=1)
        softest = np.abs(rig.audio()[stamp - 1000 : stamp]).max()
        assert int(np.flatnonzero(audio > 3 * softest + 1e-5)[0]) - rig.engine.latency.total_samples in range(
            100
        )


def test_takes_are_told_which_blocks_are_not_the_models(player):
    with FallbackRig(player) as rig:
        playing(rig)
        assert rig.disturbed == []
        rig.slow.failure = RuntimeError("broken on purpose")
        rig.turn_ms(300)
        rig.slow.failure = None
        rig.turn_ms(1500)
        blocks = np.array(sorted(set(rig.disturbed))) // BLOCK
        assert len(blocks) == rig.now.fallback_blocks + 1, "and the one that fades back"
        assert np.diff(blocks).max() == 1


def test_shed_load_comes_from_rehearsals_too(player):
    with FallbackRig(player, sheds_load=True) as rig:
        playing(rig)
        rig.slow.callbacks = TOO_SLOW
        rig.turn_ms(3000)
        assert rig.now.shed is not None


def test_a_chain_without_a_voice_says_so(player):
    with FallbackRig(player, Fallback.SILENCE) as rig:
        assert isinstance(rig.chain, PlainChain)
        plain_config = EngineConfig(steps=0, fallback=Fallback.ADDITIVE)

        class Voiceless:
            """The chain without what a fallback asks of it."""

            def __init__(self, chain):
                self.renderer, self.timer, self.meters, self.faults = (
                    chain.renderer,
                    chain.timer,
                    chain.meters,
                    (),
                )
                self.block_samples, self.frame, self.silent, self.sounding = BLOCK, 0, True, ()

        engine = Engine(Voiceless(rig.chain), rig.engine.device, plain_config)
        assert engine.snapshot().fallback == "silence"
