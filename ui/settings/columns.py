"""Cards in two columns where there is room, in one where there is not, on a page that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

TWO_FROM_PX: Final = 860
GAP_PX: Final = 10


class Columns(QScrollArea):
    """`left` and `right` beside each other, or `right` below `left`; `top` goes above both, over all."""

    def __init__(
        self, left: Sequence[QWidget], right: Sequence[QWidget], top: Sequence[QWidget] = ()
    ) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        whole, self._row = QVBoxLayout(page), QHBoxLayout()
        whole.setContentsMargins(4, 4, 8, 8)
        whole.setSpacing(GAP_PX)
        for widget in top:
            whole.addWidget(widget)
        whole.addLayout(self._row)
        whole.addStretch(1)
        self._row.setSpacing(GAP_PX)
        for cards in (left, right):
            column = QVBoxLayout()
            column.setSpacing(GAP_PX)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
            self._row.addLayout(column, 1)
        self.setWidget(page)

    @property
    def is_wide(self) -> bool:
        return self._row.direction() == QHBoxLayout.Direction.LeftToRight

    def resizeEvent(self, event: QResizeEvent) -> None:
        two = event.size().width() >= TWO_FROM_PX
        self._row.setDirection(
            QHBoxLayout.Direction.LeftToRight if two else QHBoxLayout.Direction.TopToBottom
        )
        super().resizeEvent(event)
