"""The keyboard's geometry, its positions and its bands: what needs no widget."""

from __future__ import annotations

import panel_rig  # noqa: F401 (first: it chooses the offscreen platform)

# isort: split
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ordinary_floats import floats
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from neume.synth.rack.part import OMNI, Part, Rack
from neume.ui.keys.bands import MOST_ROWS, bands_of, part_playing
from neume.ui.keys.incoming import ECHO_S, Incoming
from neume.ui.keys.key_layout import LOUDEST, SOFTEST, KeyLayout
from neume.ui.keys.key_range import (
    ALL_WHITES,
    PIANO,
    ZOOMS,
    KeyRange,
    first_key_of,
    is_black,
    key_name,
    white_index,
    white_key,
)
from neume.ui.keys.positions import POSITIONS, position_of

zooms = st.sampled_from(ZOOMS)
ranges = zooms.flatmap(
    lambda whites: st.integers(0, ALL_WHITES - whites).map(lambda first: KeyRange(first, whites))
)
ratios = st.sampled_from((1.0, 1.25, 1.5, 2.0, 3.0))
layouts = st.builds(KeyLayout, ranges, st.integers(300, 2600), st.integers(60, 300), ratios)
racks = st.lists(
    st.builds(
        Part,
        st.just("part"),
        low_key=st.integers(0, 60),
        high_key=st.integers(60, 127),
        channels=st.sampled_from((OMNI, frozenset((0,)), frozenset((1, 2)))),
        muted=st.booleans(),
    ),
    min_size=1,
    max_size=16,
).map(lambda parts: Rack("rack", tuple(parts)))


def test_a_piano_has_88_keys_from_a0_to_c8():
    assert (len(PIANO.keys), key_name(PIANO.keys[0]), key_name(PIANO.keys[-1])) == (88, "A0", "C8")
    assert sum(map(is_black, PIANO.keys)) == 36


def test_middle_c_begins_the_fourth_octave():
    assert (first_key_of(4), key_name(60), key_name(61)) == (60, "C4", "C♯4")


@given(st.integers(0, ALL_WHITES - 1))
def test_white_keys_are_counted_both_ways(index):
    assert white_index(white_key(index)) == index
    assert not is_black(white_key(index))


@given(ranges, st.lists(st.tuples(st.sampled_from(("zoom", "scroll", "show")), st.integers(-130, 130))))
def test_whatever_is_done_to_it_a_range_shows_keys_that_exist(shown, steps):
    for step, number in steps:
        match step:
            case "zoom":
                shown = shown.zoomed(number)
            case "scroll":
                shown = shown.scrolled(number)
            case "show":
                key = abs(number) % 128
                shown = shown.showing(key, key + 28)
                assert key in shown.keys or is_black(key)
        assert shown.whites in ZOOMS
        assert shown.keys[0] >= 0
        assert shown.keys[-1] <= 127


def test_zoomed_out_all_keys_of_midi_are_there_and_zoomed_in_again_a_piano():
    assert PIANO.zoomed(-1).keys == range(128)
    assert PIANO.zoomed(-1).zoomed(1) == PIANO


@given(layouts)
def test_keys_tile_the_width_and_lie_on_device_pixels(layout):
    whites = [layout.rect(key) for key in layout.shown.keys if not is_black(key)]
    assert whites[0].left() == 0.0
    assert whites[-1].right() == pytest.approx(layout.width, abs=1.0 / layout.ratio)
    for left, right in itertools.pairwise(whites):
        assert left.right() == pytest.approx(right.left(), abs=1e-9)
    for key in layout.shown.keys:
        for edge in (layout.rect(key).left(), layout.rect(key).right()):
            assert edge * layout.ratio == pytest.approx(round(edge * layout.ratio), abs=1e-6)


@given(layouts)
def test_the_middle_of_a_key_hits_it(layout):
    for key in layout.shown.keys:
        place = layout.rect(key)
        y = place.height() * (0.5 if is_black(key) else 0.9)
        assert layout.key_at(place.center().x(), y) == key


@given(layouts, floats(0, 1, exclude_max=True), floats(-0.5, 1.5))
def test_every_point_over_the_keys_hits_one_that_is_in_view(layout, across, down):
    key = layout.key_at(across * layout.edges[-1], down * layout.height)
    assert key in layout.shown.keys


