"""What the panel does to racks, as pure functions: every rack that comes out could be a preset."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ordinary_floats import floats

from neume.synth.errors import UsageError
from neume.synth.rack.curves import SHAPES
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import OMNI, Insert, Part, Rack
from neume.synth.rack.preset_read import MAX_NAME, checked
from neume.synth.rack.ranges import MAX_INSERTS, PARTS
from neume.synth.rack.targets import parse_target
from neume.ui.rack.edits import (
    duplicated,
    next_name,
    with_channel_toggled,
    with_curve,
    with_fields,
    with_high,
    with_instrument,
    with_low,
    with_name,
    with_new_part,
)
from neume.ui.rack.insert_edits import (
    insert_added,
    insert_moved,
    insert_removed,
    insert_target,
    inserts_of,
)
from neume.ui.rack.key_geometry import KEYS, KeyGeometry
from neume.ui.rack.reorder import gap_at, place_of
from neume.ui.rack.wordings import channels_text, runs

EFFECTS = ("chorus", "delay", "equaliser", "reverb")
chains = st.lists(st.sampled_from(EFFECTS), max_size=MAX_INSERTS)


@st.composite
def racks(draw):
    """Racks whose every insert is turned by a controller of its own."""
    parts = tuple(
        Part(f"Part {number}", program=number, inserts=tuple(map(Insert, draw(chains))))
        for number in range(draw(st.integers(1, 4)))
    )
    rack = Rack("R", parts, inserts=tuple(map(Insert, draw(chains))))
    owners = [None, *range(len(parts))]
    targets = [insert_target(o, i, "mix") for o in owners for i in range(len(inserts_of(rack, o)))]
    mappings = tuple(Mapping(None, 40 + n, t) for n, t in enumerate(targets[:20]))
    return checked(replace(rack, mappings=mappings))


owners = st.sampled_from([None, 0])


def turned(rack, owner):
    """Controller → the effect that it turns, of one chain; by identity of the insert's place."""
    found = {}
    for mapping in rack.mappings:
        target = parse_target(mapping.target)
        if target.part == owner and target.insert is not None:
            found[mapping.controller] = target.insert
    return found


# --- inserts


@given(racks(), owners, st.data())
def test_controllers_follow_their_effects(rack, owner, data):
    chain = inserts_of(rack, owner)
    if not chain:
        return
    index = data.draw(st.integers(0, len(chain) - 1))
    to = data.draw(st.integers(0, len(chain) - 1))
    moved = checked(insert_moved(rack, owner, index, to))
    order = [i for i in range(len(chain)) if i != index]
    order.insert(to, index)
    assert inserts_of(moved, owner) == tuple(chain[i] for i in order)
    assert turned(moved, owner) == {c: order.index(i) for c, i in turned(rack, owner).items()}
    assert insert_moved(moved, owner, to, index) == rack


@given(racks(), owners, st.data())
def test_an_effect_goes_with_its_controllers_and_no_others(rack, owner, data):
    chain = inserts_of(rack, owner)
    if not chain:
        return
    index = data.draw(st.integers(0, len(chain) - 1))
    left = checked(insert_removed(rack, owner, index))
    assert len(inserts_of(left, owner)) == len(chain) - 1
    expected = {c: i - (i > index) for c, i in turned(rack, owner).items() if i != index}
    assert turned(left, owner) == expected
    other = 0 if owner is None else None
    assert turned(left, other) == turned(rack, other)


@given(racks(), owners)
def test_an_effect_more_is_the_last_until_the_chain_is_full(rack, owner):
    chain = inserts_of(rack, owner)
    if len(chain) == MAX_INSERTS:
        with pytest.raises(UsageError, match="remove one first"):
            insert_added(rack, owner, "delay")
        return
    grown = checked(insert_added(rack, owner, "delay"))
    assert inserts_of(grown, owner) == (*chain, Insert("delay"))
    assert grown.mappings == rack.mappings


@pytest.mark.parametrize("change", [insert_removed, lambda r, o, i: insert_moved(r, o, i, 0)])
def test_an_effect_that_is_not_there(change):
    with pytest.raises(UsageError, match="no effect 3"):
        change(Rack("R", (Part("A", inserts=(Insert("delay"),)),)), 0, 2)


# --- parts


@given(racks(), st.data())
def test_a_copy_stands_behind_its_original_and_has_a_name_of_its_own(rack, data):
    index = data.draw(st.integers(0, len(rack.parts) - 1))
    grown = checked(duplicated(rack, index))
    part, copy = grown.parts[index], grown.parts[index + 1]
    assert part == rack.parts[index]
    assert replace(copy, name=part.name) == part
    assert len({other.name for other in grown.parts}) == len(grown.parts)
    behind = [m for m in rack.mappings if (parse_target(m.target).part or 0) > index]
    assert len(grown.mappings) == len(rack.mappings)
    assert not {m.target for m in behind if f"part.{index + 1}." in m.target} & {
        m.target for m in grown.mappings
    }


def test_no_seventeenth_part():
    full = Rack("R", tuple(Part(f"P{number}") for number in range(PARTS)))
    for change in (lambda: duplicated(full, 0), lambda: with_new_part(full, "X")):
        with pytest.raises(UsageError, match="remove one first"):
            change()


