"""The list of presets with a search field: typing filters, arrows choose, Enter loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from neume.synth.rack.preset_search import USER, ListedPreset

from ..controls.paint import SMALL_PX, draw_text, font_of
from ..controls.popup import Popup
from ..theme import BASE_PX, theme
from .presets_files import matching, title

WIDTH_PX: Final = 420
HEIGHT_PX: Final = 460
ROW_PX: Final = 46
PRESET: Final = Qt.ItemDataRole.UserRole


class PresetsPopup(Popup):
    """Good presets can be chosen; bad ones are listed with what is wrong with them."""

    chosen = Signal(object)  # ListedPreset

    def __init__(self, parent: QWidget, presets: Sequence[ListedPreset], current: str) -> None:
        super().__init__(parent, parent.tr("Presets"))
        self._presets, self._current = presets, current
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search …"))
        self.search.setAccessibleName(self.tr("Search presets"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.installEventFilter(self)
        self.model = QStandardItemModel(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PresetDelegate(self.view))
        self.view.setAccessibleName(self.tr("Presets"))
        self.view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.view.setFixedSize(WIDTH_PX, HEIGHT_PX)
        self.view.clicked.connect(self._choose)
        self.view.installEventFilter(self)
        self.column.addWidget(self.search)
        self.column.addWidget(self.view)
        self._fill()
        self.setFocusProxy(self.search)

    def open_at(self, button: QWidget) -> None:
        super().open_at(button)
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_presets(self, presets: Sequence[ListedPreset]) -> None:
        """Another list, under the same search."""
        self._presets = presets
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows go through the list while the search has the keys, and Enter takes."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.view.currentIndex())
            return True
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if watched is self.search and event.key() in moves:
            self._step(moves[Qt.Key(event.key())])
            return True
        return False

    def _fill(self) -> None:
        self.model.clear()
        for preset in matching(self._presets, self.search.text()):
            item = QStandardItem(title(preset))
            item.setData(preset, PRESET)
            item.setEnabled(preset.rack is not None)
            item.setToolTip("\n".join(preset.faults) or (preset.rack.description if preset.rack else ""))
            item.setData(_line(self, preset), Qt.ItemDataRole.AccessibleDescriptionRole)
            self.model.appendRow(item)
            if preset.name == self._current:
                self.view.setCurrentIndex(item.index())
        if not self.view.currentIndex().isValid() or self.search.text():
            self._step(1, begin=-1)

    def _step(self, steps: int, begin: int | None = None) -> None:
        """To the good preset so far away, or the last one on the way."""
        row = self.view.currentIndex().row() if begin is None else begin
        left, direction, found = abs(steps), 1 if steps > 0 else -1, None
        while left and 0 <= (row := row + direction) < self.model.rowCount():
            if self.model.item(row).isEnabled():
                found, left = row, left - 1
        if found is not None:
            self.view.setCurrentIndex(self.model.index(found, 0))

    def _choose(self, index: QModelIndex) -> None:
        preset = index.data(PRESET) if index.isValid() else None
        if isinstance(preset, ListedPreset) and preset.rack is not None:
            self.close()
            self.chosen.emit(preset)


class PresetDelegate(QStyledItemDelegate):
    """Two lines: the name, and where it is from or what is wrong with it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(WIDTH_PX - 20, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        preset, widget = index.data(PRESET), self.parent()
        if not isinstance(preset, ListedPreset) or not isinstance(widget, QWidget):
            return
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("accent"))
            painter.drawRoundedRect(box.adjusted(2, 1, -2, -1), 6, 6)
        good, left = preset.rack is not None, Qt.AlignmentFlag.AlignLeft
        inside = box.adjusted(12, 4, -12, -4)
        painter.setFont(font_of(widget, BASE_PX))
        colour = "on_accent" if chosen else "text" if good else "dim"
        draw_text(painter, inside.adjusted(0, 0, 0, -18), title(preset), colour, left)
        painter.setFont(font_of(widget, SMALL_PX))
        colour = "on_accent" if chosen else "dim" if good else "alarm"
        draw_text(painter, inside.adjusted(0, 20, 0, 0), _line(widget, preset), colour, left)
        painter.restore()


def _line(words: QObject, preset: ListedPreset) -> str:
    """The small line below the name."""
    if preset.rack is None:
        return preset.faults[0] if preset.faults else ""
    origin = words.tr("yours") if preset.origin == USER else words.tr("built-in")
    count = len(preset.rack.parts)
    parts = words.tr("1 part") if count == 1 else words.tr("{0} parts").format(count)
    return f"{origin} · {parts} · {preset.rack.description}".removesuffix(" · ")
