"""MPE: every note follows its own channel, zones are configured, nothing sticks, and off changes nothing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neume.synth.channels import home_of, member_channel
from neume.synth.events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from neume.synth.mpe import Mpe
from neume.synth.mpe_zones import LOWER, UPPER, Zone
from neume.synth.notes import HELD, NoteTable
from neume.synth.rack.part import OMNI, Part, Rack
from neume.synth.rack.router import Router
from neume.synth.voices import PROGRAMS, VoiceTable

EVERLASTING = {"keys": [0], "decay_db_per_s": [0.0], "release_db_per_s": [60.0], "tuning_semitones": [0.0]}
VOICES = VoiceTable.from_anchors(dict.fromkeys(range(PROGRAMS), EVERLASTING))
SLOTS = 512  # more than can be held
PIANO = Rack("piano", (Part("piano", program=0),))
FIRST = frozenset({0})


def rpn(channel: int, number: int, value: int, lsb: int | None = None) -> list[MidiEvent]:
    told = [(101, 0), (100, number), (6, value), *([] if lsb is None else [(38, lsb)])]
    return [ControlChange(0, channel, *pair) for pair in told]


def configuration(manager: int, members: int) -> list[MidiEvent]:
    return rpn(manager, 6, members)


def zones_after(*messages: list[MidiEvent]) -> dict[int, int]:
    mpe = Mpe()
    for message in messages:
        list(mpe.translate(message))
    return {zone.manager: zone.members for zone in mpe.zones}


class Playing:
    """A router that hears MPE before one note table, which all parts share."""

    def __init__(self, rack: Rack = PIANO) -> None:
        self.table = NoteTable(SLOTS, VOICES)
        self.router = Router(rack)
        self.router.hear_mpe()
        self.play(self.router.initial_events(0))

    def play(self, routed: list[tuple[int, MidiEvent]]) -> None:
        for part, event in routed:
            assert isinstance(event, SystemReset | Panic) or home_of(event.channel) == part
            self.table.apply(event)

    def hear(self, *events: MidiEvent) -> None:
        self.play(self.router.route(events))

    def held(self) -> list[tuple[int, int]]:
        slots = self.table.slots
        chosen = slots[slots["active"] & (slots["release"] == HELD)]
        return sorted(zip(chosen["channel"].tolist(), chosen["key"].tolist(), strict=True))

    def bend(self, channel: int) -> float:
        return self.table.channels[channel].bend_semitones

    def pressure(self, channel: int) -> int:
        return self.table.channels[channel].pressure


# --- zones


def test_it_begins_with_a_lower_zone_of_all_channels() -> None:
    assert Mpe().zones == (Zone(LOWER, 15),)
    assert [*Zone(LOWER, 3).channels] == [1, 2, 3]
    assert [*Zone(UPPER, 3).channels] == [14, 13, 12]


@pytest.mark.parametrize(
    ("messages", "zones"),
    [
        ([(LOWER, 7)], {LOWER: 7}),
        ([(UPPER, 7)], {LOWER: 7, UPPER: 7}),  # the lower zone gives way
        ([(UPPER, 14)], {UPPER: 14}),
        ([(UPPER, 15)], {UPPER: 15}),  # its members are all others, the lower manager too
        ([(UPPER, 15), (LOWER, 5)], {LOWER: 5, UPPER: 9}),  # which may still say what it is
        ([(LOWER, 10), (UPPER, 4), (LOWER, 11)], {LOWER: 11, UPPER: 3}),
        ([(UPPER, 3), (LOWER, 0)], {UPPER: 3}),
        ([(LOWER, 0)], {}),
        ([(LOWER, 0), (UPPER, 15), (UPPER, 0)], {}),
        ([(LOWER, 16)], {LOWER: 15}),  # no number of members
        ([(5, 3)], {LOWER: 15}),  # no manager
    ],
)
def test_configuration_messages(messages: list[tuple[int, int]], zones: dict[int, int]) -> None:
    assert zones_after(*(configuration(*message) for message in messages)) == zones


def test_nothing_else_configures() -> None:
    other = [ControlChange(0, 0, *pair) for pair in ((99, 0), (98, 6), (6, 3))]
    assert zones_after(other) == {LOWER: 15}
    small = [*configuration(LOWER, 7)[:2], ControlChange(0, 0, 38, 3), ControlChange(0, 0, 96, 0)]
    assert zones_after(small) == {LOWER: 15}
    assert zones_after(configuration(LOWER, 3), [SystemReset(0)]) == {LOWER: 15}


def test_a_configuration_puts_the_bend_ranges_back() -> None:
    playing = Playing()
    playing.hear(*rpn(3, 0, 24), *rpn(LOWER, 0, 12), PitchBend(0, 3, 8191), PitchBend(0, LOWER, -8192))
    playing.hear(NoteOn(0, 3, 60, 90))
    note = member_channel(0, 3)
    assert playing.bend(note) == pytest.approx(24 - 12, abs=0.01)
    playing.hear(*configuration(LOWER, 15))
    assert playing.bend(note) == pytest.approx(48 - 2, abs=0.01)


# --- what is played


def test_two_notes_of_one_key_bend_and_swell_each_by_itself() -> None:
    playing = Playing()
    one, other = member_channel(0, 1), member_channel(0, 2)
    playing.hear(NoteOn(0, 1, 60, 90), NoteOn(1, 2, 60, 90))
    assert playing.held() == [(one, 60), (other, 60)]
    playing.hear(PitchBend(2, 1, 4096), ChannelPressure(2, 2, 100))
    assert (playing.bend(one), playing.bend(other)) == (24.0, 0.0)
    assert (playing.pressure(one), playing.pressure(other)) == (0, 100)
    playing.hear(PitchBend(3, LOWER, -8192), ChannelPressure(3, LOWER, 50))
    assert (playing.bend(one), playing.bend(other)) == (22.0, -2.0)
    assert (playing.pressure(one), playing.pressure(other)) == (50, 100)
    playing.hear(NoteOff(4, 1, 60))
    assert playing.held() == [(other, 60)]


def test_the_manager_s_controllers_and_program_are_all_notes() -> None:
    playing = Playing(Rack("follows", (Part("whatever is chosen"),)))
    playing.hear(ProgramChange(0, LOWER, 40), ControlChange(0, LOWER, 7, 64), ControlChange(0, LOWER, 1, 90))
    playing.hear(ProgramChange(0, 4, 7), ControlChange(0, 4, 7, 1), ControlChange(0, 4, 64, 127))
    playing.hear(NoteOn(1, 4, 60, 90))
    state = playing.table.channels[member_channel(0, 4)]
    assert (state.sounding_program, state.volume, state.modulation) == (40, 64, 90)
    assert state.gain_db == playing.table.channels[0].gain_db < 0.0
    playing.hear(NoteOff(2, 4, 60))
    assert playing.held() == [], "a member's pedal is none"


@pytest.mark.parametrize("pedal", [64, 66])
def test_the_manager_s_pedals_hold_the_members_notes(pedal: int) -> None:
    playing = Playing()
    note = member_channel(0, 5)
    playing.hear(NoteOn(0, 5, 60, 90), ControlChange(1, LOWER, pedal, 127), NoteOff(2, 5, 60))
    assert playing.held() == [(note, 60)]
    playing.hear(ControlChange(3, LOWER, pedal, 0))
    assert playing.held() == []


def test_a_part_that_begins_to_hear_a_zone_knows_its_bends() -> None:
    playing = Playing(Rack("deaf", (Part("deaf", channels=frozenset({4})),)))
    playing.hear(PitchBend(0, 2, 1024), ChannelPressure(0, 2, 33))
    playing.play(playing.router.set_rack(PIANO, 1))
    playing.hear(NoteOn(2, 2, 60, 90))
    note = member_channel(0, 2)
    assert (playing.bend(note), playing.pressure(note)) == (6.0, 33)


def test_parts_hear_a_zone_where_they_hear_its_manager() -> None:
    rack = Rack("two zones", (Part("low", channels=FIRST), Part("high", channels=frozenset({UPPER}))))
    playing = Playing(rack)
    playing.hear(*configuration(UPPER, 5))
    playing.hear(NoteOn(0, 1, 60, 90), NoteOn(0, 12, 70, 90), NoteOn(0, UPPER, 80, 90))
    assert playing.held() == sorted([(member_channel(0, 1), 60), (member_channel(1, 12), 70), (1, 80)])
    playing.hear(PitchBend(1, UPPER, 8191), PitchBend(1, 12, -8192))
    assert playing.bend(member_channel(1, 12)) == pytest.approx(-46.0, abs=0.01)
    assert playing.bend(member_channel(0, 1)) == 0.0
    playing.hear(ControlChange(2, UPPER, 123, 0))
    assert playing.held() == [(member_channel(0, 1), 60)]


def test_a_channel_of_no_zone_plays_as_it_does_without_mpe() -> None:
    mpe = Mpe()
    list(mpe.translate(configuration(LOWER, 3)))
    events = [NoteOn(0, 9, 60, 90), PitchBend(0, 9, 55), ControlChange(0, 9, 7, 3), *rpn(9, 0, 5)]
    assert list(mpe.translate(events)) == events


def test_a_key_keeps_its_note_through_a_change_of_the_rack() -> None:
    playing = Playing()
    playing.hear(NoteOn(0, 3, 60, 90))
    louder = Rack("louder", (Part("piano", program=0, volume_db=3.0),))
    playing.play(playing.router.set_rack(louder, 1))
    assert playing.held() == [(member_channel(0, 3), 60)]
    playing.play(playing.router.set_rack(Rack("muted", (Part("piano", program=0, muted=True),)), 2))
    assert playing.held() == []
    assert playing.router.keys_down == 0


def test_pressures_of_keys_reach_their_notes() -> None:
    playing = Playing()
    playing.hear(NoteOn(0, 3, 60, 90), NoteOn(0, 4, 60, 90), PolyPressure(1, 3, 60, 127))
    slots = playing.table.slots[playing.table.slots["active"]]
    assert dict(zip(slots["channel"].tolist(), slots["pressure"].tolist(), strict=True)) == {
        member_channel(0, 3): 1.0,
        member_channel(0, 4): 0.0,
    }


@pytest.mark.parametrize("controller", [120, 123, 127])
def test_notes_are_ended_by_their_member_or_their_manager(controller: int) -> None:
    playing = Playing()
    playing.hear(NoteOn(0, 3, 60, 90), NoteOn(0, 4, 60, 90), ControlChange(1, 3, controller, 0))
    assert playing.held() == [(member_channel(0, 4), 60)]
    playing.hear(ControlChange(2, LOWER, controller, 0))
    assert playing.held() == []
    assert playing.router.keys_down == 0


@pytest.mark.parametrize("channel", [3, LOWER])
def test_a_reset_of_controllers_puts_touches_back(channel: int) -> None:
    playing = Playing()
    playing.hear(NoteOn(0, 3, 60, 90), PitchBend(1, 3, 4096), ChannelPressure(1, 3, 90))
    playing.hear(ControlChange(2, channel, 121, 0))
    note = member_channel(0, 3)
    assert (playing.bend(note), playing.pressure(note)) == (0.0, 0)


@pytest.mark.parametrize("members", [15, 14])
def test_panic_and_reset_silence_whatever_the_zones(members: int) -> None:
    for event in (Panic(5), SystemReset(5)):
        playing = Playing()
        playing.hear(*configuration(UPPER, members))
        playing.hear(NoteOn(0, 3, 60, 90), NoteOn(0, UPPER, 61, 90))
        assert len(playing.held()) == 2
        playing.hear(event)
        assert playing.held() == []
        assert playing.router.keys_down == 0


# --- properties

played_channels = st.sampled_from([0, 1, 2, 3, 13, 14, 15])
keys, values = st.sampled_from([60, 67]), st.sampled_from([0, 1, 64, 127])
bends = st.sampled_from([-8192, -1, 0, 1000, 8191])
events_of_mpe = st.one_of(
    st.builds(NoteOn, st.just(0), played_channels, keys, st.just(90)),
    st.builds(NoteOff, st.just(0), played_channels, keys),
    st.builds(PitchBend, st.just(0), played_channels, bends),
    st.builds(ChannelPressure, st.just(0), played_channels, values),
    st.builds(PolyPressure, st.just(0), played_channels, keys, values),
    st.builds(
        ControlChange, st.just(0), played_channels, st.sampled_from([1, 64, 66, 74, 120, 121, 123]), values
    ),
    st.builds(ProgramChange, st.just(0), played_channels, values),
)
configurations = st.builds(
    configuration, st.sampled_from([LOWER, UPPER]), st.sampled_from([0, 1, 3, 14, 15, 16])
)
ranges = st.builds(rpn, played_channels, st.just(0), st.sampled_from([0, 2, 48, 96]))
performances = st.lists(st.one_of(events_of_mpe.map(lambda e: [e]), configurations, ranges), max_size=60).map(
    lambda messages: [event for message in messages for event in message]
)
racks = st.sampled_from(
    [
        PIANO,
        Rack("layer", (Part("piano", program=0), Part("strings", program=48, transpose_semitones=12))),
        Rack("zones", (Part("low", channels=FIRST), Part("high", channels=frozenset({15})))),
        Rack("split", (Part("bass", high_key=63), Part("lead", low_key=64, channels=OMNI))),
    ]
)


@settings(max_examples=100, deadline=None)
@given(racks, performances, racks)
def test_nothing_sticks(before: Rack, events: list[MidiEvent], after: Rack) -> None:
    """With all keys and pedals up, whatever was configured and changed meanwhile, nothing is held."""
    playing = Playing(before)
    half = len(events) // 2
    playing.hear(*events[:half])
    playing.play(playing.router.set_rack(after, 0))
    playing.hear(*events[half:])
    for channel in range(CHANNELS):
        playing.hear(*(NoteOff(1, channel, key) for key in (60, 67)))
        playing.hear(*(ControlChange(1, channel, pedal, 0) for pedal in (64, 66)))
    assert playing.held() == []
    assert playing.router.keys_down == 0


@settings(max_examples=100, deadline=None)
@given(racks, performances)
def test_a_state_that_is_restored_goes_on(rack: Rack, events: list[MidiEvent]) -> None:
    half = len(events) // 2
    playing = Playing(rack)
    playing.hear(*events[:half])
    other, table = Router(PIANO), NoteTable(SLOTS, VOICES)
    other.restore(playing.router.state())
    table.restore(playing.table.state())
    assert other.hears_mpe
    routed = playing.router.route(events[half:])
    assert other.route(events[half:]) == routed
    for _, event in routed:
        playing.table.apply(event)
        table.apply(event)
    assert table.channels.state() == playing.table.channels.state()
    assert table.slots.tobytes() == playing.table.slots.tobytes()


@settings(max_examples=100, deadline=None)
@given(performances)
def test_every_note_follows_its_own_channel_and_its_manager(events: list[MidiEvent]) -> None:
    """Against the plainest account of it: what each channel has said last, in zones that stay."""
    playing = Playing()
    own, manager = [(0, 0)] * CHANNELS, (0, 0)
    for event in events:
        if isinstance(event, ControlChange) and event.controller in (6, 38, 100, 101, 121):
            continue  # ranges, zones and resets have tests of their own
        playing.hear(event)
        match event:
            case PitchBend(channel=0):
                manager = event.value, manager[1]
            case ChannelPressure(channel=0):
                manager = manager[0], event.value
            case PitchBend():
                own[event.channel] = event.value, own[event.channel][1]
            case ChannelPressure():
                own[event.channel] = own[event.channel][0], event.value
        for channel, _ in playing.held():
            bend, pressure = (0, 0) if channel < CHANNELS else own[channel // CHANNELS - 1]
            wanted = bend / 8192 * 48.0 + manager[0] / 8192 * 2.0
            assert playing.bend(channel) == pytest.approx(wanted, abs=1e-9)
            assert playing.pressure(channel) == max(pressure, manager[1])


@settings(max_examples=100, deadline=None)
@given(racks, performances)
def test_off_knows_of_no_members(rack: Rack, events: list[MidiEvent]) -> None:
    """Every part speaks on the one channel of its number, as if there were no such thing as MPE."""
    router = Router(rack)
    for part, event in (*router.initial_events(0), *router.route(events)):
        assert isinstance(event, SystemReset | Panic) or event.channel == part
    assert router.state().mpe is None


@settings(max_examples=100, deadline=None)
@given(racks, performances)
def test_without_members_on_is_as_off(rack: Rack, events: list[MidiEvent]) -> None:
    """A zone that is taken away leaves nothing of MPE behind."""
    on, off = Router(rack), Router(rack)
    on.hear_mpe()
    begin = on.route(configuration(LOWER, 0))
    plain = [e for e in events if not (isinstance(e, ControlChange) and e.controller in (6, 38, 100, 101))]
    assert on.route(plain) == off.route(plain)
    assert all(event.channel == part or event.channel >= CHANNELS or part == 0 for part, event in begin)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_performance_of_an_mpe_controller(seed: int) -> None:
    """As controllers play: each note on the channel that has been silent longest, bent all along."""
    random, playing = Random(seed), Playing()
    free, down = list(range(1, CHANNELS)), {}
    for frame in range(3000):
        if free and random.random() < 0.1:
            channel, key = free.pop(0), random.randint(30, 100)
            down[channel] = key
            touch = PitchBend(frame, channel, random.randint(-8192, 8191)), ChannelPressure(frame, channel, 0)
            playing.hear(*touch, NoteOn(frame, channel, key, random.randint(1, 127)))
        elif down and random.random() < 0.1:
            channel = random.choice(list(down))
            playing.hear(NoteOff(frame, channel, down.pop(channel)))
            free.append(channel)
        elif down:
            channel = random.choice(list(down))
            playing.hear(PitchBend(frame, channel, random.randint(-8192, 8191)))
        assert playing.held() == sorted((member_channel(0, channel), key) for channel, key in down.items())
