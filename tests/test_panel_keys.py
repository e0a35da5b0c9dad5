"""The keyboard by mouse, fingers and wheels, against a real control link."""

from __future__ import annotations

import panel_keys_rig as rig  # first: it chooses the offscreen platform

# isort: split
import time
from dataclasses import replace

from control_rig import until
from panel_keys_rig import expect, heard, key_event, key_up, point_of, strike, touch_screen
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from neume.synth.control.commands import ControlChange, NoteOn, PitchBend

desk, engine, folders, owner = rig.desk, rig.engine, rig.folders, rig.owner


def test_a_click_plays_at_once_and_in_front_it_is_loud(qtbot, desk, owner):
    piano = desk.keyboard.piano
    before_ns = time.monotonic_ns()
    QTest.mousePress(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 60))
    after_ns = time.monotonic_ns()
    until(lambda: owner.played)
    loud = owner.played[0][1]
    assert (loud.key, loud.channel) == (60, 0)
    assert before_ns <= loud.stamp_ns <= after_ns
    QTest.mouseRelease(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 60))
    QTest.mouseClick(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 61, share=0.1))
    expect(owner, 60, -60, 61, -61)
    assert loud.velocity > 110
    assert owner.played[2][1].velocity < 45


def test_the_right_button_plays_nothing(desk, owner):
    piano = desk.keyboard.piano
    QTest.mouseClick(piano, Qt.MouseButton.RightButton, pos=point_of(piano, 60))
    strike(desk, "z")
    expect(owner, 60, -60)


def test_a_drag_is_a_glissando_without_gaps_and_overlaps(desk, owner):
    piano = desk.keyboard.piano
    QTest.mousePress(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 60))
    for key in (62, 64, 65):
        QTest.mouseMove(piano, point_of(piano, key))
    QTest.mouseMove(piano, QPoint(point_of(piano, 66).x(), -300))  # above the keys: a black one still
    QTest.mouseMove(piano, QPoint(-40, 40))  # beside them: none
    QTest.mouseMove(piano, point_of(piano, 67))
    QTest.mouseRelease(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 67))
    expect(owner, 60, -60, 62, -62, 64, -64, 65, -65, 66, -66, 67, -67)


def test_every_finger_has_its_own_key(qapp, desk, owner):
    piano, device = desk.keyboard.piano, touch_screen()
    QTest.touchEvent(piano, device).press(0, point_of(piano, 60), piano).press(1, point_of(piano, 64), piano)
    QTest.touchEvent(piano, device).move(0, point_of(piano, 62), piano).stationary(1)
    QTest.touchEvent(piano, device).stationary(0).release(1, point_of(piano, 64), piano)
    QTest.touchEvent(piano, device).release(0, point_of(piano, 62), piano)
    expect(owner, 60, 64, -60, 62, -64, -62)


def test_a_fixed_velocity_is_for_mouse_and_keys(desk, owner):
    strike(desk, "equal")
    piano = desk.keyboard.piano
    QTest.mouseClick(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 60, share=0.2))
    strike(desk, "minus")
    strike(desk, "z")
    until(lambda: len(heard(owner)) == 4)
    velocities = [command.velocity for _, command in owner.played if isinstance(command, NoteOn)]
    assert velocities == [109, 100]
    QTest.mouseClick(desk.keyboard.bar.fixed, Qt.MouseButton.LeftButton)
    assert desk.keyboard._choices.now.fixed_velocity == 0


def test_bend_springs_back_and_modulation_stays(desk, owner):
    view = desk.keyboard
    for wheel in (view.bend, view.modulation):
        middle = wheel.rect().center()
        QTest.mousePress(wheel, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseMove(wheel, middle - QPoint(0, 20))
        QTest.mouseRelease(wheel, Qt.MouseButton.LeftButton, pos=middle - QPoint(0, 20))
    until(lambda: len(owner.played) == 3)
    up, back, modulation = (command for _, command in owner.played)
    assert up.value > 1000
    assert back == replace(back, value=0)
    assert isinstance(modulation, ControlChange)
    assert modulation.value == view.modulation.value() > 10


def test_wheels_turn_by_arrow_keys(qtbot, desk, owner):
    view = desk.keyboard
    view.bend.setFocus()
    QTest.keyPress(view.bend, Qt.Key.Key_Up)
    assert view.bend.value() > 0
    QTest.keyRelease(view.bend, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: view.bend.value() == 0)
    QTest.keyClick(view.modulation, Qt.Key.Key_PageUp)
    until(lambda: len(owner.played) == 3)
    assert [type(command) for _, command in owner.played] == [PitchBend, PitchBend, ControlChange]
    assert (view.bend.value(), view.modulation.value()) == (0, 16)


def test_wheels_turn_by_a_finger_while_others_play(desk, owner):
    view, device = desk.keyboard, touch_screen()
    middle = view.bend.rect().center()
    QTest.touchEvent(view.piano, device).press(0, point_of(view.piano, 60), view.piano)
    QTest.touchEvent(view.piano, device).stationary(0).press(1, middle, view.bend)
    QTest.touchEvent(view.piano, device).stationary(0).move(1, middle + QPoint(0, 25), view.bend)
    assert view.bend.value() < 0
    QTest.touchEvent(view.piano, device).stationary(0).release(1, middle, view.bend)
    QTest.touchEvent(view.piano, device).release(0, point_of(view.piano, 60), view.piano)
    expect(owner, 60, -60)
    assert view.bend.value() == 0


def test_another_channel_is_played_and_nothing_stays_on_the_old_one(desk, owner):
    view = desk.keyboard
    view.modulation.setValue(50)
    key_event(desk, "z")
    view.bar.channel.setCurrentIndex(9)
    strike(desk, "x")
    key_up(desk, "z")
    until(lambda: len(owner.played) == 7)
    played = [(command.kind, command.channel) for _, command in owner.played]
    assert played[:3] == [("control_change", 0), ("note_on", 0), ("note_off", 0)]
    assert played[3:] == [("control_change", 0), ("control_change", 9), ("note_on", 9), ("note_off", 9)]


def test_all_128_keys_can_be_reached(desk, owner):
    bar, piano = desk.keyboard.bar, desk.keyboard.piano
    assert piano.shown.keys == range(21, 109)
    bar.zoom_wanted.emit(-1)
    assert piano.shown.keys == range(128)
    bar.zoom_wanted.emit(2)
    bar.scroll_wanted.emit(12)
    QTest.mouseClick(piano, Qt.MouseButton.LeftButton, pos=point_of(piano, 127))
    expect(owner, 127, -127)
