"""A field over a name, while it is being changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class NameField(QLineEdit):
    """Enter and a click elsewhere take the name, Escape leaves the old one; then the field is gone."""

    def __init__(
        self, over: QWidget, box: QRect, name: str, longest: int, take: Callable[[str], object]
    ) -> None:
        super().__init__(name, over)
        self._over, self._name, self._take = over, name, take
        self._open = True
        self.setMaxLength(longest)
        self.setAccessibleName(over.accessibleName())
        self.setStyleSheet("padding: 0px 4px;")
        self.setGeometry(box)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()  # Escape and undo are the field's here, not the window's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close(True)
        elif event.key() == Qt.Key.Key_Escape:
            self._close(False)
        else:
            super().keyPressEvent(event)
            event.accept()  # an arrow at the end of the text moves no part

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:  # its own context menu
            self._close(True)

    def _close(self, take: bool) -> None:
        if not self._open:
            return
        self._open = False
        had_focus = self.hasFocus()
        self.hide()
        self.deleteLater()
        if had_focus:
            self._over.setFocus(Qt.FocusReason.OtherFocusReason)
        if take and self.text().strip() and self.text() != self._name:
            self._take(self.text())
