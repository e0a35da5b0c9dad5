"""An instrument browser that is shown before a real control link, and the hands that use it.

Import this before anything of Qt.
"""

from __future__ import annotations

from panel_rig import PanelOwner, choices_in, delete, panel_engine  # first: it chooses the offscreen platform

# isort: split
import contextlib
import dataclasses

from bundle_factory import write_bundle
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from neume.synth.control.commands import Audition
from neume.ui.browser.view import BrowserView

PATIENCE_MS = 20_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Rig:
    """A browser that is shown, with the owner that hears what it sends."""

    def __init__(self, qtbot, view, owner, choices):
        self.qtbot, self.view, self.owner, self.choices = qtbot, view, owner, choices
        self.list, self.query = view.page.list, view.page.query
        self.model, self.details = view.page.model, view.page.details
        self.chosen = []
        view.instrument_chosen.connect(lambda *chosen: self.chosen.append(chosen))

    @property
    def names(self):
        """What the list shows, from above."""
        return [row.key for row in self.model.rows]

    def row(self, key):
        return self.model.rows[self.names.index(key)]

    def box(self, key):
        index = self.model.index_of(key)
        assert index.isValid(), key
        self.list.scrollTo(index)
        return self.list.visualRect(index)

    def at(self, key, zone="body"):
        """A point in a row: 'body', 'star' or 'speaker'."""
        box = self.box(key)
        x = {"body": box.left() + 80, "star": box.right() - 15, "speaker": box.right() - 50}[zone]
        return QPoint(x, box.center().y())

    def click(self, key, zone="body"):
        self.qtbot.mouseClick(self.list.viewport(), LEFT, NONE, self.at(key, zone))

    def rest_on(self, key):
        """Move the mouse onto a row and leave it there."""
        self.qtbot.mouseMove(self.list.viewport(), self.at(key))

    def leave(self):
        QApplication.sendEvent(self.list.viewport(), QEvent(QEvent.Type.Leave))

    def key(self, key, widget=None):
        self.qtbot.keyClick(widget or self.list, key)

    def type(self, text):
        """Letters into the search field; QTest's own keys know no accents."""
        for letter in text:
            event = QKeyEvent(QEvent.Type.KeyPress, 0, NONE, letter)
            QApplication.sendEvent(self.query, event)

    def posted(self, kind=Audition):
        return [command for command in self.owner.commands if isinstance(command, kind)]

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def own_home(tmp_path, monkeypatch):
    """To be made a fixture: a good and a broken bundle in search folders of the test's own."""
    monkeypatch.setenv("NEUME_BUNDLES", str(tmp_path / "bundles"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_bundle(tmp_path / "bundles" / "tiny")
    (tmp_path / "bundles" / "broken").mkdir()
    return tmp_path


def built_in_owner(kind=PanelOwner):
    """An engine that plays the built-in bundle by default."""
    owner = kind()
    owner.template = dataclasses.replace(owner.template, bundle="neume-gm 0.2.0")
    return owner


@contextlib.contextmanager
def shown_browser(qtbot, folder, owner):
    """A view that has read its bundles once; nothing of it is left at the end."""
    with panel_engine(owner) as engine:
        choices = choices_in(folder)
        view = BrowserView(engine, choices)
        view.resize(320, 700)
        with qtbot.waitSignal(view.shelf.changed, timeout=PATIENCE_MS):
            view.show()
        qtbot.waitUntil(lambda: engine.rack is not None, timeout=PATIENCE_MS)
        try:
            yield view, choices
        finally:
            view.hide()
            qtbot.waitUntil(lambda: not view.background.busy, timeout=PATIENCE_MS)
            delete(view)


def own_browser(qtbot, home, owner):
    """To be made a fixture: a `Rig`."""
    with shown_browser(qtbot, home, owner) as (view, choices):
        yield Rig(qtbot, view, owner, choices)
