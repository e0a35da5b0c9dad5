"""Installing bundles through the browser: drops and picks, progress, the question, the faults, a way out."""

from __future__ import annotations

import pytest
from panel_browser_rig import (
    LEFT,
    PATIENCE_MS,
    built_in_owner,
    shown_browser,
)  # first: it chooses the platform

# isort: split
import os
import shutil
import threading
import zipfile

from bundle_factory import write_bundle
from control_rig import own_folders
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from neume.ui.browser.installer import ASKING, COPYING, IDLE, REFUSED
from neume.ui.browser.pick import ask_for_bundle, ask_for_path

folders = pytest.fixture(autouse=True)(own_folders)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUME_BUNDLES", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_bundle(tmp_path / "shop" / "tiny")
    return tmp_path


@pytest.fixture
def bundles(home):
    """The user's own folder of bundles."""
    return home / "data" / "neume" / "bundles"


@pytest.fixture
def archive(home):
    path = home / "shop" / "tiny.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in (home / "shop" / "tiny").iterdir():
            packed.write(file, f"tiny/{file.name}")
    return path


@pytest.fixture
def view(qtbot, home):
    with shown_browser(qtbot, home, built_in_owner()) as (shown, _):
        yield shown


def urls(*paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drop(view, mime):
    """A drag that enters and is let go of; returns whether the browser takes it."""
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(view.rect().center(), copy, mime, LEFT, none)
    entering.ignore()
    QApplication.sendEvent(view, entering)
    if entering.isAccepted():
        QApplication.sendEvent(view, QDropEvent(QPointF(view.rect().center()), copy, mime, LEFT, none))
    return entering.isAccepted()


def settled(qtbot, view):
    qtbot.waitUntil(lambda: view.installer.state != COPYING, timeout=PATIENCE_MS)


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_a_dropped_bundle_is_installed_and_shown(qtbot, view, home, bundles, archive, kind):
    view.page.query.setText("violin")
    assert drop(view, urls(archive if kind == "zip" else home / "shop" / "tiny"))
    key = str(bundles / "tiny")
    qtbot.waitUntil(lambda: view.page.model.index_of("tiny:0").isValid(), timeout=PATIENCE_MS)
    assert view.page.details.row.key == key
    assert view.bar.isVisible()
    assert view.bar.label.text() == 'Tiny "test" bundle 0.1.0 is installed.'
    assert view.page.query.text() == ""
    qtbot.mouseClick(view.bar.dismiss, LEFT)
    assert not view.bar.isVisible()


def test_several_are_installed_one_after_another(qtbot, view, home, bundles, archive):
    (home / "shop" / "none.zip").write_text("no zip")
    assert drop(view, urls(home / "shop" / "none.zip", archive))
    qtbot.waitUntil(lambda: view.installer.state == REFUSED, timeout=PATIENCE_MS)
    assert not bundles.exists() or not list(bundles.iterdir())
    qtbot.mouseClick(view.bar.dismiss, LEFT)
    qtbot.waitUntil((bundles / "tiny").is_dir, timeout=PATIENCE_MS)
    settled(qtbot, view)


def test_other_drags_are_not_taken(view):
    text, web = QMimeData(), QMimeData()
    text.setText("a bundle")
    web.setUrls([QUrl("http://127.0.0.1:9/tiny.zip")])
    assert not drop(view, text)
    assert not drop(view, web)
    assert view.installer.state == IDLE


def test_a_frame_shows_where_to_drop(view, archive):
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    mime = urls(archive)
    QApplication.sendEvent(view, QDragEnterEvent(view.rect().center(), copy, mime, LEFT, none))
    assert view.drop_frame.isVisible()
    assert not view.grab().isNull()
    QApplication.sendEvent(view, QDragLeaveEvent())
    assert not view.drop_frame.isVisible()


def test_a_bad_one_is_refused_with_every_fault(qtbot, view, home, bundles):
    (home / "shop" / "tiny" / "card.md").write_text("changed")
    (home / "shop" / "tiny" / "golden.mid").unlink()
    view.install([home / "shop" / "tiny"])
    qtbot.waitUntil(lambda: view.installer.state == REFUSED, timeout=PATIENCE_MS)
    lines = view.bar.faults.toPlainText().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("● ") for line in lines)
    assert list(bundles.iterdir()) == []
    assert (home / "shop" / "tiny").is_dir()