@given(st.text(min_size=1, max_size=MAX_NAME), st.sets(st.text(min_size=1, max_size=MAX_NAME), max_size=20))
def test_the_next_name_is_free_and_short_enough(name, taken):
    found = next_name(name, taken | {name})
    assert found not in taken | {name}
    assert len(found) <= MAX_NAME


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("Piano", {"Piano"}, "Piano 2"),
        ("Piano 2", {"Piano", "Piano 2"}, "Piano 3"),
        ("Piano", {"Piano", "Piano 2"}, "Piano 3"),
        ("909", {"909"}, "909 2"),
    ],
)
def test_names_are_counted_on(name, taken, expected):
    assert next_name(name, taken) == expected


@pytest.mark.parametrize("change", [duplicated, lambda r, i: with_fields(r, i, muted=True)])
def test_a_part_that_is_not_there(change):
    with pytest.raises(UsageError, match="no part 8"):
        change(Rack("R", (Part("A"),)), 7)


def test_a_name_has_letters_and_an_end():
    rack = Rack("R", (Part("A"),))
    assert with_name(rack, 0, "  Big \n Piano ").parts[0].name == "Big Piano"
    assert checked(with_name(rack, 0, "x" * 200))
    with pytest.raises(UsageError, match="at least one letter"):
        with_name(rack, 0, " \t ")


def test_another_instrument_takes_over_what_the_part_hears():
    part = Part("A", "strange-bundle", "1.0.0", 5, low_key=40, pan=0.5, inserts=(Insert("delay"),))
    changed = checked(with_instrument(Rack("R", (part,)), 0, "", 73, "Flute")).parts[0]
    assert (changed.name, changed.instrument, changed.bundle_version) == ("Flute", "", "")
    assert (changed.low_key, changed.pan, changed.inserts) == (40, 0.5, part.inserts)
    assert with_instrument(Rack("R", (part,)), 0, "", 73).parts[0].name == "A"


@given(st.sampled_from(["key", "velocity"]), st.lists(st.tuples(st.booleans(), st.integers(1, 127))))
def test_ends_of_a_range_push_each_other(kind, moves):
    rack = Rack("R", (Part("A"),))
    for is_low, value in moves:
        rack = checked((with_low if is_low else with_high)(rack, 0, kind, value))
        assert getattr(rack.parts[0], f"{'low' if is_low else 'high'}_{kind}") == value


@given(st.lists(st.sampled_from(SHAPES)))
def test_any_curve_after_any_other(shapes):
    rack = Rack("R", (Part("A"),))
    for shape in shapes:
        rack = checked(with_curve(rack, 0, shape))
        assert rack.parts[0].curve.shape == shape


@given(st.lists(st.integers(0, 15)))
def test_channels_are_never_none(presses):
    channels = OMNI
    for channel in presses:
        before, channels = channels, with_channel_toggled(channels, channel)
        assert channels
        assert checked(with_fields(Rack("R", (Part("A"),)), 0, channels=channels))
        if before == OMNI:
            assert channels == {channel}


# --- words and places


@pytest.mark.parametrize(
    ("channels", "text"),
    [
        (OMNI, "Omni"),
        ({0}, "1"),
        ({0, 1}, "1, 2"),
        ({0, 1, 2, 3}, "1–4"),
        ({0, 2, 9, 10, 11}, "1, 3, 10–12"),
    ],
)
def test_channels_in_words(channels, text):
    assert channels_text(frozenset(channels), "Omni") == text


@given(st.sets(st.integers(0, 15)))
def test_runs_hold_all_numbers_once(numbers):
    spelled = [n for low, high in runs(numbers) for n in range(low, high + 1)]
    assert spelled == sorted(numbers)


@given(floats(60, 2000), st.integers(0, KEYS - 1))
def test_each_key_is_found_where_it_is(width, key):
    keys = KeyGeometry(width)
    middle = (keys.left(key) + keys.left(key + 1)) / 2
    assert keys.key_at(middle) == key
    assert keys.left(key) < keys.left(key + 1)


@given(floats(60, 2000), floats(-50, 2050))
def test_every_place_is_a_key(width, x):
    keys = KeyGeometry(width)
    assert 0 <= keys.key_at(x) < KEYS
    assert keys.key_at(-1) == 0
    assert keys.key_at(width + 1) == KEYS - 1


@given(st.integers(0, 127), st.integers(0, 127), floats(0, 300))
def test_the_nearer_end_is_taken(one, other, x):
    keys, low, high = KeyGeometry(300.0), min(one, other), max(one, other)
    end = keys.near(x, low, high)
    distances = {"low": abs(x - keys.left(low)), "high": abs(x - keys.left(high + 1))}
    assert distances[end] == min(distances.values())


@given(st.integers(1, 16), st.data())
def test_a_strip_lands_where_the_mark_was(count, data):
    index = data.draw(st.integers(0, count - 1))
    gap = data.draw(st.integers(0, count))
    order = [n for n in range(count) if n != index]
    order.insert(place_of(gap, index), index)
    before = [n for n in range(gap) if n != index]
    assert order[: len(before)] == before
    assert order[len(before)] == index or gap in (index, index + 1)


def test_gaps_lie_between_middles():
    middles = [50.0, 150.0, 250.0]
    assert [gap_at(x, middles) for x in (0, 60, 140, 160, 900)] == [0, 1, 1, 2, 3]