@given(layouts)
def test_beside_the_keys_is_none(layout):
    assert layout.key_at(-1.0, 10.0) is None
    assert layout.key_at(layout.edges[-1], 10.0) is None


@given(layouts, floats(-50, 400), floats(0, 100))
def test_the_front_of_a_key_is_louder(layout, y, further):
    for key in (layout.shown.keys[0], layout.shown.keys[-1] - 1):
        back, front = layout.velocity_at(key, y), layout.velocity_at(key, y + further)
        assert SOFTEST <= back <= front <= LOUDEST


def test_from_the_far_end_to_the_front_all_velocities_are_there():
    layout = KeyLayout(PIANO, 1040, 130)
    assert (layout.velocity_at(60, 0), layout.velocity_at(60, 130)) == (SOFTEST, LOUDEST)
    assert layout.velocity_at(61, layout.black_height) == LOUDEST


@given(racks, st.integers(0, 2))
def test_no_two_bands_of_a_row_share_a_key(rack, channel):
    bands = bands_of(rack, channel)
    for index, one in enumerate(bands):
        assert one.row < MOST_ROWS
        assert (one.low_key, one.high_key) == (rack.parts[one.part].low_key, rack.parts[one.part].high_key)
        for other in bands[index + 1 :]:
            assert one.row != other.row or one.high_key < other.low_key or other.high_key < one.low_key


@given(racks, st.integers(0, 2), st.integers(0, 127))
def test_a_key_plays_a_part_that_hears_it(rack, channel, key):
    playing = part_playing(rack, channel, key)
    hearing = [
        index
        for index, part in enumerate(rack.parts)
        if rack.audible(index) and channel in part.channels and part.low_key <= key <= part.high_key
    ]
    assert playing == (hearing[0] if hearing else None)


def test_a_split_takes_one_row_and_a_layer_another():
    bass, piano = Part("Bass", high_key=54), Part("Piano", low_key=55)
    rows = {band.name: band.row for band in bands_of(Rack("r", (bass, piano, Part("Strings"))), 0)}
    assert rows == {"Bass": 0, "Piano": 0, "Strings": 1}


def test_of_sixteen_channels_only_the_played_one_is_shown():
    rack = Rack("r", tuple(Part(f"{n}", channels=frozenset((n,))) for n in range(16)))
    assert [band.name for band in bands_of(rack, 3)] == ["3"]


def pressed(scan_code=0, virtual_key=0, key=Qt.Key.Key_unknown, modifiers=Qt.KeyboardModifier.NoModifier):
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers, scan_code, virtual_key, 0, "")


@pytest.mark.parametrize("place", POSITIONS, ids=lambda place: place.name)
def test_a_position_is_known_on_every_platform_whatever_is_printed_on_it(place):
    wrong = Qt.Key.Key_Eacute  # what the layout makes of it
    assert position_of(pressed(place.evdev + 8, key=wrong), "linux") == place
    assert position_of(pressed(place.evdev, key=wrong), "win32") == place
    assert position_of(pressed(1, place.macos, wrong), "darwin") == place
    assert position_of(pressed(key=place.qt_key), "linux") == place


def test_other_keys_have_no_position():
    assert position_of(pressed(9, key=Qt.Key.Key_Escape), "linux") is None
    assert position_of(pressed(87, key=Qt.Key.Key_1), "linux") is None  # of the keypad
    assert position_of(pressed(key=Qt.Key.Key_2, modifiers=Qt.KeyboardModifier.KeypadModifier)) is None


def test_the_two_rows_play_each_semitone_once():
    offsets = [place.offset_semitones for place in POSITIONS if place.offset_semitones is not None]
    assert offsets == list(range(29))


def test_lights_are_for_what_others_play_and_not_for_the_echo_of_our_own():
    incoming = Incoming()
    assert incoming.among((60, 64), frozenset((60,)), 0.0) == (64,)
    incoming.let_go(60, 1.0)
    assert incoming.among((60, 64), frozenset(), 1.0 + ECHO_S / 2) == (64,)
    assert incoming.among((60, 64), frozenset(), 1.0 + ECHO_S) == (60, 64)
