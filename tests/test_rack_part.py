"""Racks as values: parts come, go and move, and what the controllers turn goes with them."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from neume.synth.errors import UsageError
from neume.synth.rack.knobs import value_of, with_value
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert, Part, Rack, added, moved, removed, with_part
from neume.synth.rack.targets import Kind, parse_target, usual_range

REVERB, EQ = Insert("reverb", {"mix": 0.2}), Insert("equaliser")
A, B, C = (Part(name, inserts=(REVERB, EQ)) for name in "ABC")
RACK = Rack(
    "Test",
    (A, B, C),
    inserts=(REVERB,),
    mappings=(
        Mapping(None, 20, "part.0.volume_db", -60, 12),
        Mapping(None, 21, "part.1.insert.1.low_db", -18, 18),
        Mapping(3, 22, "part.2.pan", -1, 1),
        Mapping(None, 23, "insert.0.mix"),
        Mapping(None, 24, "panic"),
    ),
)


def names(rack: Rack) -> str:
    return "".join(part.name for part in rack.parts)


def targets(rack: Rack) -> list[str]:
    return [mapping.target for mapping in rack.mappings]


def test_a_part_by_default_hears_everything_and_follows_programs() -> None:
    part = Part("Any")
    assert (part.instrument, part.program, part.channels) == ("", None, frozenset(range(16)))
    assert (part.low_key, part.high_key, part.low_velocity, part.high_velocity) == (0, 127, 1, 127)


def test_records_are_frozen_and_cross_processes() -> None:
    with pytest.raises(FrozenInstanceError):
        RACK.gain_db = 3.0  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(RACK)) == RACK


@pytest.mark.parametrize(
    ("part", "drums"),
    [
        (Part("", program=128), True),
        (Part("", program=0, channels=frozenset({9})), False),
        (Part("", channels=frozenset({9})), True),
        (Part("", channels=frozenset({8, 9})), False),
        (Part(""), False),
    ],
)
def test_drums(part: Part, drums: bool) -> None:
    assert part.drums is drums


# --- parts


def test_with_part_changes_one_part_and_drops_the_mappings_it_cannot_keep() -> None:
    changed = with_part(RACK, 1, replace(B, name="X", inserts=(REVERB,)))
    assert names(changed) == "AXC"
    assert targets(changed) == ["part.0.volume_db", "part.2.pan", "insert.0.mix", "panic"]
    assert with_part(RACK, 1, replace(B, pan=1.0)).mappings == RACK.mappings


def test_added_comes_last_up_to_sixteen() -> None:
    rack = RACK
    for _ in range(13):
        rack = added(rack, Part("X"))
    assert names(rack) == "ABC" + "X" * 13
    with pytest.raises(UsageError, match="16 parts already"):
        added(rack, Part("X"))


def test_mappings_follow_their_parts_when_one_is_removed() -> None:
    assert targets(removed(RACK, 0)) == ["part.0.insert.1.low_db", "part.1.pan", "insert.0.mix", "panic"]
    assert names(removed(RACK, 2)) == "AB"
    with pytest.raises(UsageError, match="only part"):
        removed(Rack("", (A,)), 0)


@pytest.mark.parametrize(
    ("index", "to", "order", "moved_targets"),
    [
        (0, 2, "BCA", ["part.2.volume_db", "part.0.insert.1.low_db", "part.1.pan"]),
        (2, 0, "CAB", ["part.1.volume_db", "part.2.insert.1.low_db", "part.0.pan"]),
        (1, 1, "ABC", ["part.0.volume_db", "part.1.insert.1.low_db", "part.2.pan"]),
    ],
)
def test_mappings_follow_their_parts_when_they_move(
    index: int, to: int, order: str, moved_targets: list[str]
) -> None:
    rack = moved(RACK, index, to)
    assert names(rack) == order
    assert targets(rack) == [*moved_targets, "insert.0.mix", "panic"]
    assert [m.controller for m in rack.mappings] == [20, 21, 22, 23, 24]


@pytest.mark.parametrize("index", [-1, 3])
def test_parts_that_are_not_there(index: int) -> None:
    for change in (
        lambda: with_part(RACK, index, A),
        lambda: removed(RACK, index),
        lambda: moved(RACK, index, 0),
        lambda: moved(RACK, 0, index),
    ):
        with pytest.raises(UsageError, match=f"no part {index}: the rack has 3"):
            change()


# --- targets and values

TARGETS = {
    "gain_db": (Kind.NUMBER, None, None),
    "insert.0.mix": (Kind.NUMBER, None, 0),
    "insert.0.bypassed": (Kind.SWITCH, None, 0),
    "part.2.volume_db": (Kind.NUMBER, 2, None),
    "part.15.pan": (Kind.NUMBER, 15, None),
    "part.0.transpose_semitones": (Kind.WHOLE, 0, None),
    "part.0.muted": (Kind.SWITCH, 0, None),
    "part.0.soloed": (Kind.SWITCH, 0, None),
    "part.0.insert.1.low_db": (Kind.NUMBER, 0, 1),
    "part.0.insert.1.bypassed": (Kind.SWITCH, 0, 1),
    "panic": (Kind.TRIGGER, None, None),
    "preset.next": (Kind.TRIGGER, None, None),
    "preset.previous": (Kind.TRIGGER, None, None),
}


@pytest.mark.parametrize("text", TARGETS)
def test_targets_are_taken_apart_and_put_together(text: str) -> None:
    target = parse_target(text)
    assert target is not None
    assert (target.kind, target.part, target.insert) == TARGETS[text]
    assert target.text == text


@pytest.mark.parametrize(
    "text",
    ["", "name", "part.0.name", "part.0.program", "part.00.pan", "part.x.pan", "part.0", "insert.0", "pan",
     "part.0.insert.0.Mix", "part.0.gain_db", "preset", "part.0.pan.x", "part.0.insert.1.part.0.pan",
     "part.٣.pan"],
)  # fmt: skip
def test_texts_that_name_nothing(text: str) -> None:
    assert parse_target(text) is None
    with pytest.raises(UsageError, match="names no value"):
        with_value(RACK, text, 0.5)


def test_usual_ranges() -> None:
    ranges = [usual_range(text) for text in ("part.0.volume_db", "part.0.muted", "insert.0.size_s", "panic")]
    assert ranges == [(-60.0, 12.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)]


SETTINGS = {
    "gain_db": (-6.0, 0.0, -6.0),
    "part.1.volume_db": (99.0, 0.0, 12.0),
    "part.1.pan": (-2.0, 0.0, -1.0),
    "part.1.transpose_semitones": (6.6, 0.0, 7.0),
    "part.1.muted": (1.0, 0.0, 1.0),
    "part.1.soloed": (0.4, 0.0, 0.0),
    "part.1.insert.0.mix": (0.7, 0.2, 0.7),
    "part.1.insert.1.low_db": (3.0, None, 3.0),
    "part.1.insert.1.bypassed": (0.6, 0.0, 1.0),
    "insert.0.mix": (1e12, 0.2, 1e9),
}


@pytest.mark.parametrize("text", SETTINGS)
def test_values_are_read_and_set_within_their_range(text: str) -> None:
    wanted, before, after = SETTINGS[text]
    assert value_of(RACK, text) == before
    changed = with_value(RACK, text, wanted)
    assert value_of(changed, text) == after
    assert changed.mappings == RACK.mappings
    back = with_value(changed, text, before) if before is not None else RACK
    assert back == RACK


def test_set_values_have_the_types_of_their_fields() -> None:
    rack = with_value(with_value(RACK, "part.0.transpose_semitones", 7.0), "part.0.muted", 1.0)
    assert (type(rack.parts[0].transpose_semitones), rack.parts[0].muted) == (int, True)


@pytest.mark.parametrize("text", ["panic", "part.3.pan", "part.0.insert.2.mix", "insert.1.mix"])
def test_what_the_rack_does_not_have(text: str) -> None:
    assert value_of(RACK, text) is None
    with pytest.raises(UsageError, match="names no value of the rack 'Test'"):
        with_value(RACK, text, 0.5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_must_be_finite(value: float) -> None:
    with pytest.raises(UsageError, match="must be a finite number"):
        with_value(RACK, "gain_db", value)
