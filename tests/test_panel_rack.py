"""The rack view under real mouse and key events, against a real control link."""

from __future__ import annotations

import pytest
from panel_rig import PanelOwner, choices_in, panel_engine, quiet_snapshot  # first: offscreen

# isort: split
from dataclasses import replace

from control_rig import own_folders
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QLineEdit,
    QMainWindow,
    QMenu,
    QScrollBar,
)

from neume.synth.engine_snapshot import PartActivity
from neume.synth.mixer import Meters
from neume.synth.rack.curves import VelocityCurve, fixed
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import OMNI, Part, Rack
from neume.synth.rack.ranges import PARTS
from neume.ui.rack.channels_popup import ChannelsPopup
from neume.ui.rack.strip import ALL, MIX, ZONE
from neume.ui.rack.velocity import CurvePopup
from neume.ui.rack.view import RackView
from neume.ui.theme import TOUCH_PX

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
RACK = Rack(
    "Band",
    (
        Part("Piano", program=0),
        Part("Bass", program=32, high_key=47),
        Part("Strings", program=48, low_key=48),
        Part("Guest", program=None),
    ),
    mappings=(Mapping(0, 20, "part.1.volume_db", -60.0, 12.0),),
)
folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture(autouse=True)
def presets(monkeypatch, folders):
    monkeypatch.setenv("XDG_DATA_HOME", str(folders / "data"))


@pytest.fixture
def owner():
    return PanelOwner(RACK)


@pytest.fixture
def engine(qapp, qtbot, owner):
    with panel_engine(owner) as model:
        qtbot.waitUntil(lambda: model.rack == RACK)
        yield model


@pytest.fixture
def view(qtbot, engine, tmp_path):
    window, rack_view = QMainWindow(), RackView(engine, choices_in(tmp_path))
    window.setCentralWidget(rack_view)
    window.resize(1100, 560)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield rack_view
    qtbot.waitUntil(lambda: not rack_view.presets.desk.library.busy)
    rack_view.effects.catalogue.stop()


def names(rack):
    return [part.name for part in rack.parts]


def strip_of(view, index):
    return view.row.strips[index]


def played(qtbot, owner, condition):
    """Wait until the engine's rack is so."""
    qtbot.waitUntil(lambda: condition(owner.rack))


def popup_of(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), kind))
    return QApplication.activePopupWidget()


def press(menu, text):
    chosen = [action for action in menu.actions() if text in action.text()]
    assert len(chosen) == 1, [action.text() for action in menu.actions()]
    assert chosen[0].isEnabled()
    chosen[0].trigger()
    menu.close()


# --- strips


def test_each_part_has_a_strip_that_says_who_plays(qtbot, view):
    assert [strip.header.name for strip in view.row.strips] == names(RACK)
    qtbot.waitUntil(lambda: strip_of(view, 0).instrument.text() == "Acoustic Grand Piano", timeout=30_000)
    assert strip_of(view, 3).instrument.line == "follows programs"


def test_six_strips_fit_beside_the_browser(qtbot, view, engine):
    """At 1360 pixels, of which the browser takes 300."""
    view.window().resize(1040, 510)
    engine.edit("fill", lambda rack: replace(rack, parts=rack.parts + rack.parts[:3]))
    viewport = view.row.viewport()

    def seen():
        corners = [strip.mapTo(viewport, strip.rect().topRight()) for strip in view.row.strips]
        return sum(viewport.rect().contains(corner) for corner in corners)

    qtbot.waitUntil(lambda: len(view.row.strips) == 7 and seen() == 6)


@pytest.mark.parametrize(("width", "height"), [(1040, 510), (640, 290), (1040, 800), (640, 380)])
def test_nothing_is_cut_off_at_the_sizes_of_the_window(qtbot, view, engine, width, height):
    view.window().resize(width, height)
    engine.edit("fill", lambda rack: replace(rack, parts=rack.parts * 4))
    qtbot.waitUntil(lambda: view.size().height() == height)

    def all_seen():
        whole = view.master.height() >= view.master.layout().minimumSize().height()
        return view.row.verticalScrollBar().maximum() == 0 and whole

    qtbot.waitUntil(all_seen)
    for button in view.extent_buttons.buttons():
        if button.isVisible():
            QTest.mouseClick(button, LEFT)
            qtbot.waitUntil(all_seen)


