"""The guard around every insert: what an effect does wrong is named, it is passed by, the rest plays on."""

from __future__ import annotations

import numpy as np
import pytest
from effect_rig import BLOCK, RATE_HZ, noise, roughness, tone
from insert_rig import MISTAKES, Gain, Insert, chain, play

from neume.synth.effects.inserts import InsertChain


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_effect_that_fails_is_named_and_passed_by_and_the_rest_plays_on(mistake: str) -> None:
    inserts = chain(Insert("gain", {"amount": 0.5}), Insert(mistake), Insert("equaliser"))
    audio = tone(10 * BLOCK)
    made = play(inserts, audio)
    assert np.array_equal(made[: 2 * BLOCK], -0.5 * audio[: 2 * BLOCK])
    assert np.array_equal(made[3 * BLOCK :], 0.5 * audio[3 * BLOCK :])
    assert roughness(made) < 0.01 * np.abs(made).max()
    (fault,) = inserts.faults
    assert (fault.index, fault.effect, fault.muted) == (1, mistake, True)
    assert fault.reason.startswith(MISTAKES[mistake][1])


@pytest.mark.parametrize("method", ["prepare", "set", "reset", "state", "restore", "tail_s"])
def test_every_method_is_guarded(method: str) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    broken = type("Broken", (Gain,), {method: property(fail) if method == "tail_s" else fail})
    inserts = InsertChain(RATE_HZ, BLOCK, [Insert("gain"), Insert("broken")], lambda _id: broken())
    audio = noise(BLOCK)
    for _ in range(2):
        inserts.process(audio)
        inserts.set(1, "amount", 0.5)
        inserts.reset()
        inserts.restore(inserts.state())
        assert inserts.tail_s >= 0.0
    assert [fault.reason for fault in inserts.faults][-1] == f"{method} failed: RuntimeError: broken"
    assert np.array_equal(inserts.process(audio + 1), audio + 1)


def test_an_effect_that_is_missing_is_told_before_anything_plays() -> None:
    inserts = chain(Insert("missing", {"mix": 1.0}), Insert("gain", {"amount": 0.5}))
    (fault,) = inserts.faults
    assert (fault.index, fault.effect, fault.muted) == (0, "missing", True)
    assert fault.reason == "there is no 'missing'"
    audio = noise(BLOCK)
    assert np.array_equal(inserts.process(audio), audio / 2)


def test_values_that_mean_nothing_are_told_and_the_effect_plays() -> None:
    inserts = chain(Insert("gain", {"amount": np.nan, "colour": 3.0}), Insert("gain", {"amount": 99.0}))
    audio = noise(BLOCK)
    assert np.array_equal(inserts.process(audio), 2 * audio)
    assert [(fault.index, fault.muted, fault.reason) for fault in inserts.faults] == [
        (0, False, "amount = nan; allowed are 0 to 2"),
        (0, False, "there is no parameter 'colour'; there are amount"),
    ]
    inserts.change([Insert("gain"), Insert("gain")])
    inserts.process(audio)
    assert inserts.faults == ()


def test_a_failed_effect_gets_another_chance_after_a_bypass() -> None:
    inserts = chain(Insert("raises"))
    audio = noise(BLOCK)
    for _ in range(4):
        inserts.process(audio)
    inserts.change([Insert("raises", {"amount": 0.5})])
    inserts.process(audio)
    assert len(inserts.faults) == 1
    inserts.change([Insert("raises", bypassed=True)])
    inserts.process(audio)
    assert inserts.faults == ()
    inserts.change([Insert("raises")])
    inserts.process(audio)
    assert np.array_equal(inserts.process(audio)[-60:], -audio[-60:])
