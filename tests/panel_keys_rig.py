"""A window as the panel's with the keyboard in it, real key events, and what its engine has heard of them.

Import this before anything of Qt.
"""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, choices_in, delete, panel_engine

# isort: split
import functools
import time

from control_rig import own_folders, until
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from neume.synth.control.commands import ControlChange, NoteOff, NoteOn
from neume.ui.keys.positions import POSITIONS
from neume.ui.keys.view import KeyboardView

PLACES = {place.name: place for place in POSITIONS}
NO_MODIFIER = Qt.KeyboardModifier.NoModifier
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def owner():
    return PanelOwner()


@pytest.fixture
def engine(qapp, owner):
    with panel_engine(owner) as model:
        yield model


@functools.cache
def touch_screen():
    """One for all tests, since Qt keeps pointing at it."""
    return QTest.createTouchDevice()


class Desk(QMainWindow):
    """A window as the panel's: a text field, a button and a list over the keyboard."""

    def __init__(self, engine, choices):
        super().__init__()
        self.keyboard = KeyboardView(engine, choices)
        self.field, self.button, self.list = QLineEdit(), QPushButton("Press"), QListWidget()
        self.list.addItems(["zither", "sitar", "xylophone"])
        centre = QWidget()
        column = QVBoxLayout(centre)
        for widget in (self.field, self.button, self.list, self.keyboard):
            column.addWidget(widget, int(widget is self.list))
        self.setCentralWidget(centre)
        self.resize(960, 640)


@pytest.fixture
def desk(qtbot, engine, owner, tmp_path):
    window = Desk(engine, choices_in(tmp_path))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and engine.rack == RACK)
    window.keyboard.piano.setFocus()
    yield window
    delete(window)


def heard(owner, kinds=(NoteOn, NoteOff)):
    """What was played, in short: +60 a key down, -60 up."""
    commands = [command for _, command in owner.played if isinstance(command, kinds)]
    return [command.key if isinstance(command, NoteOn) else -command.key for command in commands]


def expect(owner, *notes):
    until(lambda: len(heard(owner)) >= len(notes))
    time.sleep(0.02)
    assert heard(owner) == list(notes)


def point_of(piano, key, share=0.9):
    place = piano.geometry_of_keys.rect(key)
    return QPoint(round(place.center().x()), int(place.height() * share))


def key_event(window, name, kind=QEvent.Type.KeyPress, repeated=False, modifiers=NO_MODIFIER, text=""):
    """A key by its scan code, as the window system sends it: to the window."""
    place = PLACES[name]
    event = QKeyEvent(kind, Qt.Key.Key_unknown, modifiers, place.evdev + 8, 1, 0, text, repeated)
    QApplication.sendEvent(window.windowHandle(), event)


def key_up(window, name, **more):
    key_event(window, name, QEvent.Type.KeyRelease, **more)


def strike(window, name):
    key_event(window, name)
    key_up(window, name)


def pedals(owner):
    return [command.value for _, command in owner.played if isinstance(command, ControlChange)]
