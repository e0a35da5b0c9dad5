"""The events that bring fresh channels to where earlier events have brought others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_takes_midi import at_zero

from neume.synth.channels import Channels
from neume.synth.events import CHANNELS, ControlChange, NoteOff, NoteOn, Panic, ProgramChange, SystemReset
from neume.synth.notes import NoteTable
from neume.synth.takes.chase import Chase
from neume.synth.takes.recipe import MAX_CHASED
from neume.synth.voices import VoiceTable

telling = st.sampled_from([0, 32, 6, 38, 98, 99, 100, 101, 1, 7, 10, 11, 64, 66, 67, 120, 121, 123])
few = st.sampled_from([0, 1, 9])  # the drum channel among them
controls = st.builds(ControlChange, st.just(0), few, telling, st.sampled_from([0, 1, 63, 64, 120, 121, 127]))
programs = st.builds(ProgramChange, st.just(0), few, st.integers(0, 127))
streams = st.lists(st.one_of(controls, controls, programs, at_zero), max_size=60)


def followed(events) -> Chase:
    chase = Chase()
    for event in events:
        chase.follow(event)
    return chase


def bend_ranges_rounded(channels: Channels):
    """A range that data entry has reached in two ways may differ in its last bit."""
    states = channels.state()
    for state in states:
        state.bend_range_semitones = round(state.bend_range_semitones, 6)
    return states


@settings(deadline=None, max_examples=300)
@given(streams)
def test_the_controllers_set_what_was_set(events):
    before = followed(events)
    chased = list(before.controllers(frame=77))
    assert all(event.frame == 77 for event in chased)
    assert bend_ranges_rounded(followed(chased).channels) == bend_ranges_rounded(before.channels)


@settings(deadline=None, max_examples=300)
@given(streams)
def test_it_follows_events_as_a_note_table_does(events):
    table = NoteTable(64, VoiceTable.from_anchors({}))
    for event in events:
        table.apply(event)
    assert followed(events).channels.state() == table.channels.state()


def test_what_was_said_last_is_said_in_the_order_in_which_it_was_said():
    """A part that hears two channels has the pan of the one that spoke last."""
    first, other, last = ControlChange(0, 3, 10, 1), ControlChange(1, 2, 10, 2), ControlChange(2, 3, 10, 3)
    unknown = ControlChange(0, 5, 74, 99)  # may be for an instrument or an effect
    chased = list(followed([unknown, first, other, last]).controllers(7))
    assert chased == [replace(event, frame=7) for event in (unknown, other, last)]


def test_a_parameter_is_told_with_its_number():
    address = [ControlChange(0, 1, 101, 0), ControlChange(0, 1, 100, 0)]
    entry = [ControlChange(0, 1, 6, 12)]
    away = [ControlChange(0, 1, 101, 127), ControlChange(0, 1, 100, 127)]
    assert list(followed([*address, *entry, *away]).controllers(0)) == [*address, *entry, *away]
    assert list(followed(entry).controllers(0)) == []  # data for no parameter


def test_fresh_channels_need_nothing():
    assert list(Chase().controllers(0)) == []
    on_all = [ControlChange(0, channel, 7, 1) for channel in range(CHANNELS)]
    assert list(followed([*on_all, SystemReset(0)]).controllers(0)) == [SystemReset(0)]
    pedals = [ControlChange(0, 0, number, 127) for number in (64, 66, 67)]
    assert list(followed([*pedals, Panic(0)]).controllers(0)) == []


def test_memory_is_bounded():
    """There are 16 000 parameters a channel, and a stranger's keyboard may turn them all."""
    chase = Chase()
    for parameter in range(128 * 64):
        chase.follow(ControlChange(0, 0, 99, parameter // 128))
        chase.follow(ControlChange(0, 0, 98, parameter % 128))
        chase.follow(ControlChange(0, 0, 6, 1))
    assert len(list(chase.controllers(0))) <= MAX_CHASED


def test_held_keys_are_those_that_are_down():
    events = [NoteOn(0, 0, 60, 90), NoteOn(0, 0, 62, 91), NoteOn(0, 1, 60, 92), NoteOff(0, 0, 60)]
    assert list(followed(events).keys(5)) == [NoteOn(5, 0, 62, 91), NoteOn(5, 1, 60, 92)]
    for last, left in (
        (ControlChange(0, 0, 123, 0), [NoteOn(5, 1, 60, 92)]),
        (SystemReset(0), []),
        (Panic(0), []),
    ):
        assert list(followed([*events, last]).keys(5)) == left