def test_with_less_room_the_strips_show_a_half_at_a_time(qtbot, view):
    strip = strip_of(view, 0)
    assert strip.zone.isVisible()
    assert strip.mix.isVisible()
    view.window().resize(1040, 400)
    qtbot.waitUntil(view.extent.isVisible)
    assert strip.mix.isVisible()
    assert not strip.zone.isVisible()
    QTest.mouseClick(view.extent_buttons.buttons()[1], LEFT)
    assert strip.zone.isVisible()
    assert not strip.mix.isVisible()


def test_a_learnt_fader_is_shown_on_the_strip_of_its_part(qtbot, view, owner):
    parts = list(RACK.parts)
    parts[1] = replace(parts[1], volume_db=-9.0, muted=True)
    owner.take(replace(RACK, parts=tuple(parts)))
    qtbot.waitUntil(lambda: strip_of(view, 1).fader.amount == -9.0)
    assert strip_of(view, 1).mute.isChecked()
    assert strip_of(view, 1).header.dim
    assert strip_of(view, 0).fader.amount == 0.0


def test_solo_dims_the_others(qtbot, view, owner):
    QTest.mouseClick(strip_of(view, 2).solo, LEFT)
    assert [strip.header.dim for strip in view.row.strips] == [True, True, False, True]
    played(qtbot, owner, lambda rack: rack.parts[2].soloed)


def test_lights_and_meters_follow_the_engine(qtbot, view, owner):
    owner.template = replace(
        owner.template,
        parts=tuple(PartActivity(0, 56, number % 2, 0.5 * (number % 2), 0.1) for number in range(4)),
        meters=Meters((0.0,), (0.0,), master_peak=0.25, limiter_gain=0.5, master_rms=0.1),
    )
    qtbot.waitUntil(lambda: strip_of(view, 1).header.sounding)
    assert not strip_of(view, 0).header.sounding
    assert strip_of(view, 1).meter.level.peak_db == pytest.approx(-6.02, abs=0.1)
    assert view.master.meter.level.peak_db == pytest.approx(-12.04, abs=0.1)
    assert view.master.meter.level.clipped
    qtbot.waitUntil(lambda: view.master.meter.level.rms_db == pytest.approx(-20.0, abs=0.5))
    assert view.master.limiter.text() == "\N{MINUS SIGN}6.0 dB"
    qtbot.waitUntil(lambda: strip_of(view, 3).instrument.text() == "Trumpet", timeout=30_000)
    owner.template = quiet_snapshot()
    qtbot.waitUntil(lambda: not strip_of(view, 1).header.sounding)


def test_a_hidden_view_does_not_move(qtbot, view, owner):
    view.hide()
    owner.template = replace(owner.template, parts=(PartActivity(0, 0, 1, 1.0, 1.0),))
    qtbot.waitUntil(lambda: view._engine.latest.parts != ())
    QTest.qWait(50)
    assert not strip_of(view, 0).header.sounding


def test_snapshots_make_no_widgets(qtbot, view, owner):
    def widgets():
        return len(view.findChildren(object))

    before = widgets()
    for number in range(30):
        owner.template = replace(
            owner.template, parts=tuple(PartActivity(0, 0, number % 2, number / 30, 0.1) for _ in RACK.parts)
        )
        QTest.qWait(5)
    assert widgets() <= before  # what waited for an effect's answer may have gone


# --- selection and instruments


def test_a_press_anywhere_on_a_strip_selects_its_part(qtbot, view):
    with qtbot.waitSignal(view.part_selected) as told:
        QTest.mouseClick(strip_of(view, 2), LEFT, pos=QPoint(3, strip_of(view, 2).height() - 3))
    assert told.args == [2]
    assert (view.selected, strip_of(view, 2).selected, strip_of(view, 0).selected) == (2, True, False)