@pytest.mark.parametrize("answer", ["replace", "keep"])
def test_nothing_is_replaced_without_asking(qtbot, view, home, bundles, archive, answer):
    write_bundle(bundles / "tiny")
    (bundles / "tiny" / "mine.txt").write_text("mine")
    drop(view, urls(archive))
    qtbot.waitUntil(lambda: view.installer.state == ASKING, timeout=PATIENCE_MS)
    assert "installed already" in view.bar.label.text()
    assert (bundles / "tiny" / "mine.txt").exists()
    qtbot.mouseClick(getattr(view.bar, answer), LEFT)
    settled(qtbot, view)
    assert (bundles / "tiny" / "mine.txt").exists() == (answer == "keep")
    assert [entry.name for entry in bundles.iterdir()] == ["tiny"]


def test_cancelling_leaves_nothing(qtbot, view, home, bundles):
    """A pipe that nobody writes to keeps the copying waiting for the test."""
    going, seen = threading.Event(), []
    begin = view.installer._tell

    def hold(stopping, copied, told):
        seen.append(copied)
        going.wait(10.0)
        begin(stopping, copied, told)

    view.installer._tell = hold
    view.install([home / "shop" / "tiny", home / "shop" / "tiny"])
    qtbot.waitUntil(lambda: bool(seen), timeout=PATIENCE_MS)
    assert view.bar.progress.isVisible()
    qtbot.mouseClick(view.bar.cancel, LEFT)
    going.set()
    qtbot.waitUntil(lambda: view.installer.state == IDLE, timeout=PATIENCE_MS)
    assert not view.bar.isVisible()
    assert list(bundles.iterdir()) == []


def test_progress_reaches_the_end(qtbot, view, archive):
    seen = []
    view.installer.progressed.connect(seen.append)
    view.install([archive])
    settled(qtbot, view)
    assert seen == sorted(seen)
    assert seen[-1] == 1000


def test_a_folder_that_cannot_be_written_is_told(qtbot, view, home, archive):
    (home / "data").mkdir(exist_ok=True)
    shutil.rmtree(home / "data")
    (home / "data").write_text("in the way")
    view.install([archive])
    qtbot.waitUntil(lambda: view.installer.state == REFUSED, timeout=PATIENCE_MS)
    assert "cannot be written" in view.bar.faults.toPlainText()


def test_picking_a_file_or_a_folder(qtbot, view, home, archive):
    taken = []
    menu = ask_for_bundle(view.page.install, taken.extend)
    assert [action.text() for action in menu.actions()] == ["A zip archive...", "A folder..."]
    menu.close()
    for mode, path in (("ExistingFile", archive), ("Directory", home / "shop" / "tiny")):
        dialog = ask_for_path(view, QFileDialog.FileMode[mode], taken.extend)
        assert dialog.isVisible()
        dialog.fileSelected.emit(str(path))
        dialog.reject()
    assert taken == [archive, home / "shop" / "tiny"]


def test_the_install_button_opens_its_menu(qtbot, view):
    qtbot.mouseClick(view.page.install, LEFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()


def test_the_browser_survives_a_folder_it_may_not_read(qtbot, view, bundles):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    bundles.mkdir(parents=True)
    bundles.chmod(0)
    try:
        with qtbot.waitSignal(view.shelf.failed, timeout=PATIENCE_MS):
            view.shelf.look(at_once=True)
    finally:
        bundles.chmod(0o755)
