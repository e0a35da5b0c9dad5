"""A song through the transport: exact distances, nothing left held, and channels as they should stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transport_rig import BLOCK, LENGTH, RATE_HZ, Ear, song, songs, standing

from neume.synth.events import ControlChange, NoteOff, NoteOn, Panic, PitchBend, ProgramChange, SystemReset
from neume.synth.transport.following import Following, chased
from neume.synth.transport.source import MOST_AT_ONCE, SongSource, Wish

TUNE = song(
    ProgramChange(0, 0, 40),
    ControlChange(0, 0, 7, 90),
    NoteOn(0, 0, 60, 100),
    NoteOff(700, 0, 60),
    NoteOn(5000, 1, 62, 90),
    ControlChange(5001, 1, 64, 127),
    PitchBend(6000, 0, 99),
    NoteOff(LENGTH - 1, 1, 62),
    NoteOn(LENGTH, 0, 70, 100),  # nobody hears it: the song ends there
)


class Player:
    """A source that is asked block by block, as the render thread does."""

    def __init__(self, first_block=0):
        self.source = SongSource(RATE_HZ, BLOCK)
        self.frame = first_block * BLOCK
        self.given = []

    def wish(self, **wish):
        self.source.wish(Wish(**wish))

    def load(self, loaded):
        self.wish(song=loaded, position=0, following=Following(), playing=False)

    def seek(self, loaded, position, **wish):
        self.wish(position=position, following=chased(loaded, position), **wish)

    def run(self, blocks=1, left_out=0):
        """Ask for so many blocks, after some that were left out; returns what they gave."""
        self.frame += left_out * BLOCK
        given = []
        for _ in range(blocks):
            self.frame += BLOCK
            given += self.source.take(self.frame)
        self.given += given
        return given

    def position(self, frame=None):
        return self.source.marks[-1].position_at(self.frame if frame is None else frame)


def told(events):
    """Events as they are, without their frames."""
    return [replace(event, frame=0) for event in events]


@settings(deadline=None)
@given(songs, st.integers(0, 40))
def test_a_song_is_given_at_exact_distances(loaded, first_block):
    player = Player(first_block)
    player.load(loaded)
    player.wish(playing=True)
    player.run(30)
    last = loaded.index_at(LENGTH)
    begin = first_block * BLOCK
    assert player.given[:last] == list(loaded.events(0, last, begin))
    assert all(event.frame == begin + LENGTH for event in player.given[last:]), "let go of at its end"
    assert not player.source.marks[-1].playing
    assert player.position() == LENGTH


def test_no_event_past_the_end_is_played():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    assert NoteOn(LENGTH, 0, 70, 100) not in player.run(40)


def test_a_loop_does_not_drift():
    player = Player(3)
    player.load(TUNE)
    player.wish(playing=True, loop=True)
    player.run(600)
    onsets = [event.frame - 3 * BLOCK for event in player.given if isinstance(event, NoteOn)]
    passes = 600 * BLOCK // LENGTH
    assert onsets[: 2 * passes] == [n * LENGTH + at for n in range(passes) for at in (0, 5000)]
    assert player.position() == 600 * BLOCK % LENGTH


def test_a_loop_begins_as_the_song_does():
    """Programs and controllers that come later in it are taken back, bends and pedals let go of."""
    later = song(ProgramChange(9000, 0, 12), ControlChange(9000, 0, 7, 20), PitchBend(9000, 0, 500))
    player = Player()
    player.load(later)
    player.wish(playing=True, loop=True)
    player.run(25)
    at_the_end = [event for event in player.given if event.frame == LENGTH]
    assert ControlChange(LENGTH, 0, 7, 100) in at_the_end
    assert ProgramChange(LENGTH, 0, 0) in at_the_end
    assert PitchBend(LENGTH, 0, 0) in at_the_end


def test_a_pause_lets_go_and_going_on_restarts_no_note():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    player.run(11)  # up to 5632: a key and a pedal are down on the second channel
    player.wish(playing=False)
    assert told(player.run(3)) == [NoteOff(0, 1, 62), ControlChange(0, 1, 64, 0)]
    assert player.position() == 11 * BLOCK
    player.wish(playing=True)
    resumed = player.run()
    assert {ProgramChange(0, 0, 40), ControlChange(0, 0, 7, 90), ControlChange(0, 1, 64, 127)} <= set(
        told(resumed)
    )
    assert not any(isinstance(event, NoteOn) for event in resumed)
    assert PitchBend(14 * BLOCK + 6000 - 11 * BLOCK, 0, 99) in resumed


def test_playing_from_the_end_begins_anew():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    player.run(30)
    player.wish(playing=True)
    (first, *_) = [event for event in player.run() if isinstance(event, NoteOn)]
    assert first == NoteOn(30 * BLOCK, 0, 60, 100)


def test_another_song_comes_standing_at_its_beginning():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    player.run(11)
    other = song(NoteOn(0, 2, 50, 80), length=4000)
    player.load(other)
    assert NoteOff(11 * BLOCK, 1, 62) in player.run(2)
    assert (player.position(), player.source.marks[-1].song) == (0, other)
    player.wish(playing=True)
    begun = player.run()
    assert NoteOn(13 * BLOCK, 2, 50, 80) in begun
    assert ControlChange(13 * BLOCK, 0, 7, 100) in begun, "what the song before has set is taken back"


def test_what_is_left_out_counts_as_played():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    player.run(2)
    given = player.run(1, left_out=8)
    assert NoteOn(5000, 1, 62, 90) in given
    assert player.position() == 11 * BLOCK


def test_wishes_without_a_song_do_nothing():
    player = Player()
    player.wish(playing=True, loop=True)
    player.wish(position=500, following=Following())
    assert player.run(4) == []
    assert not player.source.marks[-1].playing


def test_a_panic_stops_the_song():
    player = Player()
    player.load(TUNE)
    player.wish(playing=True)
    player.run(2)
    player.source.heard([NoteOn(0, 0, 1, 1), Panic(5)])
    player.run()
    assert not player.source.marks[-1].playing
    assert player.position() == 2 * BLOCK


@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_song_too_short_to_loop_ends(length):
    player = Player()
    player.load(song(NoteOn(0, 0, 60, 1), length=length))
    player.wish(playing=True, loop=True)
    player.run(3)
    assert not player.source.marks[-1].playing


def test_a_flood_in_one_place_costs_no_block():
    player = Player()
    player.load(song(*[NoteOn(5, 0, 60 + n % 9, 50) for n in range(3 * MOST_AT_ONCE)]))
    player.wish(playing=True)
    assert [len(player.run()) for _ in range(4)] == [MOST_AT_ONCE] * 3 + [0]


actions = st.one_of(
    st.tuples(st.sampled_from(["play", "pause", "stop", "loop", "unloop", "panic"]), st.just(0)),
    st.tuples(st.sampled_from(["seek", "seek and play"]), st.integers(0, LENGTH)),
    st.tuples(st.just("load"), songs),
)


@settings(deadline=None, max_examples=200)
@given(songs, st.lists(st.tuples(actions, st.integers(0, 30), st.integers(0, 2)), max_size=12))
def test_nothing_stays_held_and_positions_are_exact(loaded, steps):
    """Whatever was done: while the song stands, its ear holds nothing, and it stands where it should."""
    player, ear = Player(), Ear()
    player.load(loaded)
    expected, playing, loop = 0, False, False
    for (action, value), blocks, left_out in steps:
        match action:
            case "play":
                player.wish(playing=True)
                expected = 0 if expected >= LENGTH and not playing else expected
                playing = True
            case "pause":
                player.wish(playing=False)
                playing = False
            case "panic":
                player.source.heard([Panic(0)])
                playing = False
            case "stop":
                player.seek(loaded, 0, playing=False)
                playing, expected = False, 0
            case "loop" | "unloop":
                loop = action == "loop"
                player.wish(loop=loop)
            case "seek":
                player.seek(loaded, value)
                expected = value
            case "seek and play":
                player.seek(loaded, value, playing=True)
                playing, expected = True, value
            case "load":
                loaded = value
                player.load(loaded)
                playing, expected = False, 0
        ear.hear(player.run(1))
        played = BLOCK
        if blocks:
            ear.hear(player.run(blocks, left_out))
            played += (blocks + left_out) * BLOCK
        if playing:
            expected += played
            # An end that falls on a block's end is met when the next block is asked for.
            if loop:
                expected = (expected - 1) % LENGTH + 1
            elif expected >= LENGTH:
                playing, expected = expected == LENGTH, LENGTH
        assert player.position() == expected
        assert player.source.marks[-1].playing == playing
        if not playing:
            assert ear.holds_nothing
    player.wish(playing=False)
    ear.hear(player.run())
    assert ear.holds_nothing


@settings(deadline=None, max_examples=150)
@given(songs, st.integers(0, LENGTH), st.integers(0, LENGTH))
def test_after_a_jump_the_channels_stand_as_if_it_had_been_played_up_to_there(loaded, first, second):
    """From wherever it jumped; a reset in the song is not repeated, what it has reset is."""
    player = Player()
    player.load(loaded)
    player.seek(loaded, first, playing=True)
    player.run()
    player.seek(loaded, second, playing=True)
    jumped = player.frame
    player.run()
    played = list(loaded.events(0, loaded.index_at(second), 0))
    since = [event for event in player.given if event.frame <= jumped]
    heard = [event for event in since if event not in _fresh(loaded, second, jumped)]
    assert standing(heard) == standing(played)


def _fresh(loaded, position, frame):
    """What the song itself gives at the place that it has jumped to."""
    last = loaded.index_at(position + 1)
    return list(loaded.events(loaded.index_at(position), last, frame - position))


def test_a_reset_in_a_song_is_not_repeated_by_a_jump():
    """It would end what the performer plays."""
    reset = song(ControlChange(0, 0, 7, 1), SystemReset(0), ControlChange(100, 0, 10, 3))
    player = Player()
    player.load(reset)
    player.seek(reset, 5000, playing=True)
    assert told(player.run()) == [ControlChange(0, 0, 10, 3)]


def test_positions_are_of_what_is_heard():
    player = Player(10)
    player.load(TUNE)
    player.run()
    player.wish(playing=True)
    player.run(5)
    player.seek(TUNE, 3000, playing=True)
    player.run(2)
    marks = player.source.marks

    def at(frame):
        return next(mark for mark in reversed(marks) if mark.frame <= frame).position_at(frame)

    begun, jumped = 11 * BLOCK, 16 * BLOCK
    assert [at(begun + n) for n in (0, 1, 5 * BLOCK - 1)] == [0, 1, 5 * BLOCK - 1]
    assert [at(jumped + n) for n in (0, 700)] == [3000, 3700]
