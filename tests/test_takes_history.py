"""The history of a chain: which events a take begins with, and from which frame on."""

from __future__ import annotations

import threading

import pytest
from takes_rig import BLOCK, RATE_HZ, RECIPE, recipe

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, ProgramChange, SystemReset
from neume.synth.takes import History, on_time
from neume.synth.takes.history import MAX_LEAD_IN_S


def told(blocks, history=None):
    """A history of blocks from frame 0 on; each is a pair: its events, and whether it began in silence."""
    history = history or History(RECIPE)
    for index, (events, silent) in enumerate(blocks):
        history.block(index * BLOCK, events, silent)
    return history


def note(block, key=60):
    return NoteOn(block * BLOCK + 7, 0, key, 100)


def test_a_take_begins_in_the_silence_that_it_starts_in():
    history = told(
        [([], True), ([ControlChange(600, 3, 7, 9)], True), ([], True), ([note(3)], True), ([], False)]
    )
    opening = history.opening(3 * BLOCK)
    used = recipe(start_frame=3 * BLOCK, audio_frame=3 * BLOCK, chased=1)
    assert (opening.recipe, opening.events) == (used, (ControlChange(3 * BLOCK, 3, 7, 9),))
    assert history.since(opening.following, 10**9) == ([note(3)], 2)
    inside = history.opening(2 * BLOCK + 100)
    assert (inside.recipe.start_frame, inside.recipe.audio_frame) == (2 * BLOCK, 2 * BLOCK + 100)


def test_the_very_first_block_has_nothing_to_set():
    opening = told([([ProgramChange(0, 3, 9)], True), ([], True)]).opening(0)
    assert (opening.recipe, opening.events, opening.following) == (RECIPE, (), 0)


def test_a_take_that_starts_amid_sounds_begins_in_the_silence_before():
    history = told([([], True), ([note(1)], True), *[([], False)] * 5, ([note(7, 62)], False), ([], False)])
    opening = history.opening(7 * BLOCK + 3)
    assert opening.recipe == recipe(start_frame=BLOCK, audio_frame=7 * BLOCK + 3)
    assert history.since(opening.following, 10**9)[0] == [note(1), note(7, 62)]


def test_without_a_silence_the_held_keys_are_pressed_again():
    volume, pan = ControlChange(0, 0, 7, 11), ControlChange(BLOCK + 8, 0, 10, 0)
    history = told([([volume, note(0, 50), note(0)], False), ([pan, NoteOff(BLOCK + 9, 0, 50)], False)])
    for _ in range(2):
        history.block(history.frame + BLOCK, [], False)
    opening = history.opening(2 * BLOCK + 5)
    start = 2 * BLOCK
    assert opening.recipe == recipe(start_frame=start, audio_frame=start + 5, chased=2, exact=False)
    assert opening.events == (
        ControlChange(start, 0, 7, 11),
        ControlChange(start, 0, 10, 0),
        NoteOn(start, 0, 60, 100),
    )


