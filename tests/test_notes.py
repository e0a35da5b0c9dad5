"""The note table: what keys, pedals and resets do to the sounding notes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from note_play import HOP, KICK, SOFT, SOSTENUTO, SUSTAIN, VOICES, conditioning, control, held, play
from ordinary_floats import floats

from neume.synth.events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable


@pytest.fixture
def notes():
    return NoteTable(64, VOICES)


# --- voices that sound on


@given(held_s=floats(5.0, 3000.0), released_s=floats(0.01, 1.0))
def test_a_settled_voice_neither_fades_nor_ages_until_it_is_released(held_s, released_s):
    anchors = {"keys": [0], "decay_db_per_s": [2.0], "release_db_per_s": [50.0], "tuning_semitones": [0.0]}
    notes = NoteTable(4, VoiceTable.from_anchors({0: anchors | {"settle_s": [4.0]}}))
    notes.apply(NoteOn(0, 0, 60, 127))
    at = int(held_s * 48_000) // HOP * HOP
    (settled,) = conditioning(notes, 4 * 48_000)
    (later,) = conditioning(notes, at)
    assert (later["age_samples"], later["level_db"]) == (4 * 48_000, settled["level_db"])
    assert later["level_db"] == pytest.approx(-8.0)
    notes.apply(NoteOff(at, 0, 60))
    (released,) = conditioning(notes, at + int(released_s * 48_000) // HOP * HOP + HOP)
    fall_db = 50.0 * released["release_age_samples"] / 48_000
    assert released["level_db"] == pytest.approx(-8.0 - fall_db, abs=1e-3)


# --- keys


def test_a_note_from_key_down_to_silence(notes):
    notes.apply(NoteOn(100, 3, 60, 100))
    (row,) = conditioning(notes, HOP)
    assert (row["program"], row["key"], row["velocity"]) == (0, 60, 100)
    assert (row["age_samples"], row["release_age_samples"]) == (156, -1)
    notes.apply(NoteOff(300, 3, 60))
    (row,) = conditioning(notes, 2 * HOP)
    assert (row["age_samples"], row["release_age_samples"]) == (412, 212)
    notes.retire(48_000)
    assert notes.sounding == 0
    assert conditioning(notes, 48_000) == []


@pytest.mark.parametrize("velocity", [1, 127])
@pytest.mark.parametrize("length", [0, 1, HOP - 11])
def test_a_note_shorter_than_a_hop_is_seen(notes, velocity, length):
    notes.apply(NoteOn(10, 0, 60, velocity))
    notes.apply(NoteOff(10 + length, 0, 60))
    notes.retire(0)  # as the renderer does at the beginning of the hop
    (row,) = conditioning(notes, HOP)
    assert (row["age_samples"], row["release_age_samples"]) == (HOP - 10, HOP - 10 - length)


def test_a_repeated_note_releases_the_one_before(notes):
    play(notes, NoteOn(0, 0, 60, 100), NoteOn(500, 0, 60, 50))
    assert notes.sounding == 2
    assert held(notes) == [60]
    assert conditioning(notes, 600)[0]["release_age_samples"] == 100
    notes.apply(NoteOff(700, 0, 60))
    assert held(notes) == []
    assert conditioning(notes, 800)[0]["release_age_samples"] == 300  # not moved by the second release


def test_a_note_off_touches_its_channel_and_key_only(notes):
    play(notes, NoteOn(0, 0, 60, 100), NoteOn(0, 1, 60, 100), NoteOn(0, 0, 61, 100))
    notes.apply(NoteOff(9, 0, 60))
    assert held(notes) == [60, 61]
    notes.apply(NoteOff(9, 5, 61))
    assert held(notes) == [60, 61]


def test_a_full_table_gives_up_released_notes_first_then_the_quietest():
    notes = NoteTable(4, VOICES)
    play(
        notes, *(NoteOn(0, 0, key, velocity) for key, velocity in ((60, 20), (61, 90), (62, 100), (63, 110)))
    )
    play(notes, NoteOff(10, 0, 62), NoteOn(20, 0, 64, 80))
    assert sorted(held(notes)) == [60, 61, 63, 64]
    notes.apply(NoteOn(30, 0, 65, 80))
    assert sorted(held(notes)) == [61, 63, 64, 65]
    assert notes.sounding == len(notes.slots) == 4
    notes.apply(NoteOff(40, 0, 60))  # its note has been given up
    assert sorted(held(notes)) == [61, 63, 64, 65]


def test_a_full_table_gives_up_faded_drums_before_held_notes():
    notes = NoteTable(2, VOICES)
    play(notes, NoteOn(0, 9, KICK, 127), NoteOn(0, 0, 60, 1), NoteOn(20, 0, 61, 80))
    assert sorted(held(notes)) == [60, 61]


# --- pedals


def test_sustain_holds_until_it_goes_up(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(1, SUSTAIN, 64), NoteOff(2, 0, 60), NoteOn(3, 0, 62, 100))
    assert held(notes) == [60, 62]
    assert conditioning(notes, HOP)[0]["sustain"] == pytest.approx(64 / 127)
    notes.apply(control(400, SUSTAIN, 63))
    assert held(notes) == [62]
    assert conditioning(notes, 500)[0]["release_age_samples"] == 100


def test_a_key_still_down_outlasts_the_pedal(notes):
    play(notes, control(0, SUSTAIN, 127), NoteOn(1, 0, 60, 100), control(2, SUSTAIN, 0))
    assert held(notes) == [60]


def test_sostenuto_holds_the_keys_that_are_down_as_it_goes_down(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(1, SOSTENUTO, 127), NoteOn(2, 0, 64, 100))
    play(notes, NoteOff(3, 0, 60), NoteOff(3, 0, 64))
    assert held(notes) == [60]
    notes.apply(control(4, SOSTENUTO, 0))
    assert held(notes) == []


def test_sostenuto_sent_again_while_down_changes_nothing(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(1, SOSTENUTO, 127), NoteOff(2, 0, 60), NoteOn(3, 0, 64, 100))
    play(notes, control(4, SOSTENUTO, 100), NoteOff(5, 0, 64))
    assert held(notes) == [60]


def test_sostenuto_and_sustain_hold_independently(notes):
    play(
        notes, NoteOn(0, 0, 60, 100), control(1, SOSTENUTO, 127), control(1, SUSTAIN, 127), NoteOff(2, 0, 60)
    )
    notes.apply(control(3, SUSTAIN, 0))
    assert held(notes) == [60]
    play(notes, control(4, SUSTAIN, 127), control(5, SOSTENUTO, 0))
    assert held(notes) == [60]
    notes.apply(control(6, SUSTAIN, 0))
    assert held(notes) == []


def test_the_soft_pedal_softens_notes_begun_under_it(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(1, SOFT, 127), NoteOn(2, 0, 62, 100), control(3, SOFT, 0))
    play(notes, NoteOn(4, 0, 64, 100))
    assert [row["velocity"] for row in conditioning(notes, HOP)] == [100, 75, 100]


# --- channel mode messages, resets, panic


def test_all_sound_off_ends_the_channel_within_50_ms_pedals_or_not(notes):
    play(notes, control(0, SUSTAIN, 127), NoteOn(0, 0, 60, 127), NoteOn(0, 1, 60, 127), NoteOff(5, 0, 60))
    notes.apply(control(9, 120, 0))
    notes.retire(9 + 2400)
    assert [row["key"] for row in conditioning(notes, 2500)] == [60]
    assert held(notes) == [60]


def test_reset_all_controllers_lets_both_pedals_go(notes):
    play(notes, NoteOn(0, 0, 60, 100), control(1, SOSTENUTO, 127), NoteOff(2, 0, 60))
    play(notes, NoteOn(3, 0, 62, 100), control(4, SUSTAIN, 127), NoteOff(5, 0, 62))
    play(notes, control(6, 7, 55), PitchBend(6, 0, 99), ChannelPressure(6, 0, 99), PolyPressure(6, 0, 60, 88))
    assert held(notes) == [60, 62]
    notes.apply(control(7, 121, 0))
    assert held(notes) == []
    row = conditioning(notes, HOP)[0]
    assert (row["bend_semitones"], row["pressure"], row["sustain"]) == (0, 0, 0)
    assert notes.channels[0].volume == 55  # RP-015 leaves it


@pytest.mark.parametrize("number", [123, 124, 125, 126, 127])
def test_all_notes_off_lets_keys_go_and_minds_the_pedal(notes, number):
    play(notes, NoteOn(0, 0, 60, 100), NoteOn(0, 1, 61, 100), control(1, number, 0))
    assert held(notes) == [61]
    play(notes, NoteOn(2, 0, 60, 100), control(3, SUSTAIN, 127), control(4, number, 0))
    assert sorted(held(notes)) == [60, 61]
    notes.apply(control(5, SUSTAIN, 0))
    assert held(notes) == [61]


def test_a_system_reset_releases_everything_and_forgets_the_channels(notes):
    play(notes, ProgramChange(0, 0, 40), control(0, 7, 1), control(0, SUSTAIN, 127), NoteOn(0, 0, 60, 100))
    play(notes, NoteOn(0, 9, KICK, 100), NoteOn(0, 1, 60, 100), control(1, SOSTENUTO, 127, channel=1))
    notes.apply(SystemReset(2))
    assert held(notes) == []
    assert notes.sounding == 3  # they still ring out
    assert notes.channels.state() == NoteTable(1, VOICES).channels.state()


def test_panic_is_silence_at_once_and_lifts_pedals_that_hang(notes):
    play(notes, ProgramChange(0, 0, 40), control(0, SUSTAIN, 127), NoteOn(0, 0, 60, 100), NoteOff(1, 0, 60))
    play(notes, NoteOn(0, 9, KICK, 100))
    notes.apply(Panic(2))
    assert notes.sounding == 0
    play(notes, NoteOn(3, 0, 60, 100), NoteOff(4, 0, 60))
    assert held(notes) == []
    assert notes.channels[0].program == 40


# --- state

channels, keys = st.sampled_from([0, 1, 9]), st.sampled_from([36, 42, 46, 60, 61])
controllers = st.sampled_from([0, 6, 64, 66, 100, 101, 120])
messages = st.one_of(
    st.builds(NoteOn, st.just(0), channels, keys, st.integers(1, 127)),
    st.builds(NoteOff, st.just(0), channels, keys),
    st.builds(
        ControlChange,
        st.just(0),
        channels,
        st.sampled_from([0, 6, 64, 66, 100, 101, 120]),
        st.integers(0, 127),
    ),
    st.builds(ProgramChange, st.just(0), channels, st.integers(0, 127)),
    st.builds(PitchBend, st.just(0), channels, st.integers(-8192, 8191)),
)


@given(st.lists(messages, max_size=30), st.lists(messages, max_size=30))
def test_a_restored_state_continues_equally(before, after):
    first, second = NoteTable(6, VOICES), NoteTable(6, VOICES)
    play(second, NoteOn(0, 3, 3, 3), control(0, 7, 3))  # to be overwritten
    play(first, *before)
    saved = first.state()
    second.restore(saved)
    play(first, *after)
    first.retire(1000)
    play(second, *after)  # the state was a copy: what `first` did since is not in it
    second.retire(1000)
    assert conditioning(first, 2000) == conditioning(second, 2000)
    assert first.slots.tobytes() == second.slots.tobytes()
    assert first.channels.state() == second.channels.state()
    first.restore(saved)
    second.restore(saved)
    assert first.slots.tobytes() == second.slots.tobytes()
    first.reset()
    assert first.sounding == 0
    assert first.channels.state() == NoteTable(1, VOICES).channels.state()
