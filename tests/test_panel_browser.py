"""The instrument browser under mouse, finger and keys: what is shown, found, chosen and kept."""

from __future__ import annotations

import pytest
from panel_browser_rig import (  # first: it chooses the offscreen platform
    LEFT,
    NONE,
    built_in_owner,
    own_browser,
    own_home,
    shown_browser,
)

# isort: split
import dataclasses
import shutil

from bundle_factory import write_bundle
from control_rig import own_folders
from panel_rig import RACK, choices_in
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from neume.synth.rack.part import with_part
from neume.ui.browser.drag import dragged_instrument
from neume.ui.browser.rows import FAMILY, FAVOURITES, RECENTS, BundleRow, InstrumentRow

folders = pytest.fixture(autouse=True)(own_folders)
home = pytest.fixture(own_home)
owner = pytest.fixture(built_in_owner)
rig = pytest.fixture(own_browser)


# --- what is shown


def test_every_bundle_family_and_program_is_shown_the_default_one_first(rig):
    assert rig.names[:3] == [rig.names[0], "neume-gm/Piano", "neume-gm:0"]
    assert [row.bundle.name for row in rig.model.rows if isinstance(row, BundleRow)] == [
        "neume-gm",
        "tiny",
        "broken",
    ]
    assert len([row for row in rig.model.rows if isinstance(row, InstrumentRow)]) == 2 * 129


def test_a_new_bundle_appears_and_a_lost_one_goes(rig, home):
    write_bundle(home / "data" / "neume" / "bundles" / "tiny")
    rig.until(lambda: str(home / "data" / "neume" / "bundles" / "tiny") in rig.names)
    shutil.rmtree(home / "bundles" / "tiny")
    rig.until(lambda: str(home / "bundles" / "tiny") not in rig.names)
    assert not rig.row(str(home / "data" / "neume" / "bundles" / "tiny")).bundle.hidden


def test_a_hidden_view_looks_at_no_folder(rig, home):
    rig.view.hide()
    rig.until(lambda: not rig.view.background.busy)
    shutil.rmtree(home / "bundles" / "tiny")
    QTest.qWait(2500)
    assert str(home / "bundles" / "tiny") in rig.names
    rig.view.show()
    rig.until(lambda: str(home / "bundles" / "tiny") not in rig.names)


def test_what_the_rack_plays_is_marked(rig, owner):
    assert rig.list.row_delegate.loaded == {"neume-gm:0", "neume-gm:32"}
    part = dataclasses.replace(RACK.parts[1], instrument="tiny", program=7)
    owner.take(with_part(RACK, 1, part))
    rig.until(lambda: rig.list.row_delegate.loaded == {"neume-gm:0", "tiny:7"})


# --- choosing


def test_one_click_loads(rig):
    rig.click("neume-gm:19")
    assert rig.chosen == [("", 19)]
    rig.click("tiny:0")
    assert rig.chosen[1:] == [("tiny", 0)]
    assert rig.choices.now.recents == ("tiny:0", "neume-gm:19")


def test_the_keys_alone_are_enough(rig):
    rig.list.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        rig.key(key)  # from the first row, which the focus has made the current one
    assert rig.chosen == [("", 1)]
    rig.key(Qt.Key.Key_End)
    rig.key(Qt.Key.Key_PageUp)
    rig.key(Qt.Key.Key_Enter)
    assert len(rig.chosen) == 2


def test_letters_are_left_to_the_notes(rig):
    rig.list.setFocus()
    rig.list.keep("neume-gm:0")
    seen = []
    rig.view.keyPressEvent = lambda event: seen.append(event.key())
    for key in (Qt.Key.Key_A, Qt.Key.Key_S, Qt.Key.Key_V):
        rig.key(key)
    assert seen == [Qt.Key.Key_A, Qt.Key.Key_S, Qt.Key.Key_V]
    assert rig.details.row.key == "neume-gm:0"
    assert rig.chosen == rig.posted() == []


def test_a_press_that_ends_elsewhere_loads_nothing(rig):
    rig.qtbot.mousePress(rig.list.viewport(), LEFT, NONE, rig.at("neume-gm:0"))
    rig.qtbot.mouseRelease(rig.list.viewport(), LEFT, NONE, rig.at("neume-gm:3"))
    rig.qtbot.mouseClick(rig.list.viewport(), Qt.MouseButton.RightButton, NONE, rig.at("neume-gm:0"))
    assert rig.chosen == []


