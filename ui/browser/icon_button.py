"""A button with a drawn sign instead of text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

from ..theme import TOUCH_PX, theme
from .icons import draw


class IconButton(QToolButton):
    """`path` is asked at each paint, so that the sign may follow the button's state."""

    def __init__(self, path: Callable[[], QPainterPath], tip: str) -> None:
        super().__init__()
        self._path = path
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the computer keyboard to the keys
        self.setFixedSize(TOUCH_PX, TOUCH_PX)

    def sizeHint(self) -> QSize:
        return QSize(TOUCH_PX, TOUCH_PX)

    def paintEvent(self, _event: object) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        draw(
            QPainter(self), self._path(), QPointF(QRectF(self.rect()).center()), theme().colour(self._colour)
        )

    @property
    def _colour(self) -> str:
        if self.isCheckable():
            return "accent" if self.isChecked() else "dim"
        return "text" if self.isEnabled() else "dim"
