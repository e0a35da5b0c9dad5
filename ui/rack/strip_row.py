"""The strips of all parts in a row that scrolls sideways, and their order, changed by dragging."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack
from neume.synth.rack.ranges import PARTS

from ..controls.paint import painter_of
from ..engine_model import EngineModel
from ..theme import theme
from .add_tile import AddTile
from .instrument_names import InstrumentNames
from .reorder import gap_at, place_of
from .strip import ALL, PartStrip

GAP_PX: Final = 8
EDGE_PX: Final = 40  # a drag so near to the end of what is seen scrolls
SCROLL_PX, SCROLL_MS = 14, 30


class StripRow(QScrollArea):
    """Strips are made once and stand for other parts when the rack changes. Belongs to the panel's thread."""

    strip_made = Signal(object)  # PartStrip
    selection_wanted = Signal(int)
    instrument_wanted = Signal(int)
    inserts_wanted = Signal(int)
    move_wanted = Signal(int, int)  # a part's number, and the one that it is to have
    addition_wanted = Signal()

    def __init__(self, engine: EngineModel, names: InstrumentNames) -> None:
        super().__init__()
        self.strips: list[PartStrip] = []
        self._engine, self._names = engine, names
        self._sections = ALL
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._content = content = QWidget()
        self._row = QHBoxLayout(content)
        self._row.setContentsMargins(0, 0, 0, 4)
        self._row.setSpacing(GAP_PX)
        self.add = AddTile(self.tr("Add a part"))
        self.add.clicked.connect(self.addition_wanted)
        self._row.addWidget(self.add)
        self._row.addStretch(1)
        self.setWidget(content)
        self._mark = _DropMark(content)
        self._dragged: tuple[int, QPoint] | None = None  # which, and where the hand is on the screen
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(SCROLL_MS)
        self._scrolling.timeout.connect(self._scroll)

    def show_rack(self, rack: Rack, selected: int) -> None:
        while len(self.strips) < len(rack.parts):
            self._add_strip()
        while len(self.strips) > len(rack.parts):
            strip = self.strips.pop()
            self._row.removeWidget(strip)
            strip.hide()
            strip.deleteLater()
        for index, strip in enumerate(self.strips):
            strip.show_part(index, rack)
            strip.show_selected(index == selected)
        self.add.setEnabled(len(rack.parts) < PARTS)

    def show_selected(self, selected: int) -> None:
        for index, strip in enumerate(self.strips):
            strip.show_selected(index == selected)
        if selected < len(self.strips):
            self.ensureWidgetVisible(self.strips[selected], GAP_PX, 0)

    def show_sections(self, sections: frozenset[str]) -> None:
        """What there is room for in a strip."""
        if sections != self._sections:
            self._sections = sections
            for strip in self.strips:
                strip.show_sections(sections)

    def follow(self, snapshot: EngineSnapshot) -> None:
        parts = snapshot.parts
        for index, strip in enumerate(self.strips):
            strip.follow(parts[index] if index < len(parts) else None)

    def strip_of(self, widget: QWidget | None) -> int | None:
        """The number of the strip that a widget is in."""
        while widget is not None:
            if isinstance(widget, PartStrip):
                return widget.index
            widget = widget.parentWidget()
        return None

    def focus_header(self, index: int) -> None:
        if 0 <= index < len(self.strips):
            self.strips[index].header.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_strip(self) -> None:
        strip = PartStrip(self._engine, self._names, len(self.strips))
        strip.show_sections(self._sections)
        header = strip.header
        header.pressed.connect(lambda: self.selection_wanted.emit(strip.index))
        header.dragged.connect(lambda at: self._drag(strip.index, at))
        header.dropped.connect(lambda at: self._drop(strip.index, at))
        header.drag_left.connect(self._end_drag)
        strip.instrument_wanted.connect(lambda: self.instrument_wanted.emit(strip.index))
        strip.inserts_wanted.connect(lambda: self.inserts_wanted.emit(strip.index))
        self._row.insertWidget(len(self.strips), strip)
        self.strips.append(strip)
        self.strip_made.emit(strip)

    def _gap(self, at: QPoint) -> int:
        x = self._content.mapFromGlobal(at).x()
        return gap_at(x, [strip.x() + strip.width() / 2 for strip in self.strips])

    def _drag(self, index: int, at: QPoint) -> None:
        self._dragged = index, at
        gap, height = self._gap(at), self._content.height()
        x = self.strips[gap].x() if gap < len(self.strips) else self.add.x()
        self._mark.setGeometry(QRect(x - GAP_PX // 2 - 2, 0, 4, height))
        self._mark.setVisible(place_of(gap, index) != index)
        self._mark.raise_()
        if not self._scrolling.isActive():
            self._scrolling.start()

    def _drop(self, index: int, at: QPoint) -> None:
        self._end_drag()
        to = place_of(self._gap(at), index)
        if to != index:
            self.move_wanted.emit(index, to)

    def _end_drag(self) -> None:
        self._dragged = None
        self._scrolling.stop()
        self._mark.hide()

    def _scroll(self) -> None:
        """While a strip is held near an end of what is seen."""
        if self._dragged is None:
            return
        index, at = self._dragged
        x, bar = self.viewport().mapFromGlobal(at).x(), self.horizontalScrollBar()
        if x < EDGE_PX:
            bar.setValue(bar.value() - SCROLL_PX)
        elif x > self.viewport().width() - EDGE_PX:
            bar.setValue(bar.value() + SCROLL_PX)
        self._drag(index, at)


class _DropMark(QWidget):
    """Where a strip that is dragged would go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_of(self)
        painter.setBrush(theme().colour("accent"))
        painter.drawRoundedRect(self.rect(), 2, 2)