def test_touching_a_control_of_a_strip_selects_it_too(view):
    QTest.mouseClick(strip_of(view, 1).pan, LEFT)
    assert view.selected == 1
    strip_of(view, 3).fader.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.selected == 3


def test_the_instrument_button_asks_for_the_browser(qtbot, view):
    with qtbot.waitSignal(view.instrument_wanted) as told:
        QTest.mouseClick(strip_of(view, 1).instrument, LEFT)
    assert told.args == [1]
    assert view.selected == 1


def test_an_instrument_goes_into_the_selected_part_and_can_be_undone(qtbot, view, owner, engine):
    view.select(1)
    view.load_instrument("", 73)
    played(qtbot, owner, lambda rack: rack.parts[1].program == 73)
    assert owner.rack.parts[1].high_key == 47
    engine.undo_stack.undo()
    played(qtbot, owner, lambda rack: rack == RACK)


def test_a_part_called_as_its_instrument_is_called_as_the_new_one(qtbot, view, owner):
    qtbot.waitUntil(lambda: view.names.known("", 0) is not None, timeout=30_000)
    view.load_instrument("", 0)
    strip_of(view, 0).header.renamed.emit("Acoustic Grand Piano")
    view.load_instrument("neume-gm", 73)
    played(qtbot, owner, lambda rack: rack.parts[0].instrument == "neume-gm")
    assert owner.rack.parts[0].name == "Flute"
    view.select(1)
    view.load_instrument("", 73)
    played(qtbot, owner, lambda rack: rack.parts[1].program == 73)
    assert owner.rack.parts[1].name == "Bass", "what a user has named stays"


def test_selection_stays_within_the_rack(qtbot, view, owner):
    view.select(3)
    with qtbot.waitSignal(view.part_selected) as told:
        owner.take(replace(RACK, parts=RACK.parts[:2]))
    assert told.args == [1]
    assert view.selected == 1


# --- parts


def test_a_part_is_added_and_selected(qtbot, view, owner):
    QTest.mouseClick(view.row.add, LEFT)
    played(qtbot, owner, lambda rack: len(rack.parts) == 5)
    assert view.selected == 4


def test_at_sixteen_parts_there_is_no_more_to_add(qtbot, view, engine):
    engine.edit("fill", lambda rack: replace(rack, parts=rack.parts * 4))
    assert len(view.row.strips) == PARTS
    assert not view.row.add.isEnabled()


def test_the_menu_of_a_part(qtbot, view, owner, engine):
    QTest.mouseClick(strip_of(view, 1).header.menu_button, LEFT)
    press(popup_of(qtbot, QMenu), "Duplicate")
    played(qtbot, owner, lambda rack: names(rack) == ["Piano", "Bass", "Bass 2", "Strings", "Guest"])
    assert view.selected == 2 or view.selected == 1
    QTest.mouseClick(strip_of(view, 2).header.menu_button, LEFT)
    press(popup_of(qtbot, QMenu), "Remove")
    played(qtbot, owner, lambda rack: rack == RACK)
    assert [engine.undo_stack.text(n) for n in range(2)] == ["duplicate Bass", "remove Bass 2"]


def test_a_part_follows_program_changes_or_keeps_what_sounds(qtbot, view, owner):
    owner.template = replace(owner.template, parts=tuple(PartActivity(0, 56, 0, 0.0, 0.0) for _ in range(4)))
    qtbot.waitUntil(lambda: strip_of(view, 3).sounding == 56)
    QTest.mouseClick(strip_of(view, 3).header.menu_button, LEFT)
    press(popup_of(qtbot, QMenu), "program changes")
    played(qtbot, owner, lambda rack: rack.parts[3].program == 56)
    QTest.mouseClick(strip_of(view, 3).header.menu_button, LEFT)
    press(popup_of(qtbot, QMenu), "program changes")
    played(qtbot, owner, lambda rack: rack.parts[3].program is None)


def name_field(view, index):
    fields = [field for field in strip_of(view, index).header.findChildren(QLineEdit) if field.isVisible()]
    return fields[0] if fields else None


