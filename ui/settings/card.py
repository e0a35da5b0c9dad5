"""What settings are laid out with: a card of rows, each a label and its control, and notes below them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..theme import TOUCH_PX, theme
from .tick import Tick, draw_arrow

MARGIN_PX: Final = 14
GAP_PX: Final = 8
LABEL_PX: Final = 118
LEAST_COMBO_PX: Final = 120
ARROW_PX: Final = 16  # from the right edge


class Card(QFrame):
    """A title, rows, and whatever is added to `column`."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(MARGIN_PX, MARGIN_PX - 4, MARGIN_PX, MARGIN_PX)
        self.column.setSpacing(GAP_PX)
        self.heading = QLabel(title)
        self.heading.setStyleSheet("font-weight: 600; border: none;")
        self.column.addWidget(self.heading)
        self._grid: QGridLayout | None = None

    def row(self, label: str, *controls: QWidget) -> None:
        """A label with what it is about; the first control takes the room."""
        grid = self._rows()
        number = grid.rowCount()
        caption = line(label)
        caption.setFixedWidth(LABEL_PX)
        caption.setWordWrap(True)
        grid.addWidget(caption, number, 0)
        caption.setBuddy(controls[0])
        for column, control in enumerate(controls, start=1):
            if not control.accessibleName():
                control.setAccessibleName(label)
            grid.addWidget(control, number, column, 1, 3 - column if column == len(controls) else 1)

    def note(self, text: str = "", look: str = "dim") -> QLabel:
        """A line of its own below what is there."""
        made = line(text, look)
        made.setWordWrap(True)
        made.setMinimumWidth(1)
        self.add(made)
        return made

    def add(self, widget: QWidget) -> None:
        """Over the whole width; a button only as wide as its text."""
        self._grid = None  # rows after it begin below it
        side = Qt.AlignmentFlag.AlignLeft if isinstance(widget, QPushButton) else Qt.AlignmentFlag(0)
        self.column.addWidget(widget, 0, side)

    def _rows(self) -> QGridLayout:
        if self._grid is None:
            self._grid = QGridLayout()
            self._grid.setHorizontalSpacing(GAP_PX)
            self._grid.setVerticalSpacing(6)
            self._grid.setColumnStretch(1, 1)
            self.column.addLayout(self._grid)
        return self._grid


class Combo(QComboBox):
    """Not turned by a wheel that scrolls the page; narrow if need be."""

    def __init__(self, name: str, entries: Iterable[tuple[str, object]] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setMinimumWidth(LEAST_COMBO_PX)
        self.fill(entries)

    def fill(self, entries: Iterable[tuple[str, object]], chosen: object = None) -> None:
        """Offer these, each a text and its value."""
        self.blockSignals(True)
        self.clear()
        for text, value in entries:
            self.addItem(text, value)
        self.blockSignals(False)
        self.choose(chosen)

    def choose(self, value: object) -> None:
        """Show the entry of this value, the first one where there is none; nobody is told."""
        held = [self.itemData(index) for index in range(self.count())]
        self.blockSignals(True)
        self.setCurrentIndex(held.index(value) if value in held else 0)
        self.blockSignals(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_COMBO_PX, max(TOUCH_PX, super().minimumSizeHint().height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        middle = QPointF(self.width() - ARROW_PX, self.height() / 2)
        draw_arrow(QPainter(self), middle, theme().colour("dim"))


def line(text: str, look: str = "") -> QLabel:
    """Plain text, in the style sheet's `look`."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if look:
        made.setProperty("look", look)
    return made


def relook(label: QWidget, look: str) -> None:
    """Another look of the style sheet, at once."""
    if label.property("look") != look:
        label.setProperty("look", look)
        label.style().unpolish(label)
        label.style().polish(label)


def tell(label: QLabel, text: str, look: str = "dim") -> None:
    """Show a text if it is another; hide the label with an empty one."""
    if text != label.text():
        label.setText(text)
    relook(label, look)
    if label.isHidden() == bool(text):
        label.setVisible(bool(text))


def button(text: str, tip: str = "", look: str = "") -> QPushButton:
    """Reached by tab; a click leaves the computer keyboard to the keys."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleName(tip or text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setMinimumHeight(TOUCH_PX)
    if look:
        made.setProperty("look", look)
    return made


def check(text: str, tip: str = "") -> Tick:
    """A box with a text."""
    made = Tick(text)
    made.setToolTip(tip)
    return made
