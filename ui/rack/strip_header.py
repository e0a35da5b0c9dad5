"""The head of a strip: number, name, activity light, menu; dragged sideways it moves its part."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolButton, QWidget

from neume.synth.rack.preset_read import MAX_NAME

from ..controls.paint import SMALL_PX, draw_ring, draw_text, font_of, painter_of, text_on
from ..keys.part_colours import part_colour
from ..theme import BASE_PX, TOUCH_PX, theme
from .name_field import NameField

BADGE_PX: Final = 20.0
MENU_PX: Final = 24


class StripHeader(QWidget):
    """Focused, it is the handle of its part: arrows go to the neighbours, Ctrl+arrows move it, F2 or Enter
    names it, Delete removes it."""

    pressed = Signal()
    renamed = Signal(str)
    dragged = Signal(QPoint)  # where the hand is, on the screen
    dropped = Signal(QPoint)
    drag_left = Signal()  # nothing moves
    neighbour_wanted = Signal(int)  # -1 or 1
    move_wanted = Signal(int)
    removal_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number, self.name, self.sounding = 1, "", False
        self.selected = self.dim = False
        self.dragging = False
        self._pressed_at: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.menu_button = QToolButton(self)
        self.menu_button.setText("⋯")
        self.menu_button.setProperty("look", "flat")
        self.menu_button.setAccessibleName(self.tr("What else can be done with the part"))
        self.menu_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.setStyleSheet("padding: 0px;")

    def sizeHint(self) -> QSize:
        return QSize(120, TOUCH_PX)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.dragging:
            event.accept()  # Escape ends the drag, not what sounds
            return True
        return super().event(event)

    def resizeEvent(self, _event: object) -> None:
        self.menu_button.setGeometry(self.width() - MENU_PX, 0, MENU_PX, self.height())

    def show_part(self, number: int, name: str, dim: bool) -> None:
        if (number, name, dim) != (self.number, self.name, self.dim):
            self.number, self.name, self.dim = number, name, dim
            self.setAccessibleName(self.tr("Part {0}: {1}").format(number, name))
            self.setToolTip(
                self.tr("{0}\nDrag sideways or Ctrl+arrows: move. Double-click or F2: rename.").format(name)
            )
            self.update()

    def show_selected(self, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self.update()

    def show_sounding(self, sounding: bool) -> None:
        if sounding != self.sounding:
            self.sounding = sounding
            self.update(self._badge().toAlignedRect())

    def edit_name(self) -> None:
        box = self.rect().adjusted(0, 0, -MENU_PX, 0)
        NameField(self, box, self.name, MAX_NAME, self.renamed.emit)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            return
        way = (event.position() - self._pressed_at).manhattanLength()
        if not self.dragging and way >= QApplication.startDragDistance():
            self.dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self.dragging:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.dragging:
            self._end_drag()
            self.dropped.emit(event.globalPosition().toPoint())
        self._pressed_at = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.edit_name()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        sideways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if self.dragging and key == Qt.Key.Key_Escape:
            self._pressed_at = None
            self._end_drag()
            self.drag_left.emit()
        elif key in sideways:
            (self.move_wanted if control else self.neighbour_wanted).emit(sideways[Qt.Key(key)])
        elif key in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_name()
        elif key == Qt.Key.Key_Delete:
            self.removal_wanted.emit()
        elif key == Qt.Key.Key_D and control:
            self.copy_wanted.emit()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painter_of(self)
        self._draw_badge(painter)
        if self._badge().toAlignedRect().contains(event.rect()):
            return
        begin = self._badge().right() + 6
        name = QRectF(begin, 0, self.width() - begin - MENU_PX, self.height())
        painter.setFont(font_of(self, BASE_PX, bold=True))
        if painter.fontMetrics().horizontalAdvance(self.name) > name.width():
            painter.setFont(font_of(self, SMALL_PX + 1, bold=True))
        draw_text(painter, name, self.name, "dim" if self.dim else "text", Qt.AlignmentFlag.AlignLeft)
        if self.hasFocus():
            draw_ring(painter, QRectF(self.rect()))

    def _badge(self) -> QRectF:
        return QRectF(1, (self.height() - BADGE_PX) / 2, BADGE_PX, BADGE_PX)

    def _draw_badge(self, painter: QPainter) -> None:
        """The number on a disc of the part's colour, filled while the part sounds."""
        colour = part_colour(self.number - 1)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if self.sounding else theme().colour("ground"))
        painter.drawEllipse(self._badge().adjusted(1, 1, -1, -1))
        painter.setFont(font_of(self, SMALL_PX, bold=True))
        painter.setPen(text_on(colour) if self.sounding else theme().colour("text"))
        painter.drawText(self._badge(), Qt.AlignmentFlag.AlignCenter, str(self.number))

    def _end_drag(self) -> None:
        self.dragging = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
