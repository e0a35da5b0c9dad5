"""An instrument dragged out of the browser onto a strip is loaded into that part, undoably."""

from __future__ import annotations

import pytest
from panel_rig import RACK, PanelOwner, choices_in, panel_engine  # first: it chooses the offscreen platform

# isort: split
from control_rig import own_folders
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from neume.ui.browser.drag import instrument_mime
from neume.ui.rack.view import RackView

folders = pytest.fixture(autouse=True)(own_folders)
ACTION, BUTTON, PLAIN = (
    Qt.DropAction.CopyAction,
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def owner():
    return PanelOwner()


@pytest.fixture
def view(qtbot, owner, tmp_path):
    with panel_engine(owner) as engine:
        rack = RackView(engine, choices_in(tmp_path))
        qtbot.addWidget(rack)
        qtbot.waitUntil(lambda: engine.rack == RACK)
        yield rack


def dropped(strip, mime):
    """Whether a strip takes it when it is dragged in; it is then dropped."""
    entering = QDragEnterEvent(QPoint(5, 5), ACTION, mime, BUTTON, PLAIN)
    entering.setAccepted(False)
    strip.dragEnterEvent(entering)
    if entering.isAccepted():
        strip.dropEvent(QDropEvent(QPointF(5, 5), ACTION, mime, BUTTON, PLAIN))
    return entering.isAccepted()


def test_a_dropped_instrument_goes_into_that_part(qtbot, owner, view):
    assert dropped(view.row.strips[1], instrument_mime("", 40))
    qtbot.waitUntil(lambda: owner.rack.parts[1].program == 40)
    assert owner.rack.parts[0] == RACK.parts[0]
    view._engine.undo_stack.undo()
    qtbot.waitUntil(lambda: owner.rack == RACK)


@pytest.mark.parametrize("text", ["", "../x:3", "neume-gm:129", "neume-gm:-1"])
def test_anything_else_is_not_taken(view, text):
    mime = QMimeData()
    mime.setData("application/x-neume-instrument", text.encode())
    assert not dropped(view.row.strips[0], mime)
