"""Two players on one rack: neither lets go of what the other one holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from transport_rig import PEDALS, Ear

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, SystemReset
from neume.synth.transport.sharing import Sharing

HAND, FILE = 0, 1
keys, channels = st.integers(60, 61), st.sampled_from([0, 1])
presses = st.builds(NoteOn, st.just(0), channels, keys, st.integers(1, 127))
releases = st.builds(NoteOff, st.just(0), channels, keys)
pedals = st.builds(
    ControlChange, st.just(0), channels, st.sampled_from(PEDALS), st.sampled_from([0, 0, 60, 127])
)
ends = st.builds(ControlChange, st.just(0), channels, st.sampled_from([120, 121, 123]), st.just(0))
resets = st.just(SystemReset(0))
happenings = st.tuples(
    st.sampled_from([HAND, FILE]), st.one_of(presses, presses, releases, releases, pedals, ends, resets)
)


@settings(deadline=None, max_examples=300)
@given(st.lists(happenings, max_size=60))
def test_what_is_held_is_what_any_of_the_players_holds(taken):
    """One's resets and all-notes-off end what is his own."""
    ears = {HAND: Ear(), FILE: Ear()}
    for player, event in taken:
        ears[player].hear([event])
    together = Ear()
    together.hear(Sharing().merged(taken))
    assert together.keys == ears[HAND].keys | ears[FILE].keys
    places = ears[HAND].pedals.keys() | ears[FILE].pedals.keys()
    assert together.pedals == {
        place: max(ear.pedals.get(place, 0) for ear in ears.values()) for place in places
    }


@settings(deadline=None)
@given(st.lists(happenings.map(lambda taken: (HAND, taken[1])), max_size=40))
def test_one_player_is_heard_as_he_plays(taken):
    assert Sharing().merged(taken) == [event for _, event in taken]


def test_a_panic_ends_everything():
    sharing = Sharing()
    sharing.merged([(HAND, NoteOn(0, 0, 60, 1)), (FILE, NoteOn(0, 0, 60, 1)), (HAND, Panic(1))])
    assert sharing.merged([(FILE, NoteOff(2, 0, 60))]) == [NoteOff(2, 0, 60)]


def test_an_all_notes_off_of_one_leaves_the_other_ones_note_without_an_attack():
    sharing = Sharing()
    sharing.merged([(HAND, NoteOn(0, 0, 60, 9)), (FILE, NoteOn(0, 0, 62, 9))])
    assert sharing.merged([(FILE, ControlChange(5, 0, 123, 0))]) == [NoteOff(5, 0, 62)]


def test_controllers_reset_by_one_leave_the_other_ones_foot_down():
    sharing = Sharing()
    sharing.merged([(HAND, ControlChange(0, 0, 64, 100)), (FILE, PitchBend(0, 0, 500))])
    heard = sharing.merged([(FILE, ControlChange(3, 0, 121, 0))])
    assert PitchBend(3, 0, 0) in heard
    assert ControlChange(3, 0, 11, 127) in heard
    assert ControlChange(3, 0, 64, 100) in heard
    assert not any(isinstance(event, ControlChange) and event.controller == 121 for event in heard)
