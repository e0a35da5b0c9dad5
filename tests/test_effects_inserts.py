"""The insert chain: changed while it plays, without clicks, and with the tails of what stays."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from effect_rig import BLOCK, RATE_HZ, in_blocks, noise, prepared, roughness, tone
from insert_rig import Gain, Insert, chain, play

from neume.synth.effects.inserts import MAX_INSERTS, InsertChain
from neume.synth.errors import UsageError


def test_without_inserts_the_audio_itself_comes_out() -> None:
    audio = noise(BLOCK)
    assert chain().process(audio) is audio
    assert chain(Insert("reverb", bypassed=True)).process(audio) is audio


def test_effects_run_in_order_with_their_values_from_the_first_sample_on() -> None:
    reverb, low = {"mix": 0.7, "size_s": 3.0}, {"low_db": 12.0}
    made = play(chain(Insert("equaliser", low), Insert("reverb", reverb)), noise(5_000))
    alone = in_blocks(prepared("reverb", reverb), in_blocks(prepared("equaliser", low), noise(5_000)))
    assert np.array_equal(made, alone)


@pytest.mark.parametrize("block", [1, 255, 257, 4096])
def test_blocks_of_any_size_make_the_same_samples(block: int) -> None:
    inserts = [Insert("chorus"), Insert("delay", {"left_ms": 20.0}), Insert("reverb"), Insert("equaliser")]
    audio = noise(1_000 if block == 1 else 20_000)
    assert np.array_equal(play(chain(*inserts), audio, block), play(chain(*inserts), audio))


def test_a_value_that_changes_keeps_the_tail() -> None:
    """The same effect goes on: a reverb in the chain sounds like one whose knob was turned."""
    audio = noise(40 * BLOCK)
    audio[10 * BLOCK :] = 0.0
    inserts, alone = chain(Insert("reverb", {"mix": 1.0})), prepared("reverb", {"mix": 1.0})
    before = play(inserts, audio[: 12 * BLOCK])
    inserts.change([Insert("equaliser", bypassed=True), Insert("reverb", {"mix": 1.0, "size_s": 5.0})])
    made = np.concatenate([before, play(inserts, audio[12 * BLOCK :])])
    assert np.array_equal(made, in_blocks(alone, audio, BLOCK, [(12 * BLOCK, "size_s", 5.0)]))


def test_a_value_that_is_left_out_goes_back_to_its_default() -> None:
    inserts = chain(Insert("gain", {"amount": 0.25}))
    audio = noise(BLOCK)
    assert np.array_equal(inserts.process(audio), audio / 4)
    inserts.change([Insert("gain")])
    assert np.array_equal(inserts.process(audio), audio)


LOW, HIGH = Insert("equaliser", {"low_db": 12.0}), Insert("equaliser", {"low_db": -12.0})
ECHO, HALL = Insert("delay", {"mix": 0.5, "left_ms": 20.0}), Insert("reverb", {"mix": 0.6})
CHANGES = {
    "insert": ([], [LOW]),
    "remove": ([LOW], []),
    "replace": ([LOW], [ECHO]),
    "insert before": ([HALL], [LOW, HALL]),
    "remove between": ([LOW, ECHO, HALL], [LOW, HALL]),
    "swap": ([LOW, HALL], [HALL, LOW]),
    "turn round": ([LOW, ECHO, HALL], [HALL, ECHO, LOW]),
    "bypass": ([LOW, HALL], [LOW, Insert("reverb", bypassed=True)]),
    "enable": ([Insert("reverb", bypassed=True)], [HALL]),
    "everything": ([LOW, ECHO], [HALL, HIGH]),
    "one that is missing": ([HALL], [Insert("missing"), HALL]),
}


@pytest.mark.parametrize("case", CHANGES)
def test_no_change_clicks(case: str) -> None:
    """At the crest of a tone, where an effect that began at once would begin with a step."""
    before, after = CHANGES[case]
    inserts = chain(*before)
    audio = tone(2 * RATE_HZ)
    crest = RATE_HZ // 2 + 60
    first = play(inserts, audio[:crest])
    inserts.change(after)
    made = np.concatenate([first, play(inserts, audio[crest:])])
    assert roughness(made) < 0.01 * np.abs(made).max()


@pytest.mark.parametrize("case", CHANGES)
def test_every_change_arrives(case: str) -> None:
    before, after = CHANGES[case]
    inserts, fresh = chain(*before), chain(*after)
    audio = noise(4 * RATE_HZ)
    play(inserts, audio[: 20 * BLOCK])
    inserts.change(after)
    made, alone = play(inserts, audio)[-RATE_HZ:], play(fresh, audio)[-RATE_HZ:]
    levels = [
        np.abs(np.fft.rfft(heard[:, 0]))[2:20_000].reshape(-1, 1111).std(axis=1) for heard in (made, alone)
    ]
    np.testing.assert_allclose(levels[0], levels[1], rtol=0.2)


def test_changes_one_upon_the_other() -> None:
    """Every block another chain: nothing clicks, and of what has left nothing stays."""
    inserts = chain(LOW)
    audio, made, plans = tone(60 * BLOCK), [], [after for _, after in CHANGES.values()]
    for index in range(60):
        inserts.change(plans[index % len(plans)] if index < 50 else [])
        made.append(inserts.process(audio[index * BLOCK : (index + 1) * BLOCK]))
    assert roughness(np.concatenate(made)) < 0.02 * np.abs(np.concatenate(made)).max()
    assert made[-1].base is audio


def test_a_bypassed_effect_forgets_its_tail() -> None:
    inserts = chain(Insert("reverb", {"mix": 1.0}))
    play(inserts, noise(20 * BLOCK))
    inserts.change([Insert("reverb", {"mix": 1.0}, bypassed=True)])
    silence = np.zeros((2 * BLOCK, 2), np.float32)
    play(inserts, silence)
    inserts.change([Insert("reverb", {"mix": 1.0})])
    assert not play(inserts, silence).any()


def test_a_knob_moves_one_parameter() -> None:
    inserts = chain(Insert("chorus", bypassed=True), Insert("gain"))
    inserts.set(1, "amount", 0.5)
    audio = noise(BLOCK)
    assert np.array_equal(inserts.process(audio), audio / 2)
    for _ in range(3):
        inserts.set(1, "colour", 0.5)
    assert [fault.reason for fault in inserts.faults] == ["there is no parameter 'colour'; there are amount"]


def test_reset_silences_every_tail() -> None:
    inserts = chain(Insert("delay", {"mix": 1.0, "left_ms": 20.0}), Insert("reverb", {"mix": 1.0}))
    assert play(inserts, noise(20 * BLOCK)).any()
    inserts.reset()
    assert not play(inserts, np.zeros((20 * BLOCK, 2), np.float32)).any()


def test_a_restored_chain_goes_on_sample_for_sample() -> None:
    plan = [Insert("chorus"), Insert("reverb", {"size_s": 1.0}), Insert("missing")]
    inserts, other = chain(*plan), chain(*plan)
    audio = noise(20 * BLOCK)
    play(inserts, audio)
    other.restore(inserts.state())
    assert np.array_equal(play(other, audio), play(inserts, audio))


def test_tails_add_up_without_those_that_are_not_heard() -> None:
    inserts = chain(Insert("gain"), Insert("gain", bypassed=True), Insert("gain"), Insert("missing"))
    assert inserts.tail_s == 1.0
    Endless = type("Endless", (Gain,), {"tail_s": float("inf")})
    assert InsertChain(RATE_HZ, BLOCK, [Insert("x")], lambda _id: Endless()).tail_s == 60.0


def test_too_many_inserts() -> None:
    with pytest.raises(UsageError, match=f"{MAX_INSERTS + 1} inserts; allowed are at most {MAX_INSERTS}"):
        chain(*[Insert("gain")] * (MAX_INSERTS + 1))


def test_an_empty_block_passes() -> None:
    audio = noise(0)
    assert chain(Insert("reverb")).process(audio) is audio


def test_changes_come_from_another_thread_while_it_plays() -> None:
    """A second of changes as fast as they go: every block is finite, and the last plan plays."""
    inserts = chain()
    plans = [after for _, after in CHANGES.values()]
    ending = threading.Event()

    def change() -> None:
        count = 0
        while not ending.is_set():
            inserts.change(plans[count % len(plans)])
            count += 1
            time.sleep(0.001)
        inserts.change([Insert("gain", {"amount": 0.5})])

    changer = threading.Thread(target=change)
    changer.start()
    audio, end_s = tone(BLOCK), time.monotonic() + 1.0
    while time.monotonic() < end_s:
        assert np.isfinite(inserts.process(audio)).all()
        assert all(fault.effect == "missing" for fault in inserts.faults)
    ending.set()
    changer.join()
    inserts.process(audio)
    inserts.process(audio)
    assert np.array_equal(inserts.process(audio), audio / 2)
