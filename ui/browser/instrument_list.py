"""The list of instruments under mouse, finger and keys: one click loads; star and loudspeaker are zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, Qt, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QScroller

from .delegate import ARC_STEPS, BODY, SPEAKER, STAR, RowDelegate, zone_at
from .model import Index, InstrumentModel
from .rows import InstrumentRow, Row

ARC_MS: Final = 80
Key = Qt.Key
LETTING_GO: Final = (Key.Key_Return, Key.Key_Enter)
MOVES: Final = (Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Home, Key.Key_End)


class InstrumentList(QListView):
    """Belongs to the panel's thread. Letters are left to the computer keyboard's notes: nothing is searched.

    Enter: load, or fold a headline. Right: hear, or unfold. Left: hear no more, or fold.
    """

    pressed_row = Signal(object)  # Row: load it, or fold and unfold it
    star_wanted = Signal(object)  # InstrumentRow
    audition_wanted = Signal(object, bool)  # InstrumentRow, start (False: end)
    fold_wanted = Signal(object, bool)  # a headline, open
    hovered = Signal(object)  # InstrumentRow or None
    current_row = Signal(object)  # Row or None

    def __init__(self, model: InstrumentModel, audition_of: Callable[[str], str]) -> None:
        super().__init__()
        self.rows = model
        self.row_delegate = RowDelegate(audition_of, self)
        self.setModel(model)
        self.setItemDelegate(self.row_delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._hover(None))
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self._pressed: tuple[Row, str, QPoint] | None = None  # row, zone, and where the button went down
        self._hovered = ""
        self._turning = QTimer(self)
        self._turning.timeout.connect(self._turn)
        self._audited = ""
        model.modelReset.connect(lambda: self._hover(None))

    def show_audition(self, key: str, rendering: bool) -> None:
        """Paint an instrument's state again, and turn its arc while it is rendered."""
        self.rows.touch(key)
        self._audited = key
        if rendering:
            self._turning.start(ARC_MS)
        else:
            self._turning.stop()

    def keep(self, key: str) -> None:
        """Make the row of that key the current one if it is shown."""
        index = self.rows.index_of(key)
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)

    def go_first(self) -> None:
        """To the first row, with the keys."""
        if self.rows.rows and not self.currentIndex().isValid():
            self.setCurrentIndex(self.rows.index(0))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A current row that was in sight stays there, whatever opens below the list."""
        super().resizeEvent(event)
        row = self.visualRect(self.currentIndex())
        if row.isValid() and row.intersects(QRect(QPoint(), event.oldSize())):
            self.scrollTo(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.current_row.emit(self.rows.row_at(current))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)  # asked before: selecting may move the rows
        row, zone = self.rows.row_at(index), zone_at(self.visualRect(index), at.x())
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = (row, zone, at) if row is not None and left else None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        row, zone, begin = pressed
        moved = (event.position().toPoint() - begin).manhattanLength()
        if moved < QApplication.startDragDistance():
            self._act(row, zone)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # two clicks, nothing more

    def startDrag(self, actions: Qt.DropAction) -> None:
        self._pressed = None  # a drag is no click
        self._hover(None)
        super().startDrag(actions)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        row = self._row_at(event.position().toPoint())
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hover(row if isinstance(row, InstrumentRow) else None)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._hover(None)
        super().wheelEvent(event)

    def keyboardSearch(self, _text: str) -> None:
        """None: letters are notes."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.rows.row_at(self.currentIndex()), event.key()
        if key in MOVES:
            super().keyPressEvent(event)
        elif row is None or key not in (*LETTING_GO, Key.Key_Left, Key.Key_Right):
            event.ignore()
        elif key in LETTING_GO:
            self.pressed_row.emit(row)
        elif isinstance(row, InstrumentRow):
            self.audition_wanted.emit(row, key == Key.Key_Right)
        else:
            self.fold_wanted.emit(row, key == Key.Key_Right)

    def _act(self, row: Row, zone: str) -> None:
        if not isinstance(row, InstrumentRow) or zone == BODY:
            self.pressed_row.emit(row)
        elif zone == STAR:
            self.star_wanted.emit(row)
        elif zone == SPEAKER:
            self.audition_wanted.emit(row, True)

    def _hover(self, row: InstrumentRow | None) -> None:
        key = row.key if row is not None else ""
        if key != self._hovered:
            self._hovered = key
            self.hovered.emit(row)

    def _turn(self) -> None:
        self.row_delegate.turn = (self.row_delegate.turn + 1) % ARC_STEPS
        self.rows.touch(self._audited)

    def _row_at(self, at: QPoint) -> Row | None:
        return self.rows.row_at(self.indexAt(at))
