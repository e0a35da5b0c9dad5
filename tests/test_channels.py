"""Channels in the note table: drums, programs, bend ranges and controllers."""

import numpy as np
import pytest
from note_play import (
    CLOSED_HAT,
    HOP,
    KICK,
    OPEN_HAT,
    SUSTAIN,
    VOICES,
    conditioning,
    control,
    held,
    play,
)

from neume.synth.events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.notes import NoteTable
from neume.synth.voices import DRUM_PROGRAM


@pytest.fixture
def notes():
    return NoteTable(64, VOICES)


# --- drums


def test_drums_ring_out_whatever_the_key_does(notes):
    play(notes, NoteOn(0, 9, KICK, 100), NoteOff(1, 9, KICK), control(2, SUSTAIN, 0, channel=9))
    (row,) = conditioning(notes, HOP)
    assert (row["program"], row["release_age_samples"]) == (DRUM_PROGRAM, -1)
    notes.retire(20 * 48_000)
    assert notes.sounding == 0


def test_a_closed_hi_hat_chokes_the_open_one(notes):
    play(notes, NoteOn(0, 9, OPEN_HAT, 100), NoteOn(0, 9, KICK, 100), NoteOn(100, 9, CLOSED_HAT, 100))
    assert held(notes) == [KICK, CLOSED_HAT]
    notes.retire(100 + 2400)
    assert {row["key"] for row in conditioning(notes, 2500)} == {KICK, CLOSED_HAT}


def test_repeated_drums_do_not_cut_each_other(notes):
    play(notes, *(NoteOn(frame, 9, KICK, 100) for frame in (0, 50, 90)))
    assert held(notes) == [KICK] * 3


def select(channel, bank, program=0):
    return ControlChange(0, channel, 0, bank), ProgramChange(0, channel, program)


def test_a_rhythm_bank_makes_drums_and_another_one_melody_again(notes):
    for bank, drum in ((120, True), (0, False), (127, True), (121, False), (8, False)):
        play(notes, *select(2, bank))
        assert notes.channels[2].drum is drum
    for bank, drum in ((0, True), (121, False), (1, True)):
        play(notes, *select(9, bank))
        assert notes.channels[9].drum is drum
    play(notes, *select(9, 121), SystemReset(1))
    assert notes.channels[9].drum


def test_notes_held_while_their_channel_becomes_drums_are_not_stuck(notes):
    play(notes, NoteOn(0, 2, OPEN_HAT, 100), NoteOn(0, 2, 62, 100), control(0, SUSTAIN, 127, channel=2))
    play(notes, NoteOff(1, 2, 62), *select(2, 120), NoteOn(2, 2, CLOSED_HAT, 100))
    assert sorted(held(notes)) == [CLOSED_HAT, OPEN_HAT, 62]  # melody is not choked
    notes.apply(control(3, SUSTAIN, 0, channel=2))
    assert sorted(held(notes)) == [CLOSED_HAT, OPEN_HAT]
    notes.apply(NoteOff(4, 2, OPEN_HAT))
    assert held(notes) == [CLOSED_HAT]


def test_drums_on_a_channel_that_becomes_melody_ring_on(notes):
    play(notes, *select(2, 120), NoteOn(0, 2, KICK, 100), *select(2, 0), NoteOn(5, 2, KICK, 100))
    assert held(notes) == [KICK, KICK]
    notes.apply(NoteOff(6, 2, KICK))
    assert [row["program"] for row in conditioning(notes, HOP)] == [DRUM_PROGRAM, 0]
    assert held(notes) == [KICK]


# --- programs and controllers


def test_a_program_change_leaves_sounding_notes_alone(notes):
    play(notes, NoteOn(0, 0, 60, 100), ProgramChange(1, 0, 73), NoteOn(2, 0, 62, 100))
    assert [row["program"] for row in conditioning(notes, HOP)] == [0, 73]
    assert held(notes) == [60, 62]


def rpn(msb, lsb, *data, numbers=(101, 100)):
    """Address a parameter and send its data: pairs of controller and value."""
    pairs = zip((*numbers, *(number for number, _ in data)), (msb, lsb, *(v for _, v in data)), strict=True)
    return [control(0, number, value) for number, value in pairs]


@pytest.mark.parametrize(
    ("setting", "semitones"),
    [
        ([], 2.0),
        (rpn(0, 0, (6, 12)), 12.0),
        (rpn(0, 0, (6, 0)), 0.0),
        (rpn(0, 0, (6, 3), (38, 50)), 3.5),
        (rpn(0, 0, (38, 25)), 2.25),
        (rpn(0, 0, (6, 3), (38, 50), (6, 5)), 5.5),
        (rpn(0, 0, (38, 127)), 2.99),  # a hundred cents are a semitone
        (rpn(0, 0, (6, 127)), 24.0),  # the widest that models know
        (rpn(0, 1, (6, 12)), 2.0),  # fine tuning
        (rpn(127, 127, (6, 12)), 2.0),  # none addressed
        (rpn(0, 0, (6, 7)) + rpn(127, 127, (6, 12)), 7.0),
        (rpn(0, 0, (6, 12), numbers=(99, 98)), 2.0),  # an NRPN
        (rpn(0, 0) + rpn(0, 0, (6, 12), numbers=(99, 98)), 2.0),
        (rpn(0, 0, numbers=(99, 98)) + rpn(0, 0, (6, 12)), 12.0),
        ([*rpn(0, 0, (6, 7)), control(0, 121, 0)], 7.0),  # RP-015 keeps the range
        ([*rpn(0, 0), control(0, 121, 0), control(0, 6, 12)], 2.0),  # but forgets what is addressed
    ],
)
def test_bend_range(notes, setting, semitones):
    play(notes, NoteOn(0, 0, 60, 100), NoteOn(0, 1, 60, 100), *setting)
    play(notes, PitchBend(1, 0, -8192), PitchBend(1, 1, 4096))
    mine, other = conditioning(notes, HOP)
    assert mine["bend_semitones"] == pytest.approx(-semitones)
    assert other["bend_semitones"] == 1.0


def test_volume_and_expression_are_gain_by_the_square(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(0, 7, 127))
    assert conditioning(notes, HOP)[0]["gain_db"] == pytest.approx(0)
    notes.apply(control(0, 11, 64))
    assert conditioning(notes, HOP)[0]["gain_db"] == pytest.approx(-11.9, abs=0.01)
    notes.apply(control(0, 7, 0))
    assert np.isfinite(conditioning(notes, HOP)[0]["gain_db"])


def test_pressure_is_the_larger_of_channel_and_key(notes):
    play(
        notes,
        NoteOn(0, 0, 60, 100),
        NoteOn(0, 0, 62, 100),
        ChannelPressure(1, 0, 30),
        PolyPressure(1, 0, 60, 90),
    )
    assert [row["pressure"] for row in conditioning(notes, HOP)] == pytest.approx([90 / 127, 30 / 127])


def test_controllers_act_on_their_channel_only(notes):
    play(notes, NoteOn(0, 0, 60, 100), NoteOn(0, 1, 60, 100), control(1, 1, 127, channel=1))
    assert [row["modulation"] for row in conditioning(notes, HOP)] == [0, 1]
