"""Who makes the next block: the voice takes over from models that are late, until they keep up again."""

from __future__ import annotations

import pytest

from neume.synth.hand_over import (
    CALM_MS,
    FIRST_REHEARSALS,
    FIRST_REST_BLOCKS,
    MOST_REHEARSALS,
    MOST_REST_BLOCKS,
    HandOver,
)

BLOCK_MS, FULL_MS, PERIOD_MS = 10.0, 8.0, 2.0


@pytest.fixture
def hand_over():
    return HandOver(BLOCK_MS, FULL_MS, PERIOD_MS)


def rehearsals_until_handed_back(hand_over, took_ms=4.0, most=10_000):
    for count in range(1, most):
        hand_over.voice_took(0.5)
        if hand_over.wants_rehearsal(FULL_MS):
            hand_over.rehearsed(took_ms)
        if not hand_over.plain:
            return count
    return most


def test_models_in_time_are_left_alone(hand_over):
    for spare_ms in (0.0, 8.0, 6.0, 5.0):
        assert not hand_over.decide(spare_ms)
        hand_over.models_took(6.9)


@pytest.mark.parametrize(
    ("took_ms", "spare_ms", "plain"), [(5, 3.1, False), (5, 2.9, True), (0.1, -0.1, True)]
)
def test_the_voice_takes_over_when_the_models_would_surely_be_late(hand_over, took_ms, spare_ms, plain):
    for _ in range(8):
        hand_over.models_took(took_ms)
    assert hand_over.decide(spare_ms) is plain


def test_one_long_block_does_not_make_the_next_ones_late(hand_over):
    for took_ms in (5, 5, 5, 40, 5):
        hand_over.models_took(took_ms)
    assert not hand_over.decide(4.0)


def test_it_hands_back_after_rehearsals_in_time_in_a_row(hand_over):
    hand_over.decide(-5.0)
    assert not hand_over.wants_rehearsal(FULL_MS - 1.0), "the voice is still catching up"
    hand_over.rehearsed(4.0)
    hand_over.rehearsed(7.5)  # within the block, but not within what there is
    assert rehearsals_until_handed_back(hand_over) == FIRST_REHEARSALS
    assert not hand_over.decide(FULL_MS)


def test_each_relapse_doubles_the_rehearsals_and_a_calm_time_forgives(hand_over):
    needed = []
    for _ in range(8):
        hand_over.models_took(9.0)
        assert hand_over.decide(-1.0)
        needed.append(rehearsals_until_handed_back(hand_over))
    assert needed == [min(FIRST_REHEARSALS * 2**n, MOST_REHEARSALS) for n in range(8)]
    for _ in range(int(CALM_MS / BLOCK_MS)):
        hand_over.models_took(4.0)
    assert hand_over.decide(-1.0)
    assert rehearsals_until_handed_back(hand_over) == FIRST_REHEARSALS


def test_a_device_that_takes_too_much_at_once_is_not_the_models_fault(hand_over):
    for _ in range(8):
        hand_over.models_took(4.0)
        assert hand_over.decide(-1.0)
        assert rehearsals_until_handed_back(hand_over) == FIRST_REHEARSALS


def test_models_that_are_slower_than_time_rehearse_rarely(hand_over):
    hand_over.decide(-1.0)
    rests, resting = [], 0
    while len(rests) < 8:
        if hand_over.wants_rehearsal(FULL_MS):
            hand_over.rehearsed(30.0)
            rests.append(resting)
            resting = 0
        else:
            resting += 1
    assert rests == [0, *(min(FIRST_REST_BLOCKS * 2**n, MOST_REST_BLOCKS) for n in range(7))]
    assert hand_over.plain


def test_models_that_have_failed_rest_before_they_rehearse(hand_over):
    hand_over.models_failed()
    assert hand_over.plain
    for _ in range(FIRST_REST_BLOCKS):
        assert not hand_over.wants_rehearsal(FULL_MS)
    assert hand_over.wants_rehearsal(FULL_MS)
    hand_over.rehearsed(0.1, failed=True)
    assert not hand_over.wants_rehearsal(FULL_MS)


def test_a_voice_that_is_no_help_stands_back_for_a_while(hand_over):
    """What is slow is not the models but, say, a plug-in."""
    assert hand_over.decide(-1.0)
    hand_over.voice_took(12.0)
    decided = [hand_over.decide(-1.0) for _ in range(MOST_REST_BLOCKS + 1)]
    assert decided == [False] * MOST_REST_BLOCKS + [True]
