"""The router by example: who hears what, on which channel, and what a change of the rack sends."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from neume.synth.events import (
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
from neume.synth.notes import NoteTable
from neume.synth.rack.curves import VelocityCurve, fixed
from neume.synth.rack.part import Part, Rack, added, moved, removed, with_part
from neume.synth.rack.preset_search import open_preset
from neume.synth.rack.router import Router
from neume.synth.voices import VoiceTable

PIANO = Part("Piano", program=0)
STRINGS = Part("Strings", program=48)
FOLLOWER = Part("Whatever the keyboard says")


def rack(*parts: Part) -> Rack:
    return Rack("Test", parts)


def routed(parts: tuple[Part, ...] | list[Part], *events: MidiEvent) -> list[tuple[int, MidiEvent]]:
    return Router(rack(*parts)).route(events)


def program(index: int, bank: int, number: int, frame: int = 0, lsb: int = 0) -> list[tuple[int, MidiEvent]]:
    """The three events that choose a program, as they come out."""
    return [
        (index, ControlChange(frame, index, 0, bank)),
        (index, ControlChange(frame, index, 32, lsb)),
        (index, ProgramChange(frame, index, number)),
    ]


# --- who hears a note


def test_every_part_speaks_on_the_channel_of_its_own_number() -> None:
    assert routed([PIANO, STRINGS], NoteOn(7, 5, 60, 90)) == [
        (0, NoteOn(7, 0, 60, 90)),
        (1, NoteOn(7, 1, 60, 90)),
    ]


def test_a_part_hears_its_channels_only() -> None:
    parts = [replace(PIANO, channels=frozenset({0, 3})), replace(STRINGS, channels=frozenset({1}))]
    heard = [routed(parts, NoteOn(0, channel, 60, 90)) for channel in range(4)]
    assert [[part for part, _ in notes] for notes in heard] == [[0], [1], [], [0]]


@pytest.mark.parametrize(("key", "parts"), [(0, [0]), (54, [0]), (55, [1]), (127, [1])])
def test_split(key: int, parts: list[int]) -> None:
    split = [replace(PIANO, high_key=54), replace(STRINGS, low_key=55)]
    assert [part for part, _ in routed(split, NoteOn(0, 0, key, 90))] == parts


@pytest.mark.parametrize(("velocity", "parts"), [(1, [0]), (63, [0]), (64, [0, 1]), (99, [0, 1]), (100, [1])])
def test_velocity_layers_overlap_as_their_ranges_do(velocity: int, parts: list[int]) -> None:
    layers = [replace(PIANO, high_velocity=99), replace(STRINGS, low_velocity=64)]
    assert [part for part, _ in routed(layers, NoteOn(0, 0, 60, velocity))] == parts


def test_the_curve_is_applied_after_the_velocity_range() -> None:
    part = replace(PIANO, high_velocity=64, curve=VelocityCurve("soft"))
    assert routed([part], NoteOn(0, 0, 60, 64)) == [(0, NoteOn(0, 0, 60, 84))]
    assert routed([replace(PIANO, curve=fixed(100))], NoteOn(0, 0, 60, 3)) == [(0, NoteOn(0, 0, 60, 100))]


def test_notes_transposed_off_the_keyboard_are_dropped() -> None:
    up, down = replace(PIANO, transpose_semitones=48), replace(PIANO, transpose_semitones=-48)
    assert [(p, e.key) for p, e in routed([up, down], NoteOn(0, 0, 79, 90))] == [(0, 127), (1, 31)]
    assert [p for p, _ in routed([up, down], NoteOn(0, 0, 80, 90), NoteOff(1, 0, 80))] == [1, 1]
    assert [p for p, _ in routed([up, down], NoteOn(0, 0, 47, 90))] == [0]


def test_muted_parts_and_those_beside_a_soloed_one_get_no_notes() -> None:
    assert routed([replace(PIANO, muted=True)], NoteOn(0, 0, 60, 90)) == []
    parts = [PIANO, replace(STRINGS, soloed=True), replace(STRINGS, soloed=True, muted=True)]
    assert [part for part, _ in routed(parts, NoteOn(0, 0, 60, 90))] == [1]


# --- releases


def test_a_key_releases_what_it_started() -> None:
    layers = [replace(PIANO, transpose_semitones=12), replace(STRINGS, low_velocity=100)]
    events = NoteOn(0, 0, 60, 90), NoteOff(5, 0, 60), NoteOff(6, 0, 60), NoteOff(6, 0, 61)
    assert routed(layers, *events) == [(0, NoteOn(0, 0, 72, 90)), (0, NoteOff(5, 0, 72))]


def test_two_keys_on_one_note_hold_it_until_both_are_up() -> None:
    two_keyboards = NoteOn(0, 0, 60, 90), NoteOn(1, 1, 60, 90), NoteOff(2, 0, 60), NoteOff(3, 1, 60)
    assert routed([PIANO], *two_keyboards)[2:] == [(0, NoteOff(3, 0, 60))]


def test_a_key_pressed_twice_without_a_release_starts_again_and_ends_once() -> None:
    events = NoteOn(0, 0, 60, 90), NoteOn(1, 0, 60, 80), NoteOff(2, 0, 60)
    assert routed([PIANO], *events) == [
        (0, NoteOn(0, 0, 60, 90)),
        (0, NoteOn(1, 0, 60, 80)),
        (0, NoteOff(2, 0, 60)),
    ]


CHANGES = {
    "transpose": replace(PIANO, transpose_semitones=7),
    "key range": replace(PIANO, low_key=61),
    "velocity range": replace(PIANO, low_velocity=100),
    "channels": replace(PIANO, channels=frozenset({4})),
    "program": replace(PIANO, program=5),
    "name and volume": replace(PIANO, name="Grand", volume_db=-3.0),
    "following": replace(PIANO, program=None),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=list(CHANGES))
def test_a_change_of_the_part_leaves_the_note_until_its_key_is_up(changed: Part) -> None:
    router = Router(rack(PIANO))
    router.route([NoteOn(0, 0, 60, 90)])
    assert not any(isinstance(event, NoteOff) for _, event in router.set_rack(rack(changed), 10))
    assert router.route([NoteOff(20, 0, 60)]) == [(0, NoteOff(20, 0, 60))]
    assert router.keys_down == 0


def test_pressed_again_after_a_change_the_key_lets_go_of_its_old_note() -> None:
    router = Router(rack(PIANO))
    router.route([NoteOn(0, 0, 60, 90)])
    router.set_rack(rack(replace(PIANO, transpose_semitones=7)), 10)
    assert router.route([NoteOn(20, 0, 60, 90), NoteOff(30, 0, 60)]) == [
        (0, NoteOff(20, 0, 60)),
        (0, NoteOn(20, 0, 67, 90)),
        (0, NoteOff(30, 0, 67)),
    ]


ENDS = {
    "removed": rack(PIANO),
    "muted": rack(PIANO, replace(STRINGS, muted=True)),
    "another soloed": rack(replace(PIANO, soloed=True), STRINGS),
    "another instrument": rack(PIANO, replace(STRINGS, instrument="other")),
    "another version": rack(PIANO, replace(STRINGS, bundle_version="2.0.0")),
}


@pytest.mark.parametrize("after", ENDS.values(), ids=list(ENDS))
def test_what_ends_a_part_releases_its_notes_and_those_alone(after: Rack) -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90), NoteOn(0, 0, 64, 90)])
    releases = [(i, e) for i, e in router.set_rack(after, 10) if isinstance(e, NoteOff)]
    assert releases == [(1, NoteOff(10, 1, 60)), (1, NoteOff(10, 1, 64))]
    assert router.route([NoteOff(20, 0, 60), NoteOff(20, 0, 64)]) == [
        (0, NoteOff(20, 0, 60)),
        (0, NoteOff(20, 0, 64)),
    ]


def test_a_part_that_moves_up_keeps_its_notes() -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90)])
    after = removed(router.rack, 0)
    assert (0, NoteOff(10, 0, 60)) in router.set_rack(after, 10)
    assert router.route([NoteOn(15, 0, 62, 90), NoteOff(20, 0, 60), NoteOff(20, 0, 62)]) == [
        (0, NoteOn(15, 0, 62, 90)),
        (1, NoteOff(20, 1, 60)),
        (0, NoteOff(20, 0, 62)),
    ]


def test_a_part_that_has_moved_and_is_removed_then_ends_its_notes_where_they_are() -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90)])
    router.set_rack(rack(STRINGS), 10)
    ended = router.set_rack(rack(replace(STRINGS, instrument="other")), 20)
    assert (1, NoteOff(20, 1, 60)) in ended
    assert router.keys_down == 0


def test_a_moved_note_ends_when_another_instrument_comes_to_its_channel() -> None:
    other = replace(PIANO, instrument="other")
    router = Router(rack(other, STRINGS))
    router.route([NoteOn(0, 0, 60, 90)])
    releases = [(i, e) for i, e in router.set_rack(rack(STRINGS, other), 10) if isinstance(e, NoteOff)]
    assert sorted(releases, key=str) == [(0, NoteOff(10, 0, 60)), (1, NoteOff(10, 1, 60))]


def test_moving_parts_of_one_instrument_ends_nothing() -> None:
    router = Router(rack(PIANO, STRINGS, replace(FOLLOWER, channels=frozenset({3}))))
    router.route([NoteOn(0, 0, 60, 90)])
    assert not any(isinstance(e, NoteOff) for _, e in router.set_rack(moved(router.rack, 2, 0), 10))
    assert router.route([NoteOff(20, 0, 60)]) == [(0, NoteOff(20, 0, 60)), (1, NoteOff(20, 1, 60))]


def test_all_notes_off_reaches_the_notes_of_the_channel_wherever_they_are() -> None:
    router = Router(rack(PIANO))
    router.route([NoteOn(0, 0, 60, 90), NoteOn(0, 1, 72, 90)])
    router.set_rack(rack(replace(PIANO, channels=frozenset({1}))), 10)
    off = ControlChange(20, 0, 123, 0)
    assert router.route([off, NoteOff(21, 0, 60)]) == [(0, NoteOff(20, 0, 60))]
    assert router.route([replace(off, channel=1), NoteOff(21, 1, 72)]) == [(0, ControlChange(20, 0, 123, 0))]


# --- controllers


def test_controllers_bend_and_pressure_go_to_all_parts_of_the_channel_whatever_their_range() -> None:
    parts = [
        replace(PIANO, high_key=10),
        replace(STRINGS, channels=frozenset({1})),
        replace(PIANO, muted=True),
    ]
    events = ControlChange(1, 5, 1, 99), PitchBend(2, 5, -300), ChannelPressure(3, 5, 44)
    assert routed(parts, *events) == [
        (0, ControlChange(1, 0, 1, 99)),
        (2, ControlChange(1, 2, 1, 99)),
        (0, PitchBend(2, 0, -300)),
        (2, PitchBend(2, 2, -300)),
        (0, ChannelPressure(3, 0, 44)),
        (2, ChannelPressure(3, 2, 44)),
    ]


def test_key_pressure_goes_where_the_key_sounds() -> None:
    parts = [replace(PIANO, transpose_semitones=2), replace(STRINGS, low_velocity=100)]
    events = NoteOn(0, 0, 60, 90), PolyPressure(1, 0, 60, 50), PolyPressure(1, 0, 61, 50)
    assert routed(parts, *events)[1:] == [(0, PolyPressure(1, 0, 62, 50))]


def test_data_entries_come_with_their_parameter_so_that_merged_channels_do_not_mix() -> None:
    address = ControlChange(0, 0, 101, 0), ControlChange(0, 0, 100, 0)
    other = ControlChange(0, 1, 101, 127), ControlChange(0, 1, 100, 127), ControlChange(0, 1, 6, 3)
    assert routed([PIANO], *address, *other, ControlChange(1, 0, 6, 12)) == [
        (0, ControlChange(1, 0, 101, 0)),
        (0, ControlChange(1, 0, 100, 0)),
        (0, ControlChange(1, 0, 6, 12)),
    ]


def test_nrpns_are_passed_on_too() -> None:
    events = [ControlChange(0, 0, number, value) for number, value in ((99, 1), (98, 8), (6, 70))]
    assert routed([PIANO], *events) == [(0, event) for event in events]


# --- programs


def test_program_changes_reach_only_parts_that_follow() -> None:
    parts = [PIANO, FOLLOWER]
    assert routed(parts, ControlChange(0, 3, 0, 8), ProgramChange(1, 3, 16)) == program(1, 8, 16, frame=1)


def test_each_channel_has_a_bank_of_its_own() -> None:
    events = (
        ControlChange(0, 0, 0, 8),
        ControlChange(0, 0, 32, 3),
        ProgramChange(0, 1, 16),
        ProgramChange(0, 0, 17),
    )
    assert routed([FOLLOWER], *events) == [*program(0, 0, 16), *program(0, 8, 17, lsb=3)]


def test_fixed_programs_are_told_at_the_start_in_banks_that_mean_the_same_on_every_channel() -> None:
    parts = [replace(PIANO, name=str(number), program=number) for number in range(16)]
    parts[2] = replace(PIANO, program=128)
    told = Router(rack(*parts)).initial_events(5)
    assert told[6:9] == program(2, 120, 0, frame=5)
    assert told[27:30] == program(9, 121, 9, frame=5)
    assert len(told) == 48


def test_gm_is_told_nothing_at_the_start_and_passes_everything_through() -> None:
    router = Router(open_preset("gm"))
    assert router.initial_events(0) == []
    for channel in range(16):
        events = NoteOn(0, channel, 60, 90), ControlChange(0, channel, 7, 80), NoteOff(1, channel, 60)
        assert router.route(events) == [(channel, event) for event in events]
        assert router.route([ProgramChange(2, channel, 8)]) == program(channel, 0, 8, frame=2)


@pytest.mark.parametrize(
    ("channel", "index", "bank", "sent"),
    [
        (9, 0, 0, 120),
        (9, 0, 121, 121),
        (9, 0, 127, 127),
        (9, 9, 0, 0),
        (2, 9, 0, 121),
        (2, 9, 8, 121),
        (2, 9, 120, 120),
    ],
)
def test_banks_mean_on_the_part_what_they_mean_on_the_channel(
    channel: int, index: int, bank: int, sent: int
) -> None:
    parts = [replace(FOLLOWER, channels=frozenset({channel if part == index else 15})) for part in range(10)]
    events = ControlChange(0, channel, 0, bank), ProgramChange(0, channel, 5)
    assert routed(parts, *events) == program(index, sent, 5)


def test_a_follower_of_the_drum_channel_begins_with_drums_wherever_it_stands() -> None:
    drums, others = replace(FOLLOWER, channels=frozenset({9})), replace(FOLLOWER, channels=frozenset({3}))
    assert Router(rack(drums)).initial_events(0) == program(0, 120, 0)
    assert Router(rack(*[others] * 10)).initial_events(0) == program(9, 121, 0)
    assert Router(rack(*[FOLLOWER] * 10)).initial_events(0) == program(9, 121, 0)


def test_a_reset_goes_to_every_part_once_and_the_programs_follow() -> None:
    router = Router(rack(PIANO, replace(STRINGS, muted=True)))
    router.route([NoteOn(0, 0, 60, 90), ControlChange(0, 0, 64, 127)])
    assert router.route([SystemReset(8)]) == [
        (0, SystemReset(8)),
        (1, SystemReset(8)),
        *program(0, 121, 0, frame=8),
        *program(1, 121, 48, frame=8),
    ]
    assert router.route([NoteOff(9, 0, 60)]) == []


def test_panic_goes_to_every_part_once_and_lifts_what_is_held() -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90), ControlChange(0, 0, 64, 127)])
    assert router.route([Panic(8), NoteOff(9, 0, 60)]) == [(0, Panic(8)), (1, Panic(8))]
    told = router.set_rack(added(router.rack, STRINGS), 10)
    assert told == program(2, 121, 48, frame=10)  # no pedal: it went up


# --- another rack


def test_the_same_rack_again_sends_nothing() -> None:
    router = Router(rack(PIANO, STRINGS, replace(FOLLOWER, muted=True)))
    router.route(
        [NoteOn(0, 0, 60, 90), ControlChange(0, 0, 64, 127), PitchBend(0, 2, 99), ProgramChange(0, 1, 5)]
    )
    assert router.set_rack(rack(PIANO, STRINGS, replace(FOLLOWER, muted=True)), 10) == []


def test_a_new_program_is_told_and_nothing_else() -> None:
    router = Router(rack(PIANO, STRINGS))
    assert router.set_rack(with_part(router.rack, 1, replace(STRINGS, program=49)), 10) == program(
        1, 121, 49, 10
    )


def test_a_part_that_comes_late_is_told_what_its_channel_has_said() -> None:
    router = Router(rack(PIANO))
    bend_range = [ControlChange(0, 2, number, value) for number, value in ((101, 0), (100, 0), (6, 12))]
    router.route(
        [ControlChange(0, 2, 7, 90), ControlChange(0, 2, 64, 127), PitchBend(0, 2, 500), *bend_range]
    )
    router.route([ControlChange(0, 1, 7, 20), ProgramChange(0, 2, 40), ChannelPressure(0, 2, 9)])
    told = router.set_rack(added(router.rack, replace(FOLLOWER, channels=frozenset({2}))), 10)
    assert told == [
        (1, ControlChange(10, 1, 7, 90)),
        (1, ControlChange(10, 1, 64, 127)),
        (1, PitchBend(10, 1, 500)),
        (1, ChannelPressure(10, 1, 9)),
        *[
            (1, ControlChange(10, 1, number, value))
            for number, value in ((101, 0), (100, 0), (6, 12), (38, 0))
        ],
        *program(1, 0, 40, frame=10),
    ]


def test_of_merged_channels_the_last_word_counts() -> None:
    router = Router(rack(PIANO))
    router.route([ControlChange(0, 1, 7, 90), ControlChange(0, 2, 7, 50), ControlChange(0, 1, 7, 60)])
    told = router.set_rack(rack(PIANO, STRINGS), 10)
    assert told[0] == (1, ControlChange(10, 1, 7, 60))


def test_a_pedal_that_a_part_does_not_hear_any_more_goes_up() -> None:
    router = Router(rack(PIANO))
    router.route([ControlChange(0, 0, 64, 127), ControlChange(0, 0, 66, 127)])
    told = router.set_rack(rack(replace(PIANO, channels=frozenset({1}))), 10)
    assert told == [(0, ControlChange(10, 0, 64, 0)), (0, ControlChange(10, 0, 66, 0))]


@pytest.mark.parametrize("after", [rack(PIANO), rack(PIANO, replace(STRINGS, muted=True))])
def test_the_pedal_of_a_silenced_part_goes_up_and_comes_back_with_it(after: Rack) -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([ControlChange(0, 0, 64, 127)])
    assert router.set_rack(after, 10) == [(1, ControlChange(10, 1, 64, 0))]
    assert router.route([ControlChange(15, 0, 64, 100)]) == [(0, ControlChange(15, 0, 64, 100))]
    assert (1, ControlChange(20, 1, 64, 100)) in router.set_rack(rack(PIANO, STRINGS), 20)


def test_another_instrument_is_told_everything() -> None:
    router = Router(rack(PIANO))
    router.route([ControlChange(0, 0, 64, 127), ControlChange(0, 0, 1, 5), ControlChange(0, 0, 1, 0)])
    assert router.set_rack(rack(replace(PIANO, instrument="plugin:other")), 10) == [
        (0, ControlChange(10, 0, 64, 0)),
        (0, ControlChange(10, 0, 1, 0)),
        (0, ControlChange(10, 0, 64, 127)),
        *program(0, 121, 0, frame=10),
    ]


def test_a_channel_that_lost_its_part_still_hears_resets_and_panics() -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90)])
    router.set_rack(rack(STRINGS), 10)
    assert router.route([Panic(20)]) == [(0, Panic(20)), (1, Panic(20))]
    assert [part for part, event in router.route([SystemReset(21)]) if isinstance(event, SystemReset)] == [
        0,
        1,
    ]


def test_a_part_that_comes_to_another_note_table_can_be_told_everything_again() -> None:
    router = Router(rack(PIANO, replace(FOLLOWER, channels=frozenset({2}))))
    router.route([ControlChange(0, 2, 64, 127), ControlChange(0, 1, 74, 3), PitchBend(0, 2, 99)])
    fresh, used = NoteTable(4, VoiceTable.from_anchors({})), NoteTable(4, VoiceTable.from_anchors({}))
    for number in range(120):
        used.apply(ControlChange(0, 1, number, 17))
    told = router.told_again([1], 5)
    for index, event in told:
        assert index == event.channel == 1
        fresh.apply(event)
        used.apply(event)
    assert used.channels.state()[1] == fresh.channels.state()[1]
    assert (fresh.channels[1].sustain, fresh.channels[1].bend, fresh.channels[1].volume) == (127, 99, 100)
    assert (1, ControlChange(5, 1, 74, 64)) in told  # what another channel has turned goes home


# --- state


def test_a_restored_router_goes_on_as_the_saved_one() -> None:
    router = Router(rack(PIANO, FOLLOWER))
    router.route([NoteOn(0, 0, 60, 90), ControlChange(0, 0, 0, 8), ControlChange(0, 0, 101, 0)])
    router.route([ControlChange(0, 0, 100, 0), ControlChange(0, 3, 64, 127)])
    router.set_rack(rack(FOLLOWER), 5)
    state = router.state()
    other = Router(rack(STRINGS))
    other.restore(state)
    later = NoteOff(9, 0, 60), ProgramChange(9, 0, 4), ControlChange(9, 0, 6, 7), Panic(9)
    assert other.rack == router.rack
    assert other.route(later) == router.route(later)
    assert other.set_rack(rack(STRINGS, PIANO), 20) == router.set_rack(rack(STRINGS, PIANO), 20)
    router.restore(state)
    assert router.keys_down == 1


def test_reset_forgets_all_but_the_rack() -> None:
    router = Router(rack(PIANO, STRINGS))
    router.route([NoteOn(0, 0, 60, 90), ControlChange(0, 0, 64, 127)])
    router.set_rack(rack(STRINGS), 5)
    router.reset()
    fresh = Router(rack(STRINGS))
    assert router.state() == fresh.state()


# --- time


def dense_block() -> list[MidiEvent]:
    """200 events on sixteen channels, as a flood of controllers with chords makes them."""
    events: list[MidiEvent] = []
    for i in range(50):
        channel = i % 16
        events += [ControlChange(i, channel, 1, i), PitchBend(i, channel, i), NoteOn(i, channel, 40 + i, 90)]
        events.append(NoteOff(i, channel, 40 + i))
    return events


def test_routing_200_events_takes_well_under_half_a_millisecond() -> None:
    router, events = Router(open_preset("gm")), dense_block()
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        router.route(events)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.0005
