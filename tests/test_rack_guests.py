"""Guests that come, fail and go: which are kept, when they start anew, and that each is closed just once."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from rack_rig import BLOCK, Rig, opened, write_named

from neume.synth.events import NoteOn
from neume.synth.rack.part import Part, Rack

GUEST = Part("guest", instrument="plugin:logged")
RACK = Rack("guest", (GUEST, Part("home")))
LOUDER = Rack("guest", (replace(GUEST, volume_db=-3.0), Part("home")))
EMPTY = Rack("no guest", (Part("home"),))
FATAL_KEY = 13


class Logged:
    """A guest that writes down what happens to it, and fails on one key."""

    name = "logged"
    made: list[Logged] = []  # noqa: RUF012 - each test has a class of its own

    def __init__(self):
        self.calls, self.closed_by, self.sound = 0, [], 0.5
        type(self).made.append(self)

    def prepare(self, rate_hz, block_samples):
        self.block_samples = block_samples

    def render(self, events, start_frame):
        assert not self.closed_by, "rendered after it was closed"
        self.calls += 1
        if any(isinstance(event, NoteOn) and event.key == FATAL_KEY for event in events):
            raise ValueError("thirteen")
        return np.full((self.block_samples, 2), self.sound, np.float32)

    def reset(self): ...

    def state(self): ...

    def restore(self, state): ...

    def close(self):
        self.closed_by.append(threading.current_thread())


@pytest.fixture
def made(monkeypatch):
    """All guests that have been made in a test."""
    own = type("Logged", (Logged,), {"made": []})
    monkeypatch.setattr("neume.synth.rack_loading.load_plugin", lambda group, name: own)
    return own.made


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return opened(write_named(tmp_path_factory.mktemp("bundles"), "home"))


def test_a_guest_that_leaves_fades_and_is_closed_when_it_is_called_no_more(home, made):
    rig = Rig(home, RACK)
    rig.play(5)
    rig.change(EMPTY)
    assert rig.loader.let_go(rig.chain.departed) == ()
    assert made[0].closed_by == [], "the chain has not taken the rack yet"
    last = rig.play(1)
    assert last[:, 0].any()
    assert not rig.play(1).any()
    calls = made[0].calls
    rig.loader.let_go(rig.chain.departed)
    assert (made[0].closed_by, made[0].calls) == ([threading.current_thread()], calls)
    rig.loader.let_go(rig.chain.departed)
    rig.loader.close()
    assert len(made[0].closed_by) == 1


def test_guests_of_racks_that_come_and_go_within_one_block_are_closed_too(home, made):
    rig = Rig(home, RACK)
    rig.play(1)
    for rack in (EMPTY, RACK, EMPTY, RACK):
        rig.change(rack)
    rig.play(2)
    rig.loader.let_go(rig.chain.departed)
    assert [len(guest.closed_by) for guest in made] == [1, 1, 0]
    assert [guest.calls for guest in made] == [2, 0, 2]
    rig.loader.close()
    assert [len(guest.closed_by) for guest in made] == [1, 1, 1]


def test_a_guest_that_cannot_be_closed_is_told(home, made):
    rig = Rig(home, RACK)
    made[0].close = lambda: 1 / 0
    (told,) = rig.loader.close()
    assert told.startswith("instrument 'logged' could not be closed: ZeroDivisionError")


def test_a_guest_stays_while_its_part_keeps_its_instrument(home, made):
    rig = Rig(home, RACK)
    rig.change(LOUDER)
    rig.loader.try_again()
    rig.change(RACK)
    assert len(made) == 1


def test_a_guest_that_failed_starts_anew_with_a_preset_but_not_with_a_knob(home, made):
    rig = Rig(home, RACK)
    rig.play(1, NoteOn(10, 0, FATAL_KEY, 90))
    rig.change(LOUDER)
    rig.play(1)
    assert len(made) == 1
    assert "thirteen" in rig.chain.faults[0]
    rig.loader.try_again()
    rig.change(RACK)
    rig.play(1)
    rig.loader.let_go(rig.chain.departed)
    assert (len(made), rig.chain.faults) == (2, ())
    assert len(made[0].closed_by) == 1


def test_a_guest_that_failed_starts_anew_when_its_part_comes_back_to_it(home, made):
    rig = Rig(home, RACK)
    rig.play(1, NoteOn(10, 0, FATAL_KEY, 90))
    rig.change(Rack("other", (Part("home"), Part("home"))))
    rig.change(RACK)
    assert len(made) == 2


def test_a_plugin_that_is_not_there_is_told_as_long_as_it_is_wanted(home):
    rig = Rig(home, Rack("gone", (replace(GUEST, instrument="plugin:gone"), Part("home"))))
    (line,) = rig.problems
    assert line.startswith("part 1 is silent: there is no 'gone'")
    rig.change(rig.chain.rack)
    assert rig.problems == (line,)
    assert not rig.play(2).any()


def test_guest_and_stream_change_places_without_a_note_left_behind(home, made):
    rig = Rig(home, RACK)
    rig.play(5, NoteOn(100, 0, 60, 90), NoteOn(100, 1, 60, 90))
    rig.change(Rack("turned", tuple(reversed(RACK.parts))))
    rig.play(5, NoteOn(rig.frame, 0, 64, 90))
    made[-1].sound = 0.0
    rig.change(EMPTY)
    rig.play(2 * BLOCK // BLOCK)
    rig.play_until_silent()
    assert sum(rig.chain.sounding) == 0