def test_a_silence_too_long_ago_is_none():
    history = told([([note(0)], True)])
    far = int(MAX_LEAD_IN_S * RATE_HZ)
    assert history.opening(far).recipe.exact
    opening = history.opening(far + 1)
    assert (opening.recipe.exact, opening.recipe.start_frame) == (False, far // BLOCK * BLOCK)


def test_a_full_log_forgets_the_oldest_events_but_not_what_they_set():
    history = History(RECIPE, max_events=100)
    history.block(0, [PitchBend(0, 5, 44), NoteOn(1, 5, 60, 3)], True)
    for block in range(1, 300):
        history.block(block * BLOCK, [ControlChange(block * BLOCK, 0, 7, block % 128)], block % 50 == 0)
    opening = history.opening(270 * BLOCK)
    start = 250 * BLOCK
    assert opening.recipe == recipe(start_frame=start, audio_frame=270 * BLOCK, chased=2)
    assert opening.events == (PitchBend(start, 5, 44), ControlChange(start, 0, 7, 249 % 128))
    events, following = history.since(opening.following, 252 * BLOCK)
    assert events == [ControlChange(block * BLOCK, 0, 7, block % 128) for block in (250, 251)]
    assert following == opening.following + 2
    old = history.opening(180 * BLOCK)  # the silence at block 150 is known, the events after it are not
    assert (old.recipe.exact, old.recipe.start_frame) == (False, 180 * BLOCK)
    assert NoteOn(180 * BLOCK, 5, 60, 3) in old.events
    assert len(history.since(0, 10**9)[0]) == 100


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_the_log_goes_round(size):
    history = History(RECIPE, max_events=64)
    events = [NoteOn(index, 0, index % 128, 1) for index in range(1000)]
    number, heard = 0, []
    for first in range(0, 1000, size):
        history.block(first, events[first : first + size], False)
        found, number = history.since(number, 10**9)
        heard += found
    assert heard == events


def test_every_kind_of_event_is_logged_as_it_is():
    events = [
        SystemReset(3),
        Panic(4),
        NoteOn(4, 15, 127, 127),
        NoteOff(5, 0, 0),
        ControlChange(2**40, 9, 1, 0),
    ]
    history = told([(events, False)])
    assert history.since(0, 2**41) == (events, 5)
    assert history.since(0, 5) == (events[:3], 3)
    assert history.since(5, 2**41) == ([], 5)


def test_late_events_count_as_of_the_block_that_they_came_in():
    late, early = NoteOn(5, 0, 60, 1), NoteOn(2 * BLOCK, 0, 61, 1)
    assert on_time([late, early], BLOCK) == [NoteOn(BLOCK, 0, 60, 1), early]
    history = History(RECIPE)
    history.block(BLOCK, [late, early], False)
    assert history.since(0, 10**9)[0] == [NoteOn(BLOCK, 0, 60, 1), early]


def test_disturbances_are_told_of_the_takes_that_have_them():
    history = told([([], True)] * 20)
    history.disturbed(10 * BLOCK)
    used = history.opening(5 * BLOCK).recipe
    assert not history.closed(used, 5 * BLOCK, 6 * BLOCK).exact
    up_to_there = 5 * BLOCK - RECIPE.lookahead_samples  # what the blocks 5 to 9 have made
    closed = history.closed(used, 5 * BLOCK, up_to_there)
    assert closed == recipe(start_frame=5 * BLOCK, audio_frame=5 * BLOCK, frames=up_to_there)
    assert not history.closed(used, 5 * BLOCK, up_to_there + 1).exact
    assert history.closed(history.opening(11 * BLOCK).recipe, 11 * BLOCK, 4 * BLOCK).exact


def test_another_chain_begins_another_history():
    history = told([([PitchBend(0, 1, 5)], True), ([], True)])
    history.change(recipe(seed=8), 2 * BLOCK)
    assert not history.opening(BLOCK).recipe.exact
    history.block(2 * BLOCK, [], True)
    opening = history.opening(2 * BLOCK)
    assert opening.recipe == recipe(seed=8, start_frame=2 * BLOCK, audio_frame=2 * BLOCK, chased=1)


def test_reading_while_the_chain_goes_on():
    """What is read is what the numbers say, also where the log has gone round since."""
    history, heard, number = History(RECIPE, max_events=4096), 0, 0
    events = [NoteOn(index, 0, index % 128, 1 + index % 127) for index in range(30_000)]

    def render():
        for first in range(0, len(events), 10):
            history.block(first, events[first : first + 10], first % 100 == 0)

    renderer = threading.Thread(target=render)
    renderer.start()
    while number < len(events):
        found, number = history.since(number, 10**9)
        assert found == events[number - len(found) : number]
        heard += len(found)
    renderer.join()
    assert heard >= 4096
