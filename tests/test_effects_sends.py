"""What is sent to a reverb or a chorus: the dry sound stays, the wet one is made of what is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from effect_rig import BLOCK, RATE_HZ, in_blocks, noise, prepared, roughness, tone
from hypothesis import given, settings
from hypothesis import strategies as st
from insert_rig import Gain, Insert, chain

from neume.synth.effects.builtin import BuiltInEffect
from neume.synth.effects.inserts import InsertChain
from neume.synth.effects.sends import SENDS, Send

BRIEF = {
    "reverb": {"mix": 0.4, "size_s": 0.2, "predelay_ms": 0.0},
    "chorus": {"mix": 0.4},
}
SILENCE = np.zeros((BLOCK, 2), np.float32)


def sent_in_blocks(
    effect: Any, audio: np.ndarray, sent: np.ndarray, sizes: Callable[[int], int]
) -> np.ndarray:
    made, begin = [], 0
    while begin < len(audio):
        rows = slice(begin, begin + sizes(begin))
        made.append(effect.process(audio[rows], sent[rows]))
        begin = rows.stop
    return np.concatenate(made)


@pytest.mark.parametrize("effect_id", SENDS)
def test_sent_all_that_passes_it_sounds_as_ever(effect_id: str) -> None:
    audio = noise(20_000)
    audio[5_000:12_000] = 0.0
    made = sent_in_blocks(prepared(effect_id), audio, audio.copy(), lambda _: BLOCK)
    assert np.array_equal(made, in_blocks(prepared(effect_id), audio))


@pytest.mark.parametrize("effect_id", SENDS)
def test_all_wet_only_what_is_sent_is_heard(effect_id: str) -> None:
    audio, sent = noise(9_000), noise(9_000, seed=1)
    made = sent_in_blocks(prepared(effect_id, {"mix": 1.0}), audio, sent, lambda _: BLOCK)
    assert np.array_equal(made, in_blocks(prepared(effect_id, {"mix": 1.0}), sent))


@pytest.mark.parametrize("effect_id", SENDS)
def test_what_is_not_sent_stays_dry(effect_id: str) -> None:
    audio = noise(9_000)
    made = sent_in_blocks(prepared(effect_id, {"mix": 0.4}), audio, np.zeros_like(audio), lambda _: BLOCK)
    np.testing.assert_allclose(made, audio * np.cos(0.4 * np.pi / 2), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SENDS), st.lists(st.integers(1, 700), min_size=1, max_size=12), st.data())
def test_any_cut_makes_the_same_samples(effect_id: str, sizes: list[int], data: st.DataObject) -> None:
    """Also where one of the two is silent, and where both are."""
    audio, sent = noise(sum(sizes)), noise(sum(sizes), seed=1)
    places = np.arange(len(audio)) % 900
    audio[places > data.draw(st.integers(0, 900))] = 0.0
    sent[places > data.draw(st.integers(0, 900))] = 0.0
    ends = dict(zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False))
    cut = sent_in_blocks(prepared(effect_id, BRIEF[effect_id]), audio, sent, ends.__getitem__)
    assert np.array_equal(cut, prepared(effect_id, BRIEF[effect_id]).process(audio, sent))


@pytest.mark.parametrize("effect_id", SENDS)
def test_it_sleeps_only_while_both_are_silent(effect_id: str) -> None:
    effect = prepared(effect_id, BRIEF[effect_id])
    assert isinstance(effect, BuiltInEffect)
    patience = int(2 * effect.tail_s * RATE_HZ / BLOCK) + 3
    assert not effect.process(SILENCE, SILENCE).any()
    for _ in range(patience):
        effect.process(SILENCE, noise(BLOCK))
    assert effect.process(SILENCE, noise(BLOCK)).any(), "what is sent keeps it awake"
    for _ in range(patience):
        assert effect.process(noise(BLOCK), SILENCE).any(), "and so does what passes"
    for _ in range(patience):
        effect.process(SILENCE, SILENCE)
    assert not effect.state().awake


# --- in a chain


def everything(count: int) -> np.ndarray:
    return np.ones((count, 1), np.float32)


def test_a_send_goes_to_every_effect_of_its_id_and_to_no_other() -> None:
    audio, more = noise(6_000), noise(6_000, seed=3)
    share = np.float32(0.25) * everything(6_000)
    low, wet = {"low_db": 12.0}, {"mix": 0.7}
    made = chain(Insert("equaliser", low), Insert("reverb", wet), Insert("chorus")).process(
        audio, {"reverb": Send(share, more)}
    )
    filtered = prepared("equaliser", low).process(audio)
    alone = prepared("reverb", wet)
    assert isinstance(alone, BuiltInEffect)
    reverberant = alone.process(filtered, filtered * share + more)
    assert np.array_equal(made, prepared("chorus").process(reverberant))


def test_all_of_it_and_no_more_is_what_reaches_the_effect() -> None:
    audio = noise(6_000)
    inserts = [Insert("equaliser", {"low_db": 12.0}), Insert("chorus"), Insert("reverb")]
    whole = dict.fromkeys(SENDS, Send(everything(6_000)))
    assert np.array_equal(chain(*inserts).process(audio, whole), chain(*inserts).process(audio))


def test_an_effect_of_another_house_knows_nothing_of_sends() -> None:
    """Even one that is called reverb."""
    inserts = InsertChain(RATE_HZ, BLOCK, [Insert("reverb", {"amount": 0.5})], lambda _: Gain())
    audio = noise(BLOCK)
    made = inserts.process(audio, {"reverb": Send(0 * everything(BLOCK))})
    assert np.array_equal(made, audio / 2)
    assert inserts.faults == ()


@pytest.mark.parametrize("effect_id", SENDS)
def test_an_insert_that_comes_and_goes_while_it_is_sent_more_does_not_click(effect_id: str) -> None:
    inserts, audio, made = chain(), tone(60 * BLOCK), []
    for index in range(60):
        if index % 20 == 10:
            inserts.change([Insert(effect_id, {"mix": 0.6})] if index < 40 else [])
        made.append(
            inserts.process(
                audio[index * BLOCK : (index + 1) * BLOCK], {effect_id: Send(3 * everything(BLOCK))}
            )
        )
    heard = np.concatenate(made)
    assert np.abs(heard).max() > 0.6, "it was heard"
    assert roughness(heard) < 0.02 * np.abs(heard).max()
