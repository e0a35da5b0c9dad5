"""Filters as a row of chips that is dragged and scrolled sideways; one of them is always chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QLinearGradient, QPainter, QWheelEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QScrollArea, QScroller, QWidget

from ..theme import TOUCH_PX, theme

MOST_CHIPS: Final = 60
FADE_PX: Final = 28
MARGIN_PX: Final = 40  # beside a chip that is scrolled into view


class Chips(QScrollArea):
    """Belongs to the panel's thread."""

    chosen = Signal(str)  # the name of a filter

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(TOUCH_PX)
        self.setWidgetResizable(True)
        self.buttons: dict[str, QPushButton] = {}
        self._texts: tuple[tuple[str, str], ...] = ()
        self._fade = _Fade(self)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self.horizontalScrollBar().valueChanged.connect(lambda _: self._fade.update())

    @property
    def current(self) -> str:
        return next((name for name, button in self.buttons.items() if button.isChecked()), "")

    def show_chips(self, filters: Sequence[tuple[str, str]]) -> None:
        """Show these: (name, text). The chosen one stays chosen if it is among them, else the first is."""
        texts = tuple(filters[:MOST_CHIPS])
        if texts == self._texts:
            return
        before, self._texts = self.current, texts
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, FADE_PX, 0)
        layout.setSpacing(6)
        group = QButtonGroup(row)
        self.buttons = {}
        for name, text in texts:
            self.buttons[name] = button = self._chip(name, text)
            group.addButton(button)
            layout.addWidget(button)
        layout.addStretch(1)
        self.setWidget(row)  # deletes the one before
        first = before if before in self.buttons else texts[0][0]
        self.buttons[first].setChecked(True)
        if first != before and before:
            self.chosen.emit(first)

    def choose(self, name: str) -> None:
        """As if it were clicked."""
        if name in self.buttons:
            self.buttons[name].click()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.gotFocus() and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched, MARGIN_PX, 0)
        return False

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = event.angleDelta().y() or event.angleDelta().x()
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - step)
        event.accept()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fade.setGeometry(self.rect())

    def _chip(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(True)
        button.setFixedHeight(TOUCH_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(text)
        button.installEventFilter(self)
        button.clicked.connect(lambda: self._clicked(name))
        return button

    def _clicked(self, name: str) -> None:
        self.ensureWidgetVisible(self.buttons[name], MARGIN_PX, 0)
        self.chosen.emit(name)


class _Fade(QWidget):
    """Shows where chips go on to the left or right."""

    def __init__(self, chips: Chips) -> None:
        super().__init__(chips)
        self._bar = chips.horizontalScrollBar()
        self._bar.rangeChanged.connect(lambda *_: self.update())
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        if self._bar.value() > self._bar.minimum():
            self._paint(painter, QRectF(0, 0, FADE_PX, self.height()), left=True)
        if self._bar.value() < self._bar.maximum():
            self._paint(painter, QRectF(self.width() - FADE_PX, 0, FADE_PX, self.height()), left=False)

    def _paint(self, painter: QPainter, box: QRectF, left: bool) -> None:
        fade = QLinearGradient(QPointF(box.left(), 0), QPointF(box.right(), 0))
        fade.setColorAt(0.0, theme().colour("ground", 255 if left else 0))
        fade.setColorAt(1.0, theme().colour("ground", 0 if left else 255))
        painter.fillRect(box, fade)
