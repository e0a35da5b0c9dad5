"""A few buttons of which one is chosen: the range of colours, what the lower plot shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class ChoiceRow(QWidget):
    """`chosen` tells the key of the button that the user has pressed."""

    chosen = Signal(object)

    def __init__(self, name: str, choices: Mapping[Any, str], now: object) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.buttons: dict[Any, QPushButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for key, text in choices.items():
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(key == now)
            button.setAccessibleName(f"{name}: {text}")
            button.setToolTip(name)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, key=key: self.chosen.emit(key))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[key] = button
