"""The computer keyboard plays, and leaves text fields, buttons and shortcuts what is theirs."""

from __future__ import annotations

import panel_keys_rig as rig  # first: it chooses the offscreen platform

# isort: split

import pytest
from control_rig import until
from panel_keys_rig import expect, key_event, key_up, pedals, point_of, strike
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

desk, engine, folders, owner = rig.desk, rig.engine, rig.folders, rig.owner


@pytest.mark.parametrize("focus", ["button", "list", "piano"])
def test_two_rows_play_whatever_has_the_focus(desk, owner, focus):
    (desk.keyboard.piano if focus == "piano" else getattr(desk, focus)).setFocus()
    for name in ("z", "s", "m", "q", "p"):
        strike(desk, name)
    expect(owner, 60, -60, 61, -61, 71, -71, 72, -72, 88, -88)
    assert owner.played[0][1].velocity == 100


def test_keys_without_a_scan_code_play_too(desk, owner):
    """Qt's whole way, shortcuts included, as an on-screen keyboard's keys come."""
    window = desk.windowHandle()
    QTest.keyPress(window, Qt.Key.Key_X)
    QTest.keyRelease(window, Qt.Key.Key_X)
    expect(owner, 62, -62)


def test_a_held_key_that_repeats_plays_once(desk, owner):
    key_event(desk, "z")
    for _ in range(5):
        key_up(desk, "z", repeated=True)
        key_event(desk, "z", repeated=True)
    key_up(desk, "z")
    expect(owner, 60, -60)


def test_typing_is_not_playing(desk, owner):
    desk.field.setFocus()
    for key in (Qt.Key.Key_Z, Qt.Key.Key_Space, Qt.Key.Key_X):
        QTest.keyClick(desk.windowHandle(), key)
    assert desk.field.text().lower() == "z x"
    desk.keyboard.piano.setFocus()
    strike(desk, "c")
    expect(owner, 64, -64)


def test_a_click_on_the_keys_takes_the_keyboard_from_a_text_field(desk, owner):
    desk.field.setFocus()
    piano = desk.keyboard.piano
    QTest.mouseClick(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 60))
    strike(desk, "x")
    expect(owner, 60, -60, 62, -62)


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Shift", "Meta"])
def test_a_modifier_makes_it_a_shortcut(desk, owner, modifier):
    key_event(desk, "z", modifiers=getattr(Qt.KeyboardModifier, f"{modifier}Modifier"))
    key_up(desk, "z")
    strike(desk, "x")
    expect(owner, 62, -62)


def test_a_key_let_go_while_a_modifier_or_a_text_field_came_is_let_go(desk, owner):
    key_event(desk, "z")
    key_event(desk, "x")
    key_up(desk, "z", modifiers=Qt.KeyboardModifier.ControlModifier)
    desk.field.setFocus()
    key_up(desk, "x")
    expect(owner, 60, 62, -60, -62)
    assert desk.field.text() == ""


def test_a_list_is_not_searched_by_what_is_played(desk, owner):
    desk.list.setFocus()
    desk.list.setCurrentRow(1)
    QTest.keyClick(desk.windowHandle(), Qt.Key.Key_Z)
    assert desk.list.currentRow() == 1


def test_the_space_bar_is_the_pedal(desk, owner):
    key_event(desk, "space")
    assert desk.keyboard.bar.pedal.isChecked()
    key_event(desk, "space", repeated=True)
    key_up(desk, "space")
    assert not desk.keyboard.bar.pedal.isChecked()
    until(lambda: pedals(owner) == [127, 0])


def test_the_space_bar_still_presses_a_button_that_has_the_focus(qtbot, desk, owner):
    desk.button.setFocus()
    with qtbot.waitSignal(desk.button.clicked):
        QTest.keyClick(desk.windowHandle(), Qt.Key.Key_Space)
    assert not pedals(owner)


def test_the_pedal_button_stays_down_until_it_is_clicked_again(desk, owner):
    pedal = desk.keyboard.bar.pedal
    QTest.mouseClick(pedal, Qt.MouseButton.LeftButton)
    strike(desk, "space")  # a foot and a hand: the pedal goes up with the last
    assert pedal.isChecked()
    until(lambda: pedals(owner) == [127])
    QTest.mouseClick(pedal, Qt.MouseButton.LeftButton)
    until(lambda: pedals(owner) == [127, 0])


def test_octaves_by_key_and_button_are_kept_and_leave_nothing_sounding(qtbot, desk, owner):
    key_event(desk, "z")
    strike(desk, "comma")
    key_event(desk, "z", repeated=True)
    key_up(desk, "z")
    strike(desk, "z")
    expect(owner, 60, -60, 48, -48)
    strike(desk, "period")
    assert desk.keyboard._choices.now.octave == 4
    for _ in range(9):
        strike(desk, "period")
    assert desk.keyboard.first_key == 108
    strike(desk, "q")
    strike(desk, "o")  # there is no such key
    expect(owner, 60, -60, 48, -48, 120, -120)


def test_keys_are_nobodys_while_the_keyboard_is_hidden(desk, owner):
    desk.keyboard.hide()
    strike(desk, "z")
    desk.keyboard.show()
    strike(desk, "x")
    expect(owner, 62, -62)


def test_a_key_shows_what_this_keyboard_prints_on_it(desk):
    key_event(desk, "z", text="y")  # a German one
    assert desk.keyboard.piano._letters[60] == "Y"
