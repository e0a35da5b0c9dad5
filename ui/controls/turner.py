"""What knobs, faders and value boxes share: drag, wheel, keys, touch, typed values, default by double-click.

hand ─▶ Turner ─ turned(value, gesture) ─▶ `binding` ─▶ engine;  rack ─▶ `binding` ─ show_amount ─▶ Turner
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QWidget

from .gestures import Series, new_gesture
from .quantity import FINE, Quantity
from .typed_value import TypedValue

TRAVEL_PX: Final = 200.0  # of a knob's whole range
DETENT_PX: Final = 7.0
NOTCH: Final = 120.0  # Qt's eighths of a degree of one notch of a wheel
STILL_PX: Final = 6.0  # a finger that moves less is taken to tap

_STEP_KEYS: Final = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Left: -1,
}
_TYPED: Final = frozenset("0123456789+-.,")


class Turner(QAbstractSlider):
    """A slider of any shape. `amount` is the value in its own unit; the integer of Qt's slider is what a
    screen reader says. Subclasses paint. Belongs to the panel's thread.

    While `grabbed` by mouse or finger, it does not follow `show_amount`: on release it asks with `let_go`.
    """

    turned = Signal(float, str)  # by the user: the value, and the gesture that it belongs to
    let_go = Signal()

    def __init__(self, quantity: Quantity, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.quantity, self.amount = quantity, quantity.default
        self.grabbed = False
        self._position, self._at = 0.0, QPointF()  # of the drag, before detents; where the hand is
        self._gesture, self._series = "", Series()
        self._tapped_ms, self._touching, self._telling, self._notches = -10_000, False, False, 0.0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_quantity(quantity)

    @property
    def text(self) -> str:
        """The value with its unit."""
        return self.quantity.text(self.amount)

    @property
    def position(self) -> float:
        return self.quantity.position(self.amount)

    @property
    def travel_px(self) -> float:
        """How far a hand moves from end to end."""
        return TRAVEL_PX

    def set_quantity(self, quantity: Quantity) -> None:
        """Stand for something else."""
        self.quantity = quantity
        self._telling = True
        self.setRange(quantity.wording.whole(quantity.low), quantity.wording.whole(quantity.high))
        self._telling = False
        self._take(quantity.held(self.amount))

    def show_amount(self, amount: float) -> None:
        """What the rack says. A hand that holds the control has the last word."""
        if not self.grabbed and amount != self.amount:
            self._take(amount)

    def turn(self, amount: float, gesture: str = "") -> None:
        """As the user does."""
        held = self.quantity.held(amount)
        if held != self.amount:
            self._take(held)
            self.turned.emit(held, gesture or new_gesture())

    def reset(self) -> None:
        """Back to the default."""
        self.turn(self.quantity.default)

    def type_value(self, begin: str = "") -> None:
        """Let the user type a value, of which `begin` has been typed already."""
        TypedValue(self, begin or self.text, self._typed, chosen=not begin)

    def along(self, moved: QPointF) -> float:
        """Pixels towards more."""
        return -moved.y()

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Assistive technology sets Qt's integer."""
        if change == QAbstractSlider.SliderChange.SliderValueChange and not self._telling:
            self.turn(self.quantity.wording.from_whole(self.value()), self._series.name())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grab(event.position())
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.grabbed:
            self._drag(event.position(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, shift = event.angleDelta(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        eighths = turned.y() or (turned.x() if shift else 0)  # some systems turn the wheel with Shift
        if not eighths:
            event.ignore()  # sideways: that scrolls what is around
            return
        self._notches += eighths / NOTCH
        steps = int(self._notches) if self.quantity.whole else self._notches
        self._notches -= steps
        self.turn(self.quantity.stepped(self.amount, steps, fine=shift), self._series.name())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        fine = modifiers == Qt.KeyboardModifier.ShiftModifier
        if modifiers & ~Qt.KeyboardModifier.ShiftModifier:
            event.ignore()
        elif (target := self._reached(Qt.Key(event.key()), fine)) is not None:
            self.turn(target, self._series.name())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.type_value()
        elif event.text() and event.text() in _TYPED:
            self.type_value(event.text())
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._series.end()
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            return self._touched(event)
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self.update()
        return super().event(event)

    def _reached(self, key: Qt.Key, fine: bool) -> float | None:
        """Where a key leads to."""
        quantity = self.quantity
        if key in _STEP_KEYS:
            return quantity.stepped(self.amount, _STEP_KEYS[key], fine)
        leads = {
            Qt.Key.Key_PageUp: lambda: quantity.stepped(self.amount, quantity.big),
            Qt.Key.Key_PageDown: lambda: quantity.stepped(self.amount, -quantity.big),
            Qt.Key.Key_Home: lambda: quantity.low,
            Qt.Key.Key_End: lambda: quantity.high,
            Qt.Key.Key_Delete: lambda: quantity.default,
            Qt.Key.Key_Backspace: lambda: quantity.default,
        }
        return leads[key]() if key in leads else None

    def _touched(self, event: QTouchEvent) -> bool:
        """One finger a control; several hold several controls."""
        if not event.points():
            self._release()
            return True
        at = event.points()[0].position()
        if event.type() == QEvent.Type.TouchBegin:
            again = event.timestamp() - self._tapped_ms < QApplication.doubleClickInterval()
            self._tapped_ms = -10_000 if again else event.timestamp()
            self._grab(at)
            if again:
                self.reset()
        elif event.type() == QEvent.Type.TouchUpdate:
            if abs(self.along(at - self._at)) > STILL_PX:
                self._tapped_ms = -10_000  # this finger turns
            self._drag(at, False)
        else:
            self._release()
        event.accept()
        return True

    def _grab(self, at: QPointF) -> None:
        self.grabbed, self._at, self._position = True, at, self.position
        self._gesture = new_gesture()
        self.update()

    def _drag(self, at: QPointF, fine: bool) -> None:
        moved = self.along(at - self._at) / self.travel_px * (FINE if fine else 1.0)
        self._at = at
        self._position = min(1.0, max(0.0, self._position + moved))
        detent = self.quantity.detent
        if detent is not None and not fine:
            apart = abs(self._position - self.quantity.position(detent)) * self.travel_px
            if apart < DETENT_PX:
                self.turn(detent, self._gesture)
                return
        self.turn(self.quantity.at(self._position), self._gesture)

    def _release(self) -> None:
        if self.grabbed:
            self.grabbed = False
            self.update()
            self.let_go.emit()

    def _typed(self, text: str) -> bool:
        value = self.quantity.parsed(text)
        if value is not None:
            self.turn(value)
        return value is not None

    def _take(self, amount: float) -> None:
        self.amount = amount
        self._telling = True
        self.setValue(self.quantity.wording.whole(self.quantity.held(amount)))
        self._telling = False
        self.setAccessibleDescription(self.text)
        self.update()
