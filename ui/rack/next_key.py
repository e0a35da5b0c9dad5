"""A box that takes the next key that is played: its menu, and the waiting."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QMenu

from neume.synth.engine_snapshot import EngineSnapshot

from ..controls.value_box import ValueBox
from ..engine_model import EngineModel


class NextKey(QObject):
    """Lives as long as its box. Only a key that goes down after the wish counts; Escape ends the wish."""

    def __init__(self, box: ValueBox, engine: EngineModel, take: Callable[[int], object]) -> None:
        super().__init__(box)
        self._box, self._engine, self._take = box, engine, take
        self._down: frozenset[int] = frozenset()
        box.installEventFilter(self)

    def wait(self) -> None:
        """For the next key."""
        latest = self._engine.latest
        self._down = frozenset(latest.keys_down if latest else ())
        if not self._box.waiting:
            self._engine.snapshot_came.connect(self._follow)
        self._box.set_waiting(True)

    def stop(self) -> None:
        if self._box.waiting:
            self._engine.snapshot_came.disconnect(self._follow)
        self._box.set_waiting(False)

    def menu(self) -> QMenu:
        menu = QMenu(self._box)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._box.waiting:
            menu.addAction(self.tr("Do not wait for a key"), self.stop)
        else:
            menu.addAction(self.tr("Take the next key that is played"), self.wait)
        menu.addAction(self.tr("Type it"), self._box.type_value)
        return menu

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent):
            self.menu().popup(event.globalPos())
            return True
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._box.waiting:
            self.stop()
            event.accept()
            return True
        return False

    def _follow(self, snapshot: EngineSnapshot) -> None:
        pressed = [key for key in snapshot.keys_down if key not in self._down]
        self._down = frozenset(snapshot.keys_down)
        if pressed:
            self.stop()
            self._take(pressed[-1] % 128)
