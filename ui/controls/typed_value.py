"""A small field over a control, for a value that is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ..theme import TOUCH_PX

WIDTH_PX: Final = 92
LONGEST: Final = 24


class TypedValue(QLineEdit):
    """Enter takes what was typed, Escape and a click elsewhere leave things as they are; then it is gone.

    `take` returns whether it could read the text; if not, the field stays.
    """

    def __init__(self, over: QWidget, text: str, take: Callable[[str], bool], *, chosen: bool = True) -> None:
        super().__init__(text, over.window())
        self._take, self._over = take, over
        self.setMaxLength(LONGEST)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName(over.accessibleName())
        self.setGeometry(_place(over))
        if chosen:
            self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()  # Escape and undo are the field's here, not the window's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._take(self.text()):
                self._close()
            else:
                self.selectAll()
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:  # its own context menu
            self._close()

    def _close(self) -> None:
        had_focus = self.hasFocus()
        self.hide()
        self.deleteLater()
        if had_focus:
            self._over.setFocus(Qt.FocusReason.OtherFocusReason)


def _place(over: QWidget) -> QRect:
    """In the middle of the control, inside its window."""
    window = over.window()
    centre = over.mapTo(window, over.rect().center())
    corner = centre - QPoint(WIDTH_PX // 2, TOUCH_PX // 2)
    right, bottom = window.width() - WIDTH_PX, window.height() - TOUCH_PX
    return QRect(max(0, min(corner.x(), right)), max(0, min(corner.y(), bottom)), WIDTH_PX, TOUCH_PX)