def test_a_double_click_names_a_part(qtbot, view, owner, engine):
    QTest.mouseDClick(strip_of(view, 0).header, LEFT)
    QTest.keyClicks(name_field(view, 0), "Grand")
    QTest.keyClick(name_field(view, 0), Qt.Key.Key_Return)
    played(qtbot, owner, lambda rack: rack.parts[0].name == "Grand")
    assert engine.undo_stack.undoText() == "rename Piano"
    assert strip_of(view, 0).header.accessibleName() == "Part 1: Grand"


@pytest.mark.parametrize("typed", ["", "   "])
def test_no_name_is_no_name(view, engine, typed):
    QTest.mouseDClick(strip_of(view, 0).header, LEFT)
    name_field(view, 0).setText(typed)
    QTest.keyClick(name_field(view, 0), Qt.Key.Key_Return)
    assert engine.rack == RACK


def test_escape_leaves_the_name(view, engine):
    strip_of(view, 0).header.setFocus()
    QTest.keyClick(strip_of(view, 0).header, Qt.Key.Key_F2)
    QTest.keyClicks(name_field(view, 0), "Grand")
    QTest.keyClick(name_field(view, 0), Qt.Key.Key_Escape)
    assert name_field(view, 0) is None
    assert engine.rack == RACK


# --- order


def drag_header(view, index, to_x, release=True):
    """Drag a strip by its head to a place of the row."""
    header = strip_of(view, index).header
    begin = QPoint(60, 10)
    QTest.mousePress(header, LEFT, pos=begin)
    content = view.row._content
    for share in (0.2, 0.6, 1.0):
        at = header.mapFrom(content, QPoint(0, 0)) + QPoint(0, 10)
        here = header.mapTo(content, begin)
        x = here.x() + (to_x - here.x()) * share
        place = QPointF(at.x() + x, at.y())
        QApplication.sendEvent(
            header,
            QMouseEvent(
                QEvent.Type.MouseMove,
                place,
                header.mapToGlobal(place),
                Qt.MouseButton.NoButton,
                LEFT,
                Qt.KeyboardModifier.NoModifier,
            ),
        )
    if release:
        QTest.mouseRelease(header, LEFT, pos=place.toPoint())


def test_a_strip_is_dragged_to_another_place_and_its_controllers_go_with_it(qtbot, view, owner, engine):
    behind = strip_of(view, 2).x() + strip_of(view, 2).width() - 5
    drag_header(view, 1, behind)
    played(qtbot, owner, lambda rack: names(rack) == ["Piano", "Strings", "Bass", "Guest"])
    assert owner.rack.mappings[0].target == "part.2.volume_db"
    assert engine.undo_stack.undoText() == "move Bass"
    assert view.selected == 2


def test_a_mark_shows_where_it_would_go_and_escape_ends_the_drag(view, engine):
    drag_header(view, 0, strip_of(view, 2).x() + strip_of(view, 2).width(), release=False)
    assert view.row._mark.isVisible()
    assert abs(view.row._mark.geometry().center().x() - strip_of(view, 3).x()) < 10
    QTest.keyClick(strip_of(view, 0).header, Qt.Key.Key_Escape)
    QTest.mouseRelease(strip_of(view, 0).header, LEFT)
    assert not view.row._mark.isVisible()
    assert engine.rack == RACK


def test_a_short_way_moves_nothing(view, engine):
    drag_header(view, 1, strip_of(view, 1).x() + 90)
    assert engine.rack == RACK


def test_keys_move_parts_and_go_with_them(qtbot, view, owner):
    strip_of(view, 0).header.setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right, CONTROL)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right, CONTROL)
    played(qtbot, owner, lambda rack: names(rack) == ["Bass", "Strings", "Piano", "Guest"])
    assert QApplication.focusWidget() is strip_of(view, 2).header
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left, CONTROL)
    assert view.selected == 1
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert QApplication.focusWidget() is strip_of(view, 0).header