@pytest.fixture
def finger():
    return QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)


def test_a_tap_loads(rig, finger):
    viewport, at = rig.list.viewport(), rig.at("neume-gm:2")
    QTest.touchEvent(viewport, finger).press(0, at, viewport).commit()
    QTest.touchEvent(viewport, finger).release(0, at, viewport).commit()
    rig.until(lambda: rig.chosen == [("", 2)])


def test_a_swipe_scrolls_and_loads_nothing(rig, finger):
    viewport, at = rig.list.viewport(), rig.at("neume-gm:6")
    before = rig.list.verticalScrollBar().value()
    QTest.touchEvent(viewport, finger).press(0, at, viewport).commit()
    for step in range(1, 11):
        QTest.qWait(10)
        QTest.touchEvent(viewport, finger).move(0, at - QPoint(0, 15 * step), viewport).commit()
    QTest.touchEvent(viewport, finger).release(0, at - QPoint(0, 150), viewport).commit()
    rig.until(lambda: rig.list.verticalScrollBar().value() > before + 50)
    QTest.qWait(100)
    assert rig.chosen == []


def test_an_instrument_is_dragged_out(rig):
    index = rig.model.index_of("tiny:0")
    assert dragged_instrument(rig.model.mimeData([index])) == ("tiny", 0)
    assert dragged_instrument(rig.model.mimeData([rig.model.index_of("neume-gm:128")])) == ("", 128)
    assert rig.model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert not rig.model.flags(rig.model.index(0)) & Qt.ItemFlag.ItemIsDragEnabled


def test_a_drag_is_no_click(rig, monkeypatch):
    begun = []
    monkeypatch.setattr("PySide6.QtWidgets.QListView.startDrag", lambda *_: begun.append(True))
    viewport, at = rig.list.viewport(), rig.at("neume-gm:2")
    rig.qtbot.mousePress(viewport, LEFT, NONE, at)
    for step in range(1, 6):
        rig.qtbot.mouseMove(viewport, at + QPoint(step * 6, 0))
    rig.qtbot.mouseRelease(viewport, LEFT, NONE, at + QPoint(30, 0))
    assert begun
    assert rig.chosen == []


# --- headlines


def test_headlines_fold_by_click_and_by_key(rig):
    rig.click("neume-gm/Piano")
    assert "neume-gm:0" not in rig.names
    assert "neume-gm:8" in rig.names
    rig.click("neume-gm/Piano")
    assert "neume-gm:0" in rig.names
    rig.list.keep("neume-gm/Piano")
    rig.key(Qt.Key.Key_Left)
    assert "neume-gm:0" not in rig.names
    assert rig.details.row is None or rig.model.row_at(rig.list.currentIndex()).key == "neume-gm/Piano"
    rig.key(Qt.Key.Key_Right)
    assert "neume-gm:0" in rig.names
    rig.key(Qt.Key.Key_Up)
    rig.key(Qt.Key.Key_Return)
    assert "neume-gm/Piano" not in rig.names


# --- searching


def test_search_as_you_type(rig):
    rig.type("Cathédral ORG")
    assert rig.names == []
    assert rig.view.page.empty.title.text() == "Nothing found"
    rig.query.clear()
    rig.type("chürch ORG")
    assert rig.names == ["neume-gm:19"]
    assert rig.details.name.text() == "Church Organ"
    rig.key(Qt.Key.Key_Return, rig.query)
    assert rig.chosen == [("", 19)]


def test_from_the_search_down_into_the_list(rig):
    rig.query.setFocus()
    rig.type("piano")
    rig.key(Qt.Key.Key_Down, rig.query)
    assert rig.list.hasFocus()
    rig.key(Qt.Key.Key_Down)
    rig.key(Qt.Key.Key_Return)
    assert len(rig.chosen) == 1
    assert rig.names[1] == rig.choices.now.recents[0]


