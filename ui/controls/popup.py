"""A small card that opens at a button and goes by a click elsewhere or Escape."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

GAP_PX: Final = 4
MARGIN_PX: Final = 12


class Popup(QFrame):
    """Put widgets into `column`; `open_at` shows it. Belongs to the window of `parent`."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "card")
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        self.column.setSpacing(8)
        heading = QLabel(title)
        heading.setProperty("look", "dim")
        self.column.addWidget(heading)

    def open_at(self, button: QWidget) -> None:
        """Below the button, or above it where there is more room; inside the screen."""
        self.adjustSize()
        area = button.screen().availableGeometry()
        below = button.mapToGlobal(QPoint(0, button.height() + GAP_PX))
        above = button.mapToGlobal(QPoint(0, -GAP_PX - self.height()))
        fits = below.y() + self.height() <= area.bottom() or above.y() < area.top()
        place = below if fits else above
        right, bottom = area.right() - self.width(), area.bottom() - self.height()
        self.move(
            max(area.left(), min(place.x(), right)),
            max(area.top(), min(place.y(), bottom)),
        )
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
