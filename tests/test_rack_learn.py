"""MIDI learn: one touch binds a controller, knobs take over without jumps, buttons act when they go down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neume.synth.errors import UsageError
from neume.synth.events import ControlChange, NoteOn
from neume.synth.rack.knobs import value_of, with_value
from neume.synth.rack.learn import NOT_LEARNT, Change, Learner, Mapping
from neume.synth.rack.part import Insert, Part, Rack

VOLUME = "part.0.volume_db"
KNOB = Mapping(None, 20, "part.0.pan", 0.0, 1.0)


class Host:
    """A rack that a learner turns, as the engine does it."""

    def __init__(self, *mappings: Mapping, pan: float = 0.5) -> None:
        self.rack = Rack("Test", (Part("A", pan=pan, inserts=(Insert("reverb"),)),))
        self.learner = Learner(mappings)

    def turn(self, value: int, controller: int = 20, channel: int = 0) -> Change | None:
        event = ControlChange(0, channel, controller, value)
        change = self.learner.apply(event, lambda target: value_of(self.rack, target))
        if change is not None and change.target not in ("panic", "preset.next"):
            self.rack = with_value(self.rack, change.target, change.value)
        return change

    @property
    def pan(self) -> float:
        return self.rack.parts[0].pan


# --- learning


def test_the_first_controller_after_a_touch_is_bound_over_the_whole_range() -> None:
    host = Host()
    host.learner.touch(VOLUME)
    assert host.learner.armed == VOLUME
    assert host.turn(64, controller=74, channel=2) is None
    assert host.learner.armed is None
    assert host.learner.mappings == (Mapping(2, 74, VOLUME, -60.0, 12.0),)


def test_an_effects_parameter_brings_its_range() -> None:
    host = Host()
    host.learner.touch("part.0.insert.0.size_s", 0.2, 8.0)
    host.turn(5)
    assert host.learner.mappings == (Mapping(0, 20, "part.0.insert.0.size_s", 0.2, 8.0),)


def test_learning_replaces_what_controller_and_target_had() -> None:
    others = Mapping(0, 30, "part.0.pan", -1, 1), Mapping(1, 20, "gain_db", -60, 12)
    host = Host(
        Mapping(0, 20, "part.0.pan", -1, 1), Mapping(None, 20, "panic"), Mapping(4, 21, VOLUME), *others
    )
    host.learner.touch(VOLUME)
    host.turn(64)
    assert host.learner.mappings == (*others, Mapping(0, 20, VOLUME, -60.0, 12.0))


@pytest.mark.parametrize("controller", sorted(NOT_LEARNT))
def test_controllers_with_a_meaning_of_their_own_are_not_learnt(controller: int) -> None:
    host = Host()
    host.learner.touch(VOLUME)
    host.turn(64, controller=controller)
    assert (host.learner.armed, host.learner.mappings) == (VOLUME, ())
    assert not host.learner.claims(ControlChange(0, 0, controller, 64))


def test_learning_can_be_called_off() -> None:
    host = Host()
    host.learner.touch(VOLUME)
    host.learner.cancel()
    host.turn(64)
    assert host.learner.mappings == ()


def test_what_cannot_be_turned_cannot_be_learnt() -> None:
    with pytest.raises(UsageError, match=r"'part.0.name' names nothing that a controller can turn"):
        Learner().touch("part.0.name")


def test_the_oldest_mapping_makes_room() -> None:
    host = Host(*(Mapping(i // 16, 20 + i % 16, f"insert.{i % 90}.p{i}") for i in range(128)))
    host.learner.touch("gain_db")
    host.turn(64, controller=90)
    assert len(host.learner.mappings) == 128
    assert host.learner.mappings[-1] == Mapping(0, 90, "gain_db", -60.0, 12.0)
    assert host.learner.mappings[0].controller == 21


def test_claims_are_what_apply_has_a_use_for() -> None:
    learner = Learner([Mapping(3, 20, VOLUME)])
    claimed = [learner.claims(ControlChange(0, channel, 20, 1)) for channel in (3, 4)]
    assert claimed == [True, False]
    assert not learner.claims(NoteOn(0, 3, 20, 1))
    learner.touch(VOLUME)
    assert learner.claims(ControlChange(0, 4, 99 - 3, 1)) is False
    assert learner.claims(ControlChange(0, 4, 20, 1))


# --- knobs


def test_a_knob_does_nothing_until_it_reaches_the_value() -> None:
    host = Host(KNOB, pan=0.5)
    moved = [host.turn(value) for value in (10, 30, 50, 61)]
    assert moved == [None] * 4
    assert host.turn(63) == Change("part.0.pan", 63 / 127)
    assert host.turn(90) == Change("part.0.pan", 90 / 127)


@pytest.mark.parametrize(("start", "past"), [(10, 100), (100, 10)])
def test_a_knob_turned_fast_takes_hold_when_it_has_passed_the_value(start: int, past: int) -> None:
    host = Host(KNOB, pan=0.5)
    assert host.turn(start) is None
    assert host.turn(past) == Change("part.0.pan", past / 127)


def test_a_knob_that_is_there_already_takes_hold_at_once() -> None:
    assert Host(KNOB, pan=64 / 127).turn(65) == Change("part.0.pan", 65 / 127)


def test_a_value_moved_by_somebody_else_has_to_be_reached_again() -> None:
    host = Host(KNOB, pan=0.5)
    host.turn(64)
    host.rack = with_value(host.rack, "part.0.pan", 0.9)  # the panel, or another preset
    assert host.turn(65) is None
    assert host.turn(80) is None
    assert host.turn(120) == Change("part.0.pan", 120 / 127)


def test_a_rack_that_lags_behind_does_not_loosen_the_hold() -> None:
    learner = Learner([KNOB])
    lagging = [0.5, 0.5, 0.5, 70 / 127, 70 / 127, 90 / 127, 80 / 127]
    turned = [64, 70, 90, 80, 60, 50, 40]
    for current, value in zip(lagging, turned, strict=True):
        assert learner.apply(ControlChange(0, 0, 20, value), lambda _: current) is not None  # noqa: B023


def test_a_value_that_nobody_knows_is_taken_at_once() -> None:
    host = Host(Mapping(None, 20, "part.0.insert.0.mix"))
    assert host.turn(127) == Change("part.0.insert.0.mix", 1.0)
    assert host.rack.parts[0].inserts[0].values == {"mix": 1.0}


def test_a_range_may_run_backwards() -> None:
    host = Host(Mapping(None, 20, "part.0.pan", 1.0, -1.0), pan=1.0)
    assert host.turn(0) == Change("part.0.pan", 1.0)
    assert host.turn(127) == Change("part.0.pan", -1.0)


def test_whole_values_are_turned_in_whole_steps() -> None:
    host = Host(Mapping(None, 20, "part.0.transpose_semitones", 0, 12))
    changes = [host.turn(value) for value in (0, 4, 7, 64, 127)]
    assert [change and change.value for change in changes] == [0.0, 0.0, 1.0, 6.0, 12.0]
    assert host.rack.parts[0].transpose_semitones == 12


@given(st.floats(-1, 1, allow_subnormal=False), st.lists(st.integers(0, 127), min_size=1, max_size=40))
def test_a_value_never_jumps_further_than_the_knob(pan: float, positions: list[int]) -> None:
    host = Host(Mapping(None, 20, "part.0.pan", -1.0, 1.0), pan=pan)
    step = 2 / 127
    before = None
    for position in positions:
        was = host.pan
        host.turn(position)
        turned = 0 if before is None else abs(position - before) * step
        assert abs(host.pan - was) <= turned + step + 1e-9
        before = position


def test_a_mapping_of_the_very_channel_comes_first() -> None:
    host = Host(Mapping(None, 20, "panic"), Mapping(3, 20, "preset.next"))
    assert host.turn(127, channel=3) == Change("preset.next", 1.0)
    assert host.turn(127, channel=4) == Change("panic", 1.0)


# --- buttons


def test_a_button_acts_once_each_time_it_goes_down() -> None:
    host = Host(Mapping(None, 20, "panic"))
    acted = [host.turn(value) is not None for value in (127, 127, 100, 0, 63, 64, 0)]
    assert acted == [True, False, False, False, False, True, False]


def test_a_switch_turns_over() -> None:
    host = Host(Mapping(None, 20, "part.0.muted"))
    muted = []
    for value in (127, 0, 127, 0):
        host.turn(value)
        muted.append(host.rack.parts[0].muted)
    assert muted == [True, True, False, False]


def test_the_press_that_is_learnt_does_nothing_yet() -> None:
    host = Host()
    host.learner.touch("part.0.muted")
    assert [host.turn(value) for value in (127, 0)] == [None, None]
    assert host.turn(127) == Change("part.0.muted", 1.0)


# --- state


def test_a_mapping_that_another_preset_has_too_keeps_its_knob() -> None:
    host = Host(KNOB, pan=0.5)
    host.turn(64)
    host.learner.set_mappings([KNOB, Mapping(None, 99, "gain_db")])
    assert host.turn(70) == Change("part.0.pan", 70 / 127)
    host.learner.set_mappings([])
    assert host.turn(80) is None


def test_reset_forgets_where_the_knobs_are() -> None:
    host = Host(KNOB, pan=0.5)
    host.turn(10)
    host.learner.reset()
    assert host.turn(100) is None
    assert host.learner.mappings == (KNOB,)
