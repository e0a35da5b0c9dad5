"""What the browser tells of an instrument and of a bundle, and what it makes of the cards of strangers."""

from __future__ import annotations

import pytest
from panel_browser_rig import (
    LEFT,
    NONE,
    built_in_owner,
    own_browser,
    own_home,
)  # first: it chooses the platform

# isort: split
import dataclasses
import time

from bundle_factory import write_bundle
from control_rig import own_folders
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtTest import QTest

from neume.synth.bundle import DEFAULT_BUNDLE, open_named
from neume.synth.control.commands import LoadBundle
from neume.ui.browser.card import Card, card_of
from neume.ui.browser.card_view import CardView

MANIFEST = open_named(DEFAULT_BUNDLE).manifest
BUNDLE, PIANO = MANIFEST.bundle, f"{MANIFEST.programs[0].quality_db:.1f} dB"

folders = pytest.fixture(autouse=True)(own_folders)
home = pytest.fixture(own_home)
owner = pytest.fixture(built_in_owner)
rig = pytest.fixture(own_browser)


# --- details


def test_quality_of_the_selected_one(rig):
    rig.list.keep("neume-gm:0")
    assert (rig.details.quality.step, rig.details.figure.text()) == (4, PIANO)
    assert PIANO in rig.details.quality.toolTip()
    rig.list.keep("tiny:128")
    assert (rig.details.quality.step, rig.details.figure.text()) == (0, "not measured")
    rig.list.keep("tiny:9")
    assert "sounds as Acoustic Grand Piano" in rig.details.line.text()
    rig.list.keep("neume-gm/Piano")
    assert not rig.details.quality.isVisible()


def test_the_page_about_a_bundle(rig):
    rig.list.keep("neume-gm:0")
    rig.qtbot.mouseClick(rig.details.about, LEFT)
    about = rig.view.about
    assert about.isVisible()
    assert about.title.text() == "Neume GM"
    rig.until(lambda: "Known weaknesses" in about.view.toPlainText())
    text = about.view.toPlainText()
    for part in ("Apache-2.0", BUNDLE.version, "FluidR3 GM", "neume-gm", "built-in"):
        assert part in text
    assert not about.play.isEnabled()
    rig.key(Qt.Key.Key_Space, about.back)
    assert rig.list.isVisible()


def test_every_fault_of_a_bad_bundle_on_a_line(rig, home):
    write_bundle(home / "bundles" / "worse")
    for name in ("card.md", "golden.mid"):
        (home / "bundles" / "worse" / name).write_text("changed")
    key = str(home / "bundles" / "worse")
    rig.until(lambda: key in rig.names and len(rig.row(key).bundle.faults) == 3)
    rig.list.keep(key)
    assert len(rig.details.note.text().splitlines()) == 3
    rig.qtbot.mouseClick(rig.details.about, LEFT)
    lines = rig.view.about.view.toPlainText().splitlines()
    assert [line.startswith("● ") for line in lines[:3]] == [True] * 3
    assert not rig.view.about.play.isVisible()


def test_play_this_bundle(rig, owner, home):
    rig.list.keep("tiny:0")
    rig.qtbot.mouseClick(rig.details.about, LEFT)
    rig.qtbot.mouseClick(rig.view.about.play, LEFT)
    rig.until(lambda: rig.posted(LoadBundle) == [LoadBundle(bundle="tiny")])
    rig.until(lambda: rig.choices.now.bundle == "tiny")
    owner.template = dataclasses.replace(owner.template, bundle="tiny 0.1.0")
    rig.until(lambda: rig.view.about.play.text() == "Played by default")
    rig.qtbot.mouseClick(rig.view.about.back, LEFT)
    assert rig.names[0] == str(home / "bundles" / "tiny")
    rig.click("tiny:0")
    rig.click("neume-gm:0")
    assert rig.chosen == [("", 0), ("neume-gm", 0)]


def test_a_bundle_that_cannot_be_played_is_told(rig, owner):
    owner.refuses = LoadBundle
    rig.list.keep("tiny:0")
    rig.qtbot.mouseClick(rig.details.about, LEFT)
    with rig.qtbot.waitSignal(rig.view._engine.told) as told:
        rig.qtbot.mouseClick(rig.view.about.play, LEFT)
    assert told.args == ["refused on purpose"]
    assert rig.view.about.play.isEnabled()
    assert rig.choices.now.bundle == ""


# --- cards of strangers

NASTY = """# Card

<script>alert(1)</script> <img src="http://127.0.0.1:9/a.png"> <b>bold</b>

![far](http://127.0.0.1:9/b.png) ![file](file:///etc/hostname) ![path](../../LICENSE) ![ref][x]

[x]: data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=

[link](http://127.0.0.1:9/) [run](file:///bin/sh)
"""


def test_a_card_fetches_and_opens_nothing(qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr("PySide6.QtGui.QDesktopServices.openUrl", lambda url: opened.append(url))
    view = CardView()
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    view.show_facts([("Version", "<b>1</b>")], ["<i>fault</i>"], Card(NASTY))
    view.grab()
    text = view.toPlainText()
    for shown in ("<b>1</b>", "<i>fault</i>", "<script>", "bold", "far", "ref", "link"):
        assert shown in text
    assert "<img" not in view.toHtml()
    assert view.loadResource(QTextDocument.ResourceType.ImageResource.value, "file:///etc/hostname") is None
    for x in range(5, 200, 10):
        for y in range(5, 300, 10):
            QTest.mouseClick(view.viewport(), LEFT, NONE, QPoint(x, y))
    assert opened == []
    assert view.toPlainText() == text


SLOW = [">", "[", "*a **b ", "`", "|", "![", "*_", "<", "&#1;", "- x\n", "|a|b|\n|-|-|\n", "x", "x y "]


@pytest.mark.parametrize("piece", SLOW)
def test_a_card_made_to_be_slow_is_shown(qtbot, piece):
    """Some of these take half a minute if they are laid out as they are."""
    view = CardView()
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    begin_s = time.perf_counter()
    view.show_facts([], [], card_of(piece * (60_000 // len(piece))))
    view.grab()
    assert time.perf_counter() - begin_s < 5.0


def test_a_picture_of_the_bundle_is_shown_no_wider_than_the_view(qtbot):
    view = CardView()
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    picture = QImage(600, 60, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    view.show_facts([], [], Card("![red](red.png)", {"red.png": picture}))
    shown = view.grab().toImage()
    red = [x for x in range(shown.width()) if shown.pixelColor(x, 25) == Qt.GlobalColor.red]
    assert 200 < len(red) < view.viewport().width()