def test_keys_copy_and_remove_parts(qtbot, view, owner):
    strip_of(view, 1).header.setFocus()
    QTest.keyClick(strip_of(view, 1).header, Qt.Key.Key_D, CONTROL)
    played(qtbot, owner, lambda rack: len(rack.parts) == 5)
    strip_of(view, 2).header.setFocus()
    QTest.keyClick(strip_of(view, 2).header, Qt.Key.Key_Delete)
    played(qtbot, owner, lambda rack: rack == RACK)


def test_the_only_part_stays_and_says_why(qtbot, view, owner, engine):
    owner.take(replace(RACK, parts=RACK.parts[:1], mappings=()))
    qtbot.waitUntil(lambda: len(view.row.strips) == 1)
    strip_of(view, 0).header.setFocus()
    with qtbot.waitSignal(engine.told) as told:
        QTest.keyClick(strip_of(view, 0).header, Qt.Key.Key_Delete)
    assert "only part" in told.args[0]


# --- what a part hears


def test_channels_are_chosen_one_and_several(qtbot, view, owner):
    QTest.mouseClick(strip_of(view, 0).zone.channels, LEFT)
    popup = popup_of(qtbot, ChannelsPopup)
    QTest.mouseClick(popup.buttons[2], LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].channels == {2})
    assert strip_of(view, 0).zone.channels.text() == "Ch 3"
    QTest.mouseClick(popup.buttons[9], LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].channels == {2, 9})
    QTest.mouseClick(popup.omni, LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].channels == OMNI)
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None


def test_the_keyboards_ends_are_dragged(qtbot, view, owner, engine):
    keys = strip_of(view, 0).zone.keys
    places = keys.geometry_of_keys
    begin, end = QPoint(1, 15), QPoint(round(places.left(36)) + 1, 15)
    QTest.mousePress(keys, LEFT, pos=begin)
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(keys, begin + (end - begin) * share)
    QTest.mouseRelease(keys, LEFT, pos=end)
    played(qtbot, owner, lambda rack: rack.parts[0].low_key in (36, 37))
    assert owner.rack.parts[0].high_key == 127
    assert engine.undo_stack.count() == 1
    assert engine.undo_stack.undoText() == "keys of Piano"
    QTest.mouseDClick(keys, LEFT, pos=QPoint(60, 15))
    played(qtbot, owner, lambda rack: rack.parts[0].low_key == 0)


def test_ends_do_not_pass_each_other(qtbot, view, engine):
    keys = strip_of(view, 1).zone.keys
    QTest.mousePress(keys, LEFT, pos=QPoint(0, 15))
    QTest.mouseMove(keys, QPoint(keys.width() - 1, 15))
    QTest.mouseRelease(keys, LEFT, pos=QPoint(keys.width() - 1, 15))
    assert (engine.rack.parts[1].low_key, engine.rack.parts[1].high_key) == (47, 47)


def test_a_key_is_typed_and_pushes_the_other_end(qtbot, view, owner):
    zone = strip_of(view, 1).zone
    zone.low_key.setFocus()
    QTest.keyClick(zone.low_key, Qt.Key.Key_Return)
    field = next(f for f in view.window().findChildren(QLineEdit) if f.isVisible() and f.hasFocus())
    QTest.keyClicks(field, "c5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    played(qtbot, owner, lambda rack: (rack.parts[1].low_key, rack.parts[1].high_key) == (72, 72))
    assert zone.keys.low == 72


def test_a_key_is_played(qtbot, view, owner):
    """A key that is down already does not count, nor what comes after."""
    box = strip_of(view, 0).zone.low_key
    owner.template = replace(owner.template, keys_down=(30,))
    qtbot.waitUntil(lambda: view._engine.latest.keys_down == (30,))
    at = box.rect().center()
    QApplication.sendEvent(box, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, box.mapToGlobal(at)))
    press(popup_of(qtbot, QMenu), "next key")
    assert box.waiting
    owner.template = replace(owner.template, keys_down=(30, 128 * 3 + 52))
    played(qtbot, owner, lambda rack: rack.parts[0].low_key == 52)
    assert not box.waiting
    owner.template = replace(owner.template, keys_down=(30, 60))
    qtbot.waitUntil(lambda: view._engine.latest.keys_down == (30, 60))
    assert owner.rack.parts[0].low_key == 52


