"""The range of a learnt controller: from the menu, by mouse and keys, undone, and kept in presets."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
from dataclasses import replace

from control_rig import own_folders
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from neume.synth.rack.learn import Mapping
from neume.synth.rack.preset_read import parse_preset
from neume.synth.rack.preset_write import preset_text
from neume.ui.controls.binding import bind
from neume.ui.controls.fader import Fader
from neume.ui.controls.mapping_range import Learnt, with_range
from neume.ui.controls.quantities import QUANTITIES
from neume.ui.controls.range_popup import RangePopup
from neume.ui.controls.switch import Switch

folders = pytest.fixture(autouse=True)(own_folders)
LEFT, VOLUME = Qt.MouseButton.LeftButton, "part.0.volume_db"
LEARNT = Mapping(0, 74, VOLUME, -60.0, 12.0)
OTHER = Mapping(None, 7, "part.1.pan", -1.0, 1.0)
BUTTON = Mapping(0, 80, "part.0.muted")
RANGED = replace(RACK, mappings=(LEARNT, OTHER, BUTTON))


@pytest.fixture
def owner():
    return PanelOwner(RANGED)


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == RANGED)
        yield model


@pytest.fixture
def fader(qtbot, engine):
    widget = Fader(QUANTITIES["volume_db"], "Volume")
    widget.binding = bind(widget, engine, VOLUME, "volume of Piano")
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def popup(qtbot, fader):
    (action,) = [a for a in fader.binding.learnable.menu().actions() if "Range of" in a.text()]
    assert action.text() == "Range of controller 74, channel 1 …"
    action.trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), RangePopup))
    card = QApplication.activePopupWidget()
    yield card
    if QApplication.activePopupWidget() is card:
        card.close()


def ranged(qtbot, owner, minimum, maximum):
    expected = replace(LEARNT, minimum=minimum, maximum=maximum)
    qtbot.waitUntil(lambda: owner.rack.mappings == (expected, OTHER, BUTTON))


def test_both_ends_are_set_by_keys_alone_and_undone(qtbot, popup, owner, engine):
    assert popup.low.hasFocus()
    assert (popup.low.text, popup.high.text) == ("\N{MINUS SIGN}60.0 dB", "+12.0 dB")
    QTest.keyClick(popup.low, "-")
    typed = popup.findChild(QLineEdit)
    QTest.keyClicks(typed, "20")
    QTest.keyClick(typed, Qt.Key.Key_Return)
    ranged(qtbot, owner, -20.0, 12.0)
    popup.high.setFocus()
    QTest.keyClick(popup.high, Qt.Key.Key_Down)
    ranged(qtbot, owner, -20.0, 11.5)
    assert engine.undo_stack.undoText() == "range of a controller"
    engine.undo_stack.undo()
    ranged(qtbot, owner, -20.0, 12.0)
    assert popup.high.amount == 12.0
    engine.undo_stack.undo()
    qtbot.waitUntil(lambda: owner.rack == RANGED)


def test_a_drag_is_one_step_of_undo(qtbot, popup, owner, engine):
    at = popup.high.rect().center()
    QTest.mousePress(popup.high, LEFT, pos=at)
    for pixels in range(5, 60, 5):
        QTest.mouseMove(popup.high, at + QPoint(0, pixels))
    QTest.mouseRelease(popup.high, LEFT, pos=at + QPoint(0, 55))
    assert engine.undo_stack.count() == 1
    assert popup.high.amount < 0.0
    ranged(qtbot, owner, -60.0, popup.high.amount)


def test_inverted_and_back_and_the_whole_range(qtbot, popup, owner):
    assert not popup.inverted.isChecked()
    QTest.mouseClick(popup.inverted, LEFT)
    ranged(qtbot, owner, 12.0, -60.0)
    assert popup.inverted.isChecked()
    popup.low.turn(0.0)
    ranged(qtbot, owner, 0.0, -60.0)
    QTest.mouseClick(popup.whole, LEFT)
    ranged(qtbot, owner, 12.0, -60.0)
    QTest.mouseClick(popup.inverted, LEFT)
    ranged(qtbot, owner, -60.0, 12.0)


def test_ends_that_meet_are_no_range_and_can_be_passed(qtbot, popup, owner, engine):
    popup.low.turn(11.5)
    ranged(qtbot, owner, 11.5, 12.0)
    QTest.keyClick(popup.low, Qt.Key.Key_Up)
    assert popup.low.amount == 12.0
    assert engine.undo_stack.count() == 1
    popup.high.setFocus()
    for _ in range(2):
        QTest.keyClick(popup.high, Qt.Key.Key_Down)
    ranged(qtbot, owner, 12.0, 11.0)
    assert popup.inverted.isChecked()


def test_it_goes_when_the_controller_is_forgotten(qtbot, popup, owner, engine):
    owner.take(replace(RANGED, mappings=(OTHER,)))
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
    assert engine.undo_stack.count() == 0


def test_escape_closes_it(qtbot, popup, fader):
    QTest.keyClick(popup.low, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)


def test_all_can_be_hit_and_has_a_name(popup):
    for widget in (popup.low, popup.high, popup.inverted, popup.whole):
        assert widget.height() >= 34
        assert widget.accessibleName() or widget.text()


def test_buttons_have_no_range(qtbot, engine):
    switch = Switch("M", "Mute")
    qtbot.addWidget(switch)
    texts = [action.text() for action in bind(switch, engine, "part.0.muted", "").learnable.menu().actions()]
    assert [text for text in texts if "80" in text] == ["Forget controller 80, channel 1"]


ENDS = st.floats(-60.0, 12.0, allow_subnormal=False)


@given(ENDS, ENDS)
def test_a_range_is_kept_in_a_preset(minimum, maximum):
    rack = with_range(RANGED, Learnt.of(LEARNT), minimum, maximum)
    assert parse_preset(preset_text(rack), "written") == rack
    kept = Learnt.of(LEARNT).found_in(rack)
    assert (kept.minimum, kept.maximum) == ((-60.0, 12.0) if minimum == maximum else (minimum, maximum))
    assert rack.mappings[1:] == (OTHER, BUTTON)


def test_a_controller_that_is_not_learnt_has_no_range():
    stranger = Learnt(3, 74, VOLUME)
    assert stranger.found_in(RANGED) is None
    assert with_range(RANGED, stranger, 0.0, 1.0) == RANGED
