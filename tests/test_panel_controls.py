"""Knobs, faders, boxes, switches and meters under mouse, fingers and keys, bound to a real control link."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, panel_engine  # first: it chooses the offscreen platform

# isort: split
import functools
from dataclasses import replace

from control_rig import own_folders
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from neume.synth.control.commands import SetValue
from neume.synth.rack.knobs import value_of
from neume.ui.controls.binding import bind
from neume.ui.controls.fader import Fader
from neume.ui.controls.knob import Knob
from neume.ui.controls.meter import Meter
from neume.ui.controls.quantities import QUANTITIES
from neume.ui.controls.switch import Switch
from neume.ui.controls.turner import DETENT_PX, TRAVEL_PX
from neume.ui.controls.typed_value import TypedValue
from neume.ui.controls.value_box import ValueBox
from neume.ui.theme import TOUCH_PX

folders = pytest.fixture(autouse=True)(own_folders)
LEFT, SHIFT, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
VOLUME, PAN, MUTED = "part.0.volume_db", "part.0.pan", "part.0.muted"
TRANSPOSE = "part.0.transpose_semitones"


@functools.cache
def touch_screen():
    """One for all tests, since Qt keeps pointing at it."""
    return QTest.createTouchDevice()


@pytest.fixture
def owner():
    return PanelOwner()


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == RACK)
        yield model


class Desk(QWidget):
    """One control of each kind, bound to the first part."""

    def __init__(self, engine):
        super().__init__()
        self.fader = Fader(QUANTITIES["volume_db"], "Volume")
        self.pan = Knob(QUANTITIES["pan"], "Pan")
        self.transpose = ValueBox(QUANTITIES["transpose_semitones"], "Transpose")
        self.mute = Switch("M", "Mute")
        row = QHBoxLayout(self)
        for control in (self.fader, self.pan, self.transpose, self.mute):
            row.addWidget(control)
        bind(self.fader, engine, VOLUME, "volume of Piano")
        bind(self.pan, engine, PAN, "pan of Piano")
        bind(self.transpose, engine, TRANSPOSE, "transpose of Piano")
        bind(self.mute, engine, MUTED, "mute of Piano")
        self.resize(400, 320)


@pytest.fixture
def desk(qtbot, engine):
    widget = Desk(engine)
    qtbot.addWidget(widget)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def drag(control, *ways, modifier=NONE, release=True):
    """Press in the middle, move by each of `ways` (right, down), release."""
    at = control.rect().center()
    QTest.mousePress(control, LEFT, modifier, at)
    for right, down in ways:
        at += QPoint(right, down)
        move(control, at, modifier)
    if release:
        QTest.mouseRelease(control, LEFT, modifier, at)


def move(control, at, modifier=NONE):
    """`QTest.mouseMove` knows no modifiers and no buttons."""
    place = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, control.mapToGlobal(place), Qt.MouseButton.NoButton, LEFT, modifier
    )
    QApplication.sendEvent(control, event)


def turn_wheel(control, eighths, modifier=NONE, sideways=0):
    place = QPointF(control.rect().center())
    event = QWheelEvent(
        place,
        control.mapToGlobal(place),
        QPoint(),
        QPoint(sideways, eighths),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(control, event)
    return event.isAccepted()


def heard(owner, target):
    return value_of(owner.rack, target)


# --- mouse


def test_a_drag_turns_the_engines_value_and_is_one_step_of_undo(qtbot, desk, owner, engine):
    drag(desk.fader, *[(0, 2)] * 30)
    assert engine.rack.parts[0].volume_db < -10.0
    assert engine.undo_stack.count() == 1
    assert engine.undo_stack.undoText() == "volume of Piano"
    qtbot.waitUntil(lambda: heard(owner, VOLUME) == engine.rack.parts[0].volume_db)
    engine.undo_stack.undo()
    assert desk.fader.amount == 0.0
    qtbot.waitUntil(lambda: heard(owner, VOLUME) == 0.0)


def test_two_drags_are_two_steps(desk, engine):
    drag(desk.pan, (0, -40))
    drag(desk.pan, (0, -40))
    assert engine.undo_stack.count() == 2


def test_the_cap_follows_the_hand_pixel_for_pixel(desk):
    """And a press alone moves nothing, wherever it is."""
    drag(desk.fader)
    assert desk.fader.amount == 0.0
    before = desk.fader.y_of(desk.fader.amount)
    drag(desk.fader, (0, 40))
    assert desk.fader.y_of(desk.fader.amount) == pytest.approx(before + 40, abs=0.01)


def test_with_shift_the_way_is_ten_times_as_long(desk):
    drag(desk.pan, (0, -50))
    coarse = desk.pan.amount
    desk.pan.reset()
    drag(desk.pan, (0, -50), modifier=SHIFT)
    assert desk.pan.amount == pytest.approx(coarse / 10)
    assert coarse == pytest.approx(2 * 50 / TRAVEL_PX)


def test_a_drag_holds_on_to_the_default_and_gets_off_it(desk):
    desk.pan.turn(0.5)
    way = round(0.25 * TRAVEL_PX)
    drag(desk.pan, (0, way - 3))
    assert desk.pan.amount == 0.0
    drag(desk.pan, (0, int(DETENT_PX) + 2))
    assert desk.pan.amount < 0.0
    drag(desk.pan, (0, -3), modifier=SHIFT)
    assert desk.pan.amount < 0.0, "fine turns know no detent"


def test_beyond_the_end_nothing_jumps_back(desk):
    drag(desk.pan, (0, -500), (0, 20))
    assert desk.pan.amount == pytest.approx(1.0 - 2 * 20 / TRAVEL_PX)


def test_a_double_click_is_the_default(qtbot, desk, owner):
    desk.fader.turn(-20.0)
    QTest.mouseDClick(desk.fader, LEFT)
    assert desk.fader.amount == 0.0
    qtbot.waitUntil(lambda: heard(owner, VOLUME) == 0.0)


def test_the_right_button_turns_nothing(desk, engine):
    QTest.mousePress(desk.pan, Qt.MouseButton.RightButton)
    move(desk.pan, QPoint(10, -50))
    QTest.mouseRelease(desk.pan, Qt.MouseButton.RightButton)
    assert desk.pan.amount == 0.0
    assert not desk.pan.grabbed


def test_the_wheel_steps_and_its_turns_are_one_gesture(desk, engine):
    for _ in range(4):
        assert turn_wheel(desk.fader, 120)
    assert desk.fader.amount == pytest.approx(2.0)
    turn_wheel(desk.fader, -120, SHIFT)
    assert desk.fader.amount == pytest.approx(1.95)
    assert engine.undo_stack.count() == 1


def test_a_fine_wheel_turns_whole_values_in_the_end(desk):
    for _ in range(8):
        turn_wheel(desk.transpose, 30)
    assert desk.transpose.amount == 2.0


def test_a_wheel_turned_sideways_is_left_to_what_scrolls(desk):
    assert not turn_wheel(desk.fader, 0, sideways=120)
    assert desk.fader.amount == 0.0


# --- keys


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Up, NONE, 0.5),
        (Qt.Key.Key_Right, NONE, 0.5),
        (Qt.Key.Key_Down, NONE, -0.5),
        (Qt.Key.Key_Left, NONE, -0.5),
        (Qt.Key.Key_Up, SHIFT, 0.05),
        (Qt.Key.Key_PageUp, NONE, 5.0),
        (Qt.Key.Key_PageDown, NONE, -5.0),
        (Qt.Key.Key_Home, NONE, -60.0),
        (Qt.Key.Key_End, NONE, 12.0),
    ],
)
def test_keys(desk, key, modifier, expected):
    desk.fader.setFocus()
    QTest.keyClick(desk.fader, key, modifier)
    assert desk.fader.amount == pytest.approx(expected)


def test_delete_is_the_default_and_held_keys_are_one_gesture(desk, engine):
    desk.fader.setFocus()
    for _ in range(10):
        QTest.keyClick(desk.fader, Qt.Key.Key_Up)
    assert engine.undo_stack.count() == 1
    QTest.keyClick(desk.fader, Qt.Key.Key_Delete)
    assert desk.fader.amount == 0.0


def test_all_is_reached_with_tab(qtbot, desk):
    desk.fader.setFocus()
    reached = []
    for _ in range(4):
        reached.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert reached == [desk.fader, desk.pan, desk.transpose, desk.mute]


def field_of(desk):
    fields = [field for field in desk.findChildren(TypedValue) if field.isVisible()]
    return fields[0] if fields else None


@pytest.mark.parametrize(("typed", "expected"), [("-12", -12.0), ("3,5 dB", 3.5), ("99", 12.0)])
def test_a_value_is_typed(qtbot, desk, owner, typed, expected):
    desk.fader.setFocus()
    QTest.keyClick(desk.fader, Qt.Key.Key_Return)
    QTest.keyClicks(field_of(desk), typed)
    QTest.keyClick(field_of(desk), Qt.Key.Key_Return)
    assert desk.fader.amount == expected
    assert field_of(desk) is None
    assert desk.fader.hasFocus()
    qtbot.waitUntil(lambda: heard(owner, VOLUME) == expected)


def test_the_first_digit_opens_the_field(desk):
    desk.pan.setFocus()
    QTest.keyClick(desk.pan, Qt.Key.Key_5)
    QTest.keyClicks(field_of(desk), "0")
    QTest.keyClick(field_of(desk), Qt.Key.Key_Enter)
    assert desk.pan.amount == 0.5


def test_what_cannot_be_read_stays_in_the_field_and_escape_leaves_the_value(desk):
    desk.fader.setFocus()
    QTest.keyClick(desk.fader, Qt.Key.Key_F2)
    QTest.keyClicks(field_of(desk), "loud")
    QTest.keyClick(field_of(desk), Qt.Key.Key_Return)
    assert field_of(desk) is not None
    QTest.keyClick(field_of(desk), Qt.Key.Key_Escape)
    assert field_of(desk) is None
    assert desk.fader.amount == 0.0


def test_keys_with_control_are_left_to_others(desk):
    desk.fader.setFocus()
    QTest.keyClick(desk.fader, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(desk.fader, Qt.Key.Key_Q)
    assert desk.fader.amount == 0.0
    assert field_of(desk) is None


# --- fingers


def finger(control, right=0, down=0):
    return control.rect().center() + QPoint(right, down)


def test_two_fingers_hold_two_controls(desk, engine):
    device, fader, pan = touch_screen(), desk.fader, desk.pan
    QTest.touchEvent(desk, device).press(0, finger(fader), fader).press(1, finger(pan), pan)
    QTest.touchEvent(desk, device).move(0, finger(fader, 0, 30), fader).move(1, finger(pan, 0, -30), pan)
    assert fader.grabbed
    assert pan.grabbed
    QTest.touchEvent(desk, device).release(0, finger(fader, 0, 30), fader).release(
        1, finger(pan, 0, -30), pan
    )
    assert desk.fader.amount < 0.0
    assert desk.pan.amount > 0.0
    assert not fader.grabbed
    assert not pan.grabbed


def test_a_double_tap_is_the_default(desk):
    device, fader = touch_screen(), desk.fader
    fader.turn(-20.0)
    for _ in range(2):
        QTest.touchEvent(desk, device).press(0, finger(fader), fader)
        QTest.touchEvent(desk, device).release(0, finger(fader), fader)
    assert fader.amount == 0.0


def test_fingers_find_what_they_must_hit(desk):
    for control in (desk.fader, desk.pan, desk.transpose, desk.mute):
        assert min(control.width(), control.height()) >= TOUCH_PX


# --- the rack


def test_a_learnt_controller_moves_the_control(qtbot, desk, owner):
    owner.take(replace(RACK, parts=(replace(RACK.parts[0], volume_db=-7.0), RACK.parts[1])))
    qtbot.waitUntil(lambda: desk.fader.amount == -7.0)


def test_but_not_under_a_hand(qtbot, desk, owner, engine):
    drag(desk.fader, (0, 30), release=False)
    held = desk.fader.amount
    qtbot.waitUntil(lambda: heard(owner, VOLUME) == held)
    owner.take(replace(owner.rack, parts=(replace(RACK.parts[0], volume_db=5.0), RACK.parts[1])))
    qtbot.waitUntil(lambda: engine.rack.parts[0].volume_db == 5.0)
    assert desk.fader.amount == held
    QTest.mouseRelease(desk.fader, LEFT)
    assert desk.fader.amount == 5.0


def test_a_refused_value_is_taken_back(qtbot, desk, owner, engine):
    owner.refuses = SetValue
    with qtbot.waitSignal(engine.told):
        desk.fader.turn(-30.0)
    qtbot.waitUntil(lambda: desk.fader.amount == 0.0)


def test_without_a_rack_nothing_is_turned_and_nothing_breaks(qtbot, desk, engine):
    engine.rack = None
    drag(desk.fader, (0, 30))
    assert engine.undo_stack.count() == 0


def test_a_switch_is_pressed_and_followed(qtbot, desk, owner):
    QTest.mouseClick(desk.mute, LEFT)
    qtbot.waitUntil(lambda: owner.rack.parts[0].muted)
    owner.take(RACK)
    qtbot.waitUntil(lambda: not desk.mute.isChecked())
    desk.mute.setFocus()
    QTest.keyClick(desk.mute, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: owner.rack.parts[0].muted)


# --- for those who do not see


def test_a_screen_reader_is_told_name_value_and_range(desk):
    desk.fader.turn(-6.0)
    spoken = QAccessible.queryAccessibleInterface(desk.fader)
    assert spoken.role() == QAccessible.Role.Slider
    assert spoken.text(QAccessible.Text.Name) == "Volume"
    assert spoken.text(QAccessible.Text.Description) == "\N{MINUS SIGN}6.0 dB"
    value = spoken.valueInterface()
    assert (value.minimumValue(), value.currentValue(), value.maximumValue()) == (-60, -6, 12)


def test_assistive_technology_sets_values(qtbot, desk, owner):
    QAccessible.queryAccessibleInterface(desk.pan).valueInterface().setCurrentValue(-40)
    assert desk.pan.amount == -0.4
    qtbot.waitUntil(lambda: heard(owner, PAN) == -0.4)


# --- meters


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def meter(qtbot):
    clock = Clock()
    widget = Meter("Level", clock=clock)
    widget.clock = clock
    widget.paints = 0
    qtbot.addWidget(widget)
    widget.resize(30, 240)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_a_click_or_a_key_clears_the_clip(meter):
    for clear in (
        lambda: QTest.mouseClick(meter, LEFT),
        lambda: QTest.keyClick(meter, Qt.Key.Key_Space),
    ):
        meter.follow(1.0, 0.5)
        meter.follow(0.0, 0.0)
        assert meter.level.clipped
        assert meter.accessibleDescription() == "clipped"
        clear()
        assert not meter.level.clipped
        assert meter.accessibleDescription() == ""


def colour_at(meter, level_db):
    """Of the middle of the bar, just below a level."""
    image = meter.grab().toImage()
    ratio = image.devicePixelRatio()
    y = meter._along(0.0, meter.share(level_db)).top() + 2
    return image.pixelColor(round(5 * ratio), round(y * ratio))


def test_what_is_painted_is_calibrated(meter):
    """A peak of -18 dBFS reaches the mark of -18, and not that of -12."""
    for _ in range(200):
        meter.clock.now_s += 1 / 60
        meter.follow(10 ** (-18 / 20), 10 ** (-18 / 20))
    lit, dark = colour_at(meter, -18.3), colour_at(meter, -12.0)
    assert lit.green() > dark.green() + 60
    assert colour_at(meter, -40.0) == lit


def test_silence_is_not_painted_again(qtbot, meter, monkeypatch):
    updates = []
    monkeypatch.setattr(Meter, "update", lambda self, *box: updates.append(box))
    for _ in range(100):
        meter.clock.now_s += 1 / 60
        meter.follow(0.0, 0.0)
    assert updates == []
    meter.follow(0.5, 0.1)
    assert len(updates) == 1


def test_a_hidden_meter_paints_nothing_but_keeps_the_clip(meter, monkeypatch):
    updates = []
    meter.hide()
    monkeypatch.setattr(Meter, "update", lambda self, *box: updates.append(box))
    meter.follow(1.0, 0.5)
    assert updates == []
    assert meter.level.clipped
