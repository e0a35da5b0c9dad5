"""No stuck note and no lost one: the router before real note tables, under any events and any racks."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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
from neume.synth.notes import HELD, NoteTable
from neume.synth.rack.curves import VelocityCurve
from neume.synth.rack.part import OMNI, Part, Rack, added, moved, removed, with_part
from neume.synth.rack.router import Router
from neume.synth.voices import DRUM_PROGRAM, PROGRAMS, VoiceTable

EVERLASTING = {"keys": [0], "decay_db_per_s": [0.0], "release_db_per_s": [60.0], "tuning_semitones": [0.0]}
VOICES = VoiceTable.from_anchors(dict.fromkeys(range(PROGRAMS), EVERLASTING))
LONG_ENOUGH_FRAMES = 10 * 48_000
SLOTS = 512  # more than can be held, so that no note is given up
EDITS = ("change", "mute", "add", "remove", "move")
CHANNELS, KEYS, VALUES, PEDALS = (0, 0, 0, 1, 9), (60, 67), (0, 64, 127), (64, 66)
CONTROLLERS = (1, 6, 7, 10, 11, 38, 67, 98, 100, 101)
# Few choices, so that what is played and what is changed meet. No drums: they take no release.
CHOICES: dict[str, tuple[Any, ...]] = {
    "name": ("A", "B"),
    "program": (None, None, 0, 48),
    "channels": (OMNI, OMNI, frozenset({0}), frozenset({1})),
    "low_key": (0, 0, 0, 61),
    "high_key": (127, 127, 127, 66),
    "low_velocity": (1, 1, 64),
    "transpose_semitones": (0, 0, 7, 60),
    "curve": (VelocityCurve(), VelocityCurve("fixed", 90)),
    "muted": (False, False, False, False, True),
    "soloed": (False, False, False, False, False, True),
}

# What a part is told of its channel; pedals and programs have rules of their own.
STANDING = (
    "volume",
    "pan",
    "expression",
    "modulation",
    "pressure",
    "soft_pedal",
    "bend",
    "bend_range_semitones",
)

channels, keys, values = st.sampled_from(CHANNELS), st.sampled_from(KEYS), st.sampled_from(VALUES)
parts = st.builds(Part, **{name: st.sampled_from(choices) for name, choices in CHOICES.items()})
racks = st.lists(parts, min_size=1, max_size=4).map(lambda chosen: Rack("Test", tuple(chosen)))


class Playing(RuleBasedStateMachine):
    """`alone`: a note table for each part, `together`: one that all parts share."""

    @initialize(rack=racks)
    def begin(self, rack: Rack) -> None:
        self.alone = [NoteTable(SLOTS, VOICES) for _ in range(16)]
        self.together = NoteTable(SLOTS, VOICES)
        self.keyboard = NoteTable(SLOTS, VOICES)  # hears what is played, unrouted
        self.frame = 0
        self.down: set[tuple[int, int]] = set()
        self.pedals: dict[tuple[int, int], int] = {}
        self.router = Router(rack)
        self.play(self.router.initial_events(0))

    def play(self, routed: list[tuple[int, MidiEvent]]) -> None:
        for index, event in routed:
            assert event.channel == index or isinstance(event, SystemReset | Panic)
            self.alone[index].apply(event)
            self.together.apply(event)
        self.frame += 1

    def hear(self, *events: MidiEvent) -> None:
        for event in events:
            self.keyboard.apply(event)
        self.play(self.router.route(events))

    @rule(channel=channels, key=keys, velocity=st.sampled_from([30, 100]))
    def press(self, channel: int, key: int, velocity: int) -> None:
        self.down.add((channel, key))
        self.hear(NoteOn(self.frame, channel, key, velocity))
        for part in self.hearing(channel, key, velocity):
            sounding = key + self.router.rack.parts[part].transpose_semitones
            assert (part, sounding) in self.held(self.alone[part])

    @rule(channel=channels, key=keys)
    def release(self, channel: int, key: int) -> None:
        self.down.discard((channel, key))
        self.hear(NoteOff(self.frame, channel, key))

    @rule(channel=channels, pedal=st.sampled_from(PEDALS), value=values)
    def pedal(self, channel: int, pedal: int, value: int) -> None:
        self.pedals[channel, pedal] = value
        self.hear(ControlChange(self.frame, channel, pedal, value))

    @rule(
        channel=channels,
        value=values,
        key=keys,
        controller=st.sampled_from(CONTROLLERS),
    )
    def controllers(self, channel: int, value: int, key: int, controller: int) -> None:
        self.hear(
            ControlChange(self.frame, channel, controller, value), PitchBend(self.frame, channel, value)
        )
        self.hear(ChannelPressure(self.frame, channel, value), PolyPressure(self.frame, channel, key, value))

    @rule(channel=channels, bank=st.sampled_from([0, 8, 121]), program=st.integers(0, 127))
    def choose_program(self, channel: int, bank: int, program: int) -> None:
        if channel != 9:  # drums take no release, so nothing could be said of their notes
            self.hear(
                ControlChange(self.frame, channel, 0, bank), ProgramChange(self.frame, channel, program)
            )

    @rule(channel=channels, number=st.sampled_from([120, 121, 123]))
    def channel_mode(self, channel: int, number: int) -> None:
        if number == 121:
            self.pedals.update(dict.fromkeys(((channel, 64), (channel, 66)), 0))
        self.hear(ControlChange(self.frame, channel, number, 0))

    @rule(event=st.sampled_from([SystemReset, Panic]))
    def everything(self, event: type[SystemReset | Panic]) -> None:
        self.pedals.clear()
        self.hear(event(self.frame))
        assert not any(self.held(table) for table in (*self.alone, self.together))

    @rule(rack=racks)
    def another_rack(self, rack: Rack) -> None:
        self.change(rack)

    @rule(what=st.sampled_from(EDITS), part=parts, index=st.integers(0, 5), to=st.integers(0, 5))
    def edit(self, what: str, part: Part, index: int, to: int) -> None:
        """One part is changed, muted, added, removed or moved."""
        rack = self.router.rack
        index, to = index % len(rack.parts), to % len(rack.parts)
        match what:
            case "change":
                self.change(with_part(rack, index, part))
            case "mute":
                self.change(with_part(rack, index, replace(rack.parts[index], muted=True)))
            case "add" if len(rack.parts) < 6:
                self.change(added(rack, part))
            case "remove" if len(rack.parts) > 1:
                self.change(removed(rack, index))
            case "move":
                audible = all(rack.audible(i) for i in range(len(rack.parts)))
                held = self.held(self.together)
                self.change(moved(rack, index, to))
                if audible and not any(self.pedals.values()):
                    assert self.held(self.together) == held

    def change(self, rack: Rack) -> None:
        """Notes that keys hold for a part that keeps its place and is audible go on."""
        old, before = self.router.rack, [self.held(table) for table in self.alone]
        keys_down = {note for notes in self.router.state().held.values() for note in notes}
        self.play(self.router.set_rack(rack, self.frame))
        for home, key, part in keys_down:
            stays = part < len(rack.parts) and rack.parts[part] == old.parts[part] and home == part
            if stays and rack.audible(part):
                assert (home, key) in self.held(self.alone[home])
        for index, notes in enumerate(before):
            assert set(self.held(self.alone[index])) <= set(notes)

    @rule()
    def save_and_restore(self) -> None:
        state = self.router.state()
        self.router = Router(Rack("Other", (Part("Other"),)))
        self.router.restore(state)

    @invariant()
    def the_same_rack_again_changes_nothing(self) -> None:
        if hasattr(self, "router"):
            assert self.router.set_rack(self.router.rack, self.frame) == []

    @invariant()
    def what_sounds_is_held_by_a_key_or_a_pedal(self) -> None:
        if hasattr(self, "router"):
            held = {(note.home, note.key) for notes in self.router.state().held.values() for note in notes}
            for table in (*self.alone, self.together):
                slots = table.slots
                loose = slots["active"] & (slots["release"] == HELD) & (slots["program"] != DRUM_PROGRAM)
                for slot in slots[loose]:
                    home = int(slot["channel"])
                    pedal = table.channels[home].sustain_down or table.channels[home].sostenuto_down
                    pedal &= home < len(self.router.rack.parts)
                    assert pedal or (home, int(slot["key"])) in held
            assert set(self.router.state().held) <= self.down

    @invariant()
    def parts_stand_as_the_channel_that_they_hear(self) -> None:
        if hasattr(self, "router"):
            for index, part in enumerate(self.router.rack.parts):
                silent = not self.router.rack.audible(index)
                if len(part.channels) == 1:
                    (channel,) = part.channels
                    wanted = self.keyboard.channels[channel]
                    for table in (self.alone[index], self.together):
                        stands = table.channels[index]
                        for name in STANDING:
                            assert getattr(stands, name) == getattr(wanted, name), name
                        pedals = (0, 0) if silent else (wanted.sustain, wanted.sostenuto)
                        assert (stands.sustain, stands.sostenuto) == pedals
                        followed = wanted.sounding_program if part.program is None else part.program
                        assert stands.sounding_program == followed

    @invariant()
    def silent_parts_hold_nothing(self) -> None:
        if hasattr(self, "router"):
            rack = self.router.rack
            for notes in self.router.state().held.values():
                assert all(note.part < len(rack.parts) and rack.audible(note.part) for note in notes)

    def teardown(self) -> None:
        """Whatever was played: with all keys and pedals up, all notes are released and fade away."""
        if not hasattr(self, "router"):
            return
        for channel, key in sorted(self.down):
            self.hear(NoteOff(self.frame, channel, key))
        for channel, pedal in self.pedals:
            self.hear(ControlChange(self.frame, channel, pedal, 0))
        assert self.router.keys_down == 0
        for table in (*self.alone, self.together):
            assert self.held(table) == []
            table.retire(self.frame + LONG_ENOUGH_FRAMES)
            assert table.sounding == 0

    def hearing(self, channel: int, key: int, velocity: int) -> list[int]:
        rack = self.router.rack
        return [
            index
            for index, part in enumerate(rack.parts)
            if channel in part.channels
            and part.low_key <= key <= part.high_key
            and part.low_velocity <= velocity <= part.high_velocity
            and rack.audible(index)
            and 0 <= key + part.transpose_semitones <= 127
        ]

    def held(self, table: NoteTable) -> list[tuple[int, int]]:
        """Channel and key of every note that is not released, sorted."""
        slots = table.slots
        held = slots[slots["active"] & (slots["release"] == HELD)]
        return sorted(set(zip(held["channel"].tolist(), held["key"].tolist(), strict=True)))


TestPlaying = Playing.TestCase
TestPlaying.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)


@pytest.mark.parametrize("seed", range(6))
def test_a_long_performance(seed: int) -> None:
    """The same machine played for thousands of steps, mostly on keys and pedals: rare meetings happen."""
    random = Random(seed)
    playing = Playing()
    playing.begin(rack=random_rack(random))
    for _ in range(2000):
        channel, key, value = random.choice(CHANNELS), random.choice(KEYS), random.choice(VALUES)
        match random.choices(range(9), weights=(30, 30, 12, 6, 3, 4, 12, 2, 2))[0]:
            case 0:
                playing.press(channel=channel, key=key, velocity=random.choice((30, 100)))
            case 1:
                playing.release(channel=channel, key=key)
            case 2:
                playing.pedal(channel=channel, pedal=random.choice(PEDALS), value=value)
            case 3:
                controller = random.choice(CONTROLLERS)
                playing.controllers(channel=channel, value=value, key=key, controller=controller)
            case 4:
                playing.choose_program(channel=channel, bank=random.choice((0, 8, 121)), program=value)
            case 5:
                playing.channel_mode(channel=channel, number=random.choice((120, 121, 123)))
            case 6:
                places = random.randrange(6), random.randrange(6)
                playing.edit(random.choice(EDITS), random_part(random), *places)
            case 7:
                playing.another_rack(random_rack(random))
            case 8:
                playing.everything(random.choice((SystemReset, Panic)))
        playing.the_same_rack_again_changes_nothing()
        playing.what_sounds_is_held_by_a_key_or_a_pedal()
        playing.parts_stand_as_the_channel_that_they_hear()
        playing.silent_parts_hold_nothing()
    playing.teardown()


def random_part(random: Random) -> Part:
    return Part(**{name: random.choice(choices) for name, choices in CHOICES.items()})


def random_rack(random: Random) -> Rack:
    return Rack("Test", tuple(random_part(random) for _ in range(random.randint(1, 4))))
