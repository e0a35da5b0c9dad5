"""Hearing an instrument before it is loaded: by resting on it, by its loudspeaker, by the arrow keys."""

from __future__ import annotations

import pytest
from panel_browser_rig import (  # first: it chooses the offscreen platform
    LEFT,
    Rig,
    built_in_owner,
    own_browser,
    own_home,
    shown_browser,
)

# isort: split
from control_rig import own_folders
from panel_rig import PanelOwner
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from neume.synth.control.commands import Audition
from neume.ui.browser.audition import FAILED, RENDERING, SILENT, SOUNDING

folders = pytest.fixture(autouse=True)(own_folders)
home = pytest.fixture(own_home)
owner = pytest.fixture(built_in_owner)
rig = pytest.fixture(own_browser)


def test_a_rest_of_the_mouse_lets_it_be_heard_and_leaving_ends_it(rig):
    rig.rest_on("neume-gm:4")
    assert rig.posted() == []
    rig.until(lambda: rig.posted() == [Audition(program=4)])
    rig.until(lambda: rig.view.auditioner.state == SOUNDING)
    rig.leave()
    rig.until(lambda: rig.posted() == [Audition(program=4), Audition(program=None)])
    assert rig.view.auditioner.state == SILENT


def test_passing_over_is_not_heard(rig):
    for program in range(6):
        rig.rest_on(f"neume-gm:{program}")
        QTest.qWait(50)
    rig.leave()
    QTest.qWait(700)
    assert rig.posted() == []


def test_the_next_row_ends_it_and_is_heard_in_its_turn(rig):
    rig.rest_on("neume-gm:1")
    rig.until(lambda: rig.posted() == [Audition(program=1)])
    rig.rest_on("neume-gm:2")
    rig.until(lambda: rig.posted()[1:] == [Audition(program=None), Audition(program=2)])


def test_another_bundle_is_named(rig):
    rig.rest_on("tiny:0")
    rig.until(lambda: rig.posted() == [Audition(program=0, bundle="tiny")])


def test_hearing_by_rest_can_be_switched_off(rig):
    rig.qtbot.mouseClick(rig.view.page.by_hover, LEFT)
    rig.rest_on("neume-gm:4")
    QTest.qWait(700)
    assert rig.posted() == []


def test_a_click_loads_and_is_no_rest(rig):
    rig.rest_on("neume-gm:4")
    rig.click("neume-gm:4")
    QTest.qWait(700)
    assert rig.posted() == []
    assert rig.chosen == [("", 4)]


def test_the_loudspeaker_starts_and_ends(rig):
    rig.click("neume-gm:9", "speaker")
    rig.until(lambda: rig.view.auditioner.state == SOUNDING)
    rig.click("neume-gm:9", "speaker")
    rig.until(lambda: rig.posted() == [Audition(program=9), Audition(program=None)])
    assert rig.chosen == []


def test_a_phrase_that_is_over_is_shown_no_more(rig, monkeypatch):
    monkeypatch.setattr("neume.ui.browser.audition.PHRASE_MS", 100)
    states = []
    rig.view.auditioner.changed.connect(lambda _: states.append(rig.view.auditioner.state))
    rig.click("neume-gm:9", "speaker")
    rig.until(lambda: states == [RENDERING, SOUNDING, SILENT])
    rig.leave()
    QTest.qWait(50)
    assert rig.posted() == [Audition(program=9)]


def test_arrows_start_and_end(rig):
    rig.list.setFocus()
    rig.list.keep("neume-gm:9")
    rig.key(Qt.Key.Key_Right)
    rig.until(lambda: rig.posted() == [Audition(program=9)])
    rig.key(Qt.Key.Key_Left)
    rig.until(lambda: rig.posted()[1:] == [Audition(program=None)])
    rig.key(Qt.Key.Key_Right)
    rig.key(Qt.Key.Key_Down)
    rig.until(lambda: rig.posted()[3:] == [Audition(program=None)])


class SlowOwner(PanelOwner):
    """Answers an audition only when the test says so."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def obey(self, request):
        if isinstance(request.command, Audition) and request.command.program is not None:
            self.kept.append(request)
        else:
            super().obey(request)


@pytest.fixture
def slow(qtbot, home):
    owner = built_in_owner(SlowOwner)
    with shown_browser(qtbot, home, owner) as (view, choices):
        yield Rig(qtbot, view, owner, choices)


def test_rendering_is_shown_until_it_sounds(slow):
    slow.click("neume-gm:9", "speaker")
    slow.until(lambda: len(slow.owner.kept) == 1)
    assert slow.view.auditioner.state_of("neume-gm:9") == RENDERING
    assert slow.details.progress.text() == "being rendered..."
    turn = slow.list.row_delegate.turn
    slow.until(lambda: slow.list.row_delegate.turn != turn)
    slow.owner.kept[0].done("sounding")
    slow.until(lambda: slow.view.auditioner.state == SOUNDING)
    assert slow.details.progress.text() == ""


def test_a_late_answer_is_about_nothing_any_more(slow):
    slow.click("neume-gm:9", "speaker")
    slow.until(lambda: len(slow.owner.kept) == 1)
    slow.click("neume-gm:10", "speaker")
    slow.until(lambda: len(slow.owner.kept) == 2)
    slow.owner.kept[0].failed("too late")
    slow.owner.kept[1].done("")
    slow.until(lambda: slow.view.auditioner.state == SOUNDING)
    assert slow.view.auditioner.key == "neume-gm:10"


def test_what_fails_is_shown(rig, owner):
    owner.refuses = Audition
    rig.click("neume-gm:9", "speaker")
    rig.until(lambda: rig.view.auditioner.state == FAILED)
    assert rig.details.note.text() == "Cannot be heard: refused on purpose"
    assert rig.details.note.isVisible()
    rig.list.keep("neume-gm:10")
    assert not rig.details.note.isVisible()


def test_a_failure_of_a_row_that_is_only_pointed_at_is_told(rig, owner):
    owner.refuses = Audition
    with rig.qtbot.waitSignal(rig.view._engine.told) as told:
        rig.rest_on("neume-gm:9")
    assert told.args == ["refused on purpose"]


def test_hiding_the_browser_ends_what_sounds(rig):
    rig.click("neume-gm:9", "speaker")
    rig.until(lambda: rig.view.auditioner.state == SOUNDING)
    rig.view.hide()
    rig.until(lambda: rig.posted()[-1] == Audition(program=None))