def test_the_button_of_nothing_found_shows_all(rig):
    whole = rig.names
    rig.view.page.chips.choose(f"{FAMILY}Organ")
    rig.type("violin")
    assert rig.names == []
    rig.qtbot.mouseClick(rig.view.page.empty.button, LEFT)
    assert rig.names == whole
    assert rig.query.text() == ""


def test_ctrl_f_goes_to_the_search(rig):
    rig.view.activateWindow()
    rig.list.setFocus()
    rig.qtbot.keyClick(rig.list, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert rig.query.hasFocus()


# --- filters


def test_chips_filter(rig):
    chips = rig.view.page.chips
    assert list(chips.buttons)[:4] == ["all", "favourites", "recents", f"{FAMILY}Piano"]
    rig.qtbot.mouseClick(chips.buttons[f"{FAMILY}Piano"], LEFT)
    assert rig.names == ["tiny:0", *(f"neume-gm:{program}" for program in range(8))]
    rig.qtbot.mouseClick(chips.buttons["all"], LEFT)
    assert "neume-gm/Organ" in rig.names


def test_the_tab_key_visits_everything_once_and_arrows_change_the_filter(rig):
    page = rig.view.page
    rig.view.activateWindow()
    rig.query.setFocus()
    rig.list.keep("neume-gm:0")
    visited = []
    for _ in range(6):
        visited.append(QApplication.focusWidget())
        rig.key(Qt.Key.Key_Tab, QApplication.focusWidget())
    chip = page.chips.buttons["all"]
    assert visited == [rig.query, page.by_hover, page.install, chip, rig.list, rig.details.about]
    chip.setFocus()
    rig.key(Qt.Key.Key_Right, chip)
    assert page.wanted.filter == FAVOURITES
    assert page.chips.buttons[FAVOURITES].hasFocus()


def test_favourites_by_click_and_by_key(rig):
    rig.click("neume-gm:40", "star")
    assert rig.choices.now.favourites == ("neume-gm:40",)
    assert rig.row("neume-gm:40").favourite
    rig.list.setFocus()
    rig.list.keep("neume-gm:5")
    rig.view.activateWindow()
    rig.qtbot.keyClick(rig.list, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    rig.view.page.chips.choose(FAVOURITES)
    assert rig.names == ["neume-gm:40", "neume-gm:5"]
    rig.click("neume-gm:40", "star")
    assert rig.names == ["neume-gm:5"]
    assert rig.chosen == []
    rig.choices.save()
    assert choices_in(rig.choices.path.parent).now.favourites == ("neume-gm:5",)


def test_what_was_used_lately(rig):
    rig.view.page.chips.choose(RECENTS)
    assert rig.view.page.empty.title.text() == "Nothing used yet"
    rig.view.page.chips.choose("all")
    for key in ("neume-gm:3", "tiny:0", "neume-gm:3"):
        rig.click(key)
    rig.view.page.chips.choose(RECENTS)
    assert rig.names == ["neume-gm:3", "tiny:0"]


def test_a_star_keeps_the_lists_place(rig):
    rig.click("neume-gm:100", "star")
    before = rig.list.verticalScrollBar().value()
    assert before > 0
    rig.click("neume-gm:100", "star")
    assert rig.list.verticalScrollBar().value() == before


# --- nothing there


def test_no_bundle_at_all_says_what_to_do(qtbot, home, owner, monkeypatch):
    """The built-in bundle is always found, so the search is told that it is not."""
    monkeypatch.setattr("neume.ui.browser.shelf.list_bundles", list)
    with shown_browser(qtbot, home, owner) as (view, _):
        assert view.page.empty.title.text() == "No instruments yet"
        assert str(home / "data" / "neume" / "bundles") in view.page.empty.text.text()
        with qtbot.waitSignal(view.page.install_wanted):
            qtbot.mouseClick(view.page.empty.button, LEFT)
        QApplication.activePopupWidget().close()


def test_everything_has_an_accessible_name(rig):
    for widget in (rig.query, rig.view.page.by_hover, rig.view.page.install, rig.details.about):
        assert widget.accessibleName()
    for row in (rig.names[0], "neume-gm/Piano", "neume-gm:0", "tiny:9"):
        told = rig.model.data(rig.model.index_of(row), Qt.ItemDataRole.AccessibleTextRole)
        assert told
    assert "sounds as Acoustic Grand Piano" in told
