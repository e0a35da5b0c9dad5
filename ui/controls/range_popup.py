"""A card for the range of a learnt controller: the values at its ends, inverted, or all of the target's."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Rack

from ..engine_model import EngineModel
from ..theme import TOUCH_PX
from .mapping_range import Learnt, with_range
from .popup import Popup
from .quantity import Quantity
from .value_box import ValueBox

BOX_PX: Final = 96


class RangePopup(Popup):
    """Belongs to the panel's thread. Each change is the rack's at once; it goes when the mapping does."""

    def __init__(
        self, parent: QWidget, title: str, engine: EngineModel, learnt: Learnt, quantity: Quantity
    ) -> None:
        super().__init__(parent, title)
        self._engine, self._learnt, self._quantity = engine, learnt, quantity
        self.low = ValueBox(quantity, self.tr("Value at the controller's 0"), self.tr("at 0"))
        self.high = ValueBox(quantity, self.tr("Value at the controller's 127"), self.tr("at 127"))
        self.inverted = QPushButton(self.tr("Inverted"))
        self.inverted.setCheckable(True)
        self.whole = QPushButton(self.tr("Whole range"))
        self.low.turned.connect(lambda value, gesture: self._set(value, self.high.amount, gesture))
        self.high.turned.connect(lambda value, gesture: self._set(self.low.amount, value, gesture))
        self.inverted.clicked.connect(lambda: self._set(self.high.amount, self.low.amount))
        self.whole.clicked.connect(self._set_whole)
        for box in (self.low, self.high):
            box.setMinimumWidth(BOX_PX)
            box.let_go.connect(self._refresh)
        self._lay_out()
        engine.rack_changed.connect(self._follow)
        self._refresh()

    def open_at(self, button: QWidget) -> None:
        super().open_at(button)
        self.low.setFocus()

    def _set(self, minimum: float, maximum: float, gesture: str = "") -> None:
        learnt = self._learnt
        self._engine.edit(
            self.tr("range of a controller"),
            lambda rack: with_range(rack, learnt, minimum, maximum),
            merge=f"{learnt} {gesture}" if gesture else "",
        )

    def _set_whole(self) -> None:
        """In the direction that it has."""
        ends = self._quantity.low, self._quantity.high
        self._set(*(reversed(ends) if self.inverted.isChecked() else ends))

    def _refresh(self) -> None:
        if self._engine.rack is not None:
            self._follow(self._engine.rack)

    def _follow(self, rack: Rack) -> None:
        mapping = self._learnt.found_in(rack)
        if mapping is None:
            QTimer.singleShot(0, self, self.close)  # not within the signal that this hears
        else:
            self._show(mapping)

    def _show(self, mapping: Mapping) -> None:
        self.low.show_amount(mapping.minimum)
        self.high.show_amount(mapping.maximum)
        self.inverted.setChecked(mapping.minimum > mapping.maximum)

    def _lay_out(self) -> None:
        for pair in ((self.low, self.high), (self.inverted, self.whole)):
            row = QHBoxLayout()
            row.setSpacing(8)
            for widget in pair:
                widget.setMinimumHeight(TOUCH_PX)
                widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
                row.addWidget(widget, 1)
            self.column.addLayout(row)
