"""Whatever happens, nothing that was held stays held."""

from __future__ import annotations

import panel_keys_rig as rig  # first: it chooses the offscreen platform

# isort: split
import random
from dataclasses import replace

import pytest
from control_rig import until
from panel_keys_rig import expect, heard, key_event, key_up, pedals, point_of, touch_screen
from panel_rig import delete, quiet_snapshot
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from neume.synth.control.commands import NoteOff, NoteOn
from neume.ui.keys.positions import POSITIONS

desk, engine, folders, owner = rig.desk, rig.engine, rig.folders, rig.owner


def sound_everything(desk):
    """Hold keys by mouse and keyboard, the pedal, and the bend."""
    view = desk.keyboard
    QTest.mousePress(view.piano, Qt.MouseButton.LeftButton, pos=point_of(view.piano, 50))
    key_event(desk, "z")
    key_event(desk, "space")
    view.bend.setValue(2000)
    assert view.hands.busy


def all_is_let_go(owner):
    commands = [command for _, command in owner.played]
    ups = [command for command in commands if isinstance(command, NoteOff)]
    return len(ups) == 2 and pedals(owner)[-1] == 0 and commands[-1] == replace(commands[-1], value=0)


@pytest.mark.parametrize("how", ["deactivated", "hidden", "closed", "menu"])
def test_all_is_let_go(qtbot, desk, owner, how):
    sound_everything(desk)
    menu = QMenu(desk)
    menu.addAction("something")
    match how:
        case "deactivated":
            other = QWidget()
            other.show()
            other.activateWindow()
            qtbot.waitUntil(lambda: not desk.isActiveWindow())
            delete(other)
        case "hidden":
            desk.keyboard.hide()
        case "closed":
            desk.close()
        case "menu":
            menu.popup(desk.mapToGlobal(QPoint(5, 5)))
            qtbot.waitUntil(lambda: not desk.keyboard.hands.busy)
            menu.close()
    assert not desk.keyboard.hands.busy
    assert not desk.keyboard.bar.pedal.isChecked()
    until(lambda: all_is_let_go(owner))


def test_when_the_engine_goes_nothing_is_held_and_lit(qtbot, desk, owner, engine):
    owner.template = quiet_snapshot(keys_down=(36,))
    qtbot.waitUntil(lambda: bool(desk.keyboard.piano._glows))
    sound_everything(desk)
    engine.client.close()
    qtbot.waitUntil(lambda: not desk.keyboard.hands.busy)
    assert not desk.keyboard.piano._glows


def test_a_touch_that_is_taken_away_lets_go(qapp, desk, owner):
    piano, device = desk.keyboard.piano, touch_screen()
    QTest.touchEvent(piano, device).press(0, point_of(piano, 60), piano)
    desk.hide()
    expect(owner, 60, -60)
    desk.show()
    QTest.touchEvent(piano, device).release(0, point_of(piano, 60), piano)
    expect(owner, 60, -60)


def test_whatever_happens_no_note_gets_stuck(qtbot, desk, owner):
    """A thousand presses, releases, moves, focus changes and octaves, in an order nobody thought of."""
    chance, view = random.Random(4), desk.keyboard
    piano = view.piano

    def point():
        return QPoint(chance.randrange(-20, piano.width() + 20), chance.randrange(-20, piano.height() + 20))

    moves = (
        lambda: key_event(desk, chance.choice(POSITIONS).name, repeated=chance.random() < 0.2),
        lambda: key_up(desk, chance.choice(POSITIONS).name, repeated=chance.random() < 0.2),
        lambda: QTest.mousePress(piano, Qt.MouseButton.LeftButton, pos=point()),
        lambda: QTest.mouseMove(piano, point()),
        lambda: QTest.mouseRelease(piano, Qt.MouseButton.LeftButton, pos=point()),
        lambda: chance.choice((desk.field, desk.button, desk.list, piano, view.bend)).setFocus(),
        lambda: view.bar.octave_wanted.emit(chance.choice((-1, 1))),
        lambda: view.bar.scroll_wanted.emit(chance.choice((-1, 1))),
        lambda: view.bar.channel.setCurrentIndex(chance.randrange(16)),
        lambda: view.bend.setValue(chance.randrange(-8192, 8191)),
        lambda: view.setVisible(chance.random() < 0.8),
    )
    for _ in range(1000):
        chance.choice(moves)()
    desk.close()
    until(lambda: [c.stamp_ns for _, c in owner.played[-1:]])
    qtbot.wait(100)
    sounding = set()
    for _, command in owner.played:
        if isinstance(command, NoteOn):
            assert (command.channel, command.key) not in sounding
            sounding.add((command.channel, command.key))
        elif isinstance(command, NoteOff):
            sounding.remove((command.channel, command.key))
    assert not sounding
    assert len(heard(owner)) > 100
