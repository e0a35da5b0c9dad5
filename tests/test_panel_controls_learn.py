"""MIDI learn on controls: the menu, the waiting mark, and what is learnt, against a real control link."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
import functools
from dataclasses import replace

from control_rig import own_folders
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from neume.synth.control.commands import Learn
from neume.synth.manifest import Parameter
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Insert
from neume.ui.controls.binding import TargetPlace, bind
from neume.ui.controls.knob import Knob
from neume.ui.controls.learnable import LONG_PRESS_MS, make_learnable
from neume.ui.controls.learning import LearnWatch
from neume.ui.controls.quantities import QUANTITIES, parameter_quantity

folders = pytest.fixture(autouse=True)(own_folders)
PAN, MIX = "part.0.pan", "part.0.insert.0.size_s"
WITH_REVERB = replace(RACK, parts=(replace(RACK.parts[0], inserts=(Insert("reverb"),)), RACK.parts[1]))
SIZE = Parameter("size_s", "Decay", "s", 0.2, 8.0, 1.8)


class LearningOwner(PanelOwner):
    """Waits for a controller as an engine does; `move` is the controller."""

    def carry_out(self, command):
        if isinstance(command, Learn):
            self.template = replace(self.template, learning=command.target)
        return super().carry_out(command)

    def move(self, controller):
        target = self.template.learning
        self.template = replace(self.template, learning=None)
        kept = tuple(m for m in self.rack.mappings if m.target != target)
        usual = (-1.0, 1.0) if target.endswith("pan") else (0.0, 1.0)
        self.take(replace(self.rack, mappings=(*kept, Mapping(0, controller, target, *usual))))


@functools.cache
def touch_screen():
    return QTest.createTouchDevice()


@pytest.fixture
def owner():
    return LearningOwner(WITH_REVERB)


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == WITH_REVERB)
        yield model


@pytest.fixture
def knob(qtbot, engine):
    widget = Knob(QUANTITIES["pan"], "Pan")
    widget.binding = bind(widget, engine, PAN, "pan of Piano")
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def press(menu, text):
    """Choose the entry that holds a text."""
    chosen = [action for action in menu.actions() if text in action.text()]
    assert len(chosen) == 1, [action.text() for action in menu.actions()]
    chosen[0].trigger()
    menu.close()


def marks(widget):
    return [child for child in widget.findChildren(object) if type(child).__name__ == "_Mark"]


def test_learn_from_the_menu_to_the_mapping(qtbot, knob, owner, engine):
    press(knob.binding.learnable.menu(), "Learn")
    qtbot.waitUntil(lambda: any(mark.isVisible() for mark in marks(knob)))
    assert owner.template.learning == PAN
    owner.move(74)
    qtbot.waitUntil(lambda: len(engine.rack.mappings) == 1)
    qtbot.waitUntil(lambda: not any(mark.isVisible() for mark in marks(knob)))
    press(knob.binding.learnable.menu(), "Forget controller 74, channel 1")
    qtbot.waitUntil(lambda: owner.rack.mappings == ())
    assert engine.undo_stack.undoText() == "forget a controller"


def test_waiting_can_be_ended(qtbot, knob, owner):
    knob.binding.learnable.learn()
    qtbot.waitUntil(lambda: any(mark.isVisible() for mark in marks(knob)))
    press(knob.binding.learnable.menu(), "Stop waiting")
    qtbot.waitUntil(lambda: owner.template.learning is None)
    qtbot.waitUntil(lambda: not any(mark.isVisible() for mark in marks(knob)))


def open_menu(qtbot):
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    return QApplication.activePopupWidget()


def test_the_right_button_and_the_menu_key_open_the_menu(qtbot, knob):
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        at = knob.rect().center()
        QApplication.sendEvent(knob, QContextMenuEvent(reason, at, knob.mapToGlobal(at)))
        open_menu(qtbot).close()
    assert knob.amount == 0.0


def test_a_finger_that_stays_opens_the_menu(qtbot, knob):
    device, at = touch_screen(), knob.rect().center()
    QTest.touchEvent(knob, device).press(0, at, knob)
    qtbot.waitUntil(lambda: any(mark.isVisible() for mark in marks(knob)))
    QTest.touchEvent(knob, device).release(0, at, knob)
    menu = open_menu(qtbot)
    assert not any(mark.isVisible() for mark in marks(knob))
    QTest.qWait(50)
    menu.close()


def test_one_that_turns_does_not(qtbot, knob):
    device, at = touch_screen(), knob.rect().center()
    QTest.touchEvent(knob, device).press(0, at, knob)
    QTest.touchEvent(knob, device).move(0, at - QPoint(0, 40), knob)
    QTest.qWait(LONG_PRESS_MS + 100)
    QTest.touchEvent(knob, device).release(0, at - QPoint(0, 40), knob)
    assert QApplication.activePopupWidget() is None
    assert knob.amount > 0.0


def test_a_button_is_learnable_too(qtbot, engine, owner):
    button = QPushButton("Panic")
    qtbot.addWidget(button)
    make_learnable(button, engine, "panic").learn()
    qtbot.waitUntil(lambda: owner.template.learning == "panic")


def test_an_effects_parameter_is_learnt_over_its_whole_range(qtbot, engine, owner):
    """The engine does not know it and learns 0 to 1."""
    knob = Knob(parameter_quantity(SIZE), "Decay")
    qtbot.addWidget(knob)
    bind(knob, engine, MIX, "decay").learnable.learn()
    qtbot.waitUntil(lambda: owner.template.learning == MIX)
    owner.move(20)
    qtbot.waitUntil(lambda: owner.rack.mappings == (Mapping(0, 20, MIX, 0.2, 8.0),))
    assert engine.undo_stack.undoText() == "learn a controller"


def test_what_others_have_learnt_stays_as_it_is(qtbot, engine, owner):
    knob = Knob(parameter_quantity(SIZE), "Decay")
    qtbot.addWidget(knob)
    bind(knob, engine, MIX, "decay")
    owner.template = replace(owner.template, learning=MIX)
    owner.move(20)
    qtbot.waitUntil(lambda: len(engine.rack.mappings) == 1)
    assert engine.rack.mappings[0].maximum == 1.0
    assert engine.undo_stack.count() == 0


def test_a_control_that_stands_for_another_learns_that(qtbot, knob, owner):
    knob.binding.move(TargetPlace("pan of Bass", "part.1.pan"))
    knob.binding.learnable.learn()
    qtbot.waitUntil(lambda: owner.template.learning == "part.1.pan")


def test_many_controls_ask_one_watch(qtbot, engine):
    for _ in range(20):
        button = QPushButton()
        qtbot.addWidget(button)
        make_learnable(button, engine, "panic")
    assert len(engine.findChildren(LearnWatch)) == 1


def test_a_control_that_is_gone_hears_nothing(qtbot, engine, owner):
    button = QPushButton()
    make_learnable(button, engine, "panic")
    button.deleteLater()
    QTest.qWait(10)
    owner.template = replace(owner.template, learning="panic")
    owner.take(replace(owner.rack, gain_db=-1.0))
    qtbot.waitUntil(lambda: engine.rack.gain_db == -1.0)


def test_marks_let_the_mouse_through(qtbot, knob, owner):
    knob.binding.learnable.learn()
    qtbot.waitUntil(lambda: any(mark.isVisible() for mark in marks(knob)))
    QTest.mouseDClick(knob, Qt.MouseButton.LeftButton)
    knob.resize(80, 90)
    assert marks(knob)[0].geometry() == knob.rect()