def test_escape_ends_the_waiting_for_a_key(view):
    box = strip_of(view, 0).zone.low_key
    strip_of(view, 0).zone.next_low.wait()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert not box.waiting


def test_velocities_and_transposition(qtbot, view, owner, engine):
    zone = strip_of(view, 0).zone
    zone.low_velocity.setFocus()
    QTest.keyClick(zone.low_velocity, Qt.Key.Key_PageUp)
    played(qtbot, owner, lambda rack: rack.parts[0].low_velocity == 11)
    zone.transpose.setFocus()
    QTest.keyClick(zone.transpose, Qt.Key.Key_PageDown)
    played(qtbot, owner, lambda rack: rack.parts[0].transpose_semitones == -12)
    assert [engine.undo_stack.text(n) for n in range(2)] == ["velocities of Piano", "transpose of Piano"]


def test_velocity_curves(qtbot, view, owner):
    QTest.mouseClick(strip_of(view, 0).zone.curve, LEFT)
    popup = popup_of(qtbot, CurvePopup)
    QTest.mouseClick(popup.choices["hard"], LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].curve == VelocityCurve("hard"))
    assert not popup.fixed.isVisible()
    QTest.mouseClick(popup.choices["fixed"], LEFT)
    played(qtbot, owner, lambda rack: rack.parts[0].curve == fixed(100))
    assert popup.fixed.isVisible()
    popup.fixed.setFocus()
    QTest.keyClick(popup.fixed, Qt.Key.Key_Up)
    played(qtbot, owner, lambda rack: rack.parts[0].curve == fixed(101))
    popup.close()


def test_controls_of_a_strip_stand_for_its_part_after_a_move(qtbot, view, owner):
    view._move(0, 3)
    strip_of(view, 3).fader.turn(-5.0)
    strip_of(view, 3).zone.high_key.turn(100)
    played(qtbot, owner, lambda rack: rack.parts[3].name == "Piano" and rack.parts[3].volume_db == -5.0)
    played(qtbot, owner, lambda rack: rack.parts[3].high_key == 100)


# --- the whole


def test_the_master(qtbot, view, owner):
    view.master.fader.setFocus()
    QTest.keyClick(view.master.fader, Qt.Key.Key_Down)
    played(qtbot, owner, lambda rack: rack.gain_db == -0.5)


def test_everything_has_a_name_and_is_large_enough_for_a_finger(view):
    small = {strip.header.menu_button for strip in view.row.strips}  # as high, but narrower
    for kind in (QAbstractButton, QAbstractSlider):
        for widget in view.findChildren(kind):
            if not widget.isVisible() or isinstance(widget, QScrollBar):
                continue
            assert widget.accessibleName() or widget.text(), widget
            assert widget.height() >= TOUCH_PX - 1, (widget, widget.size())
            assert widget.width() >= TOUCH_PX - 1 or widget in small, (widget, widget.size())


def test_before_there_is_a_rack_it_waits(qtbot, qapp, engine, tmp_path):
    engine.rack = None
    view = RackView(engine, choices_in(tmp_path))
    qtbot.addWidget(view)
    view.show()
    assert view._pages.currentIndex() == 0
    view.load_instrument("", 3)
    view.part_actions.add()
    assert engine.undo_stack.count() == 0
    engine.rack_changed.emit(RACK)
    assert view._pages.currentIndex() == 1
    qtbot.waitUntil(lambda: not view.presets.desk.library.busy)


def test_a_view_that_is_gone_leaves_nothing_behind(qtbot, qapp, engine, tmp_path):
    view = RackView(engine, choices_in(tmp_path))
    qtbot.waitUntil(lambda: not view.presets.desk.library.busy)
    view.effects.catalogue.stop()
    view.deleteLater()
    QTest.qWait(20)
    engine.edit("gain", lambda rack: replace(rack, gain_db=-1.0))
    QTest.qWait(50)


def test_sections_are_all_that_there_is():
    assert {MIX, ZONE} < ALL
