"""The keys themselves: painted one by one, played by mouse and by as many fingers as touch them.

mouse, touch ─▶ Piano ─▶ Hands;  Hands, snapshots ─▶ Piano ─▶ only the keys that have changed are painted
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEventPoint,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from .hands import Hands
from .key_layout import KeyLayout
from .key_painter import KeyLook, paint_key
from .key_range import PIANO, KeyRange, is_black, key_name
from .part_colours import ebony, is_dark

LEAST_HEIGHT_PX: Final = 104
MOST_HEIGHT_PX: Final = 170
SHARE_OF_WINDOW: Final = 0.165  # of its height
FELT_PX: Final = 2.0
MOUSE: Final = "mouse"
ZOOM_TURN, SCROLL_TURN = 120, 40  # of a mouse wheel, in eighths of a degree: a notch is 120

VelocityOf = Callable[[int], int]  # by where a key is hit → to be played


@dataclass(frozen=True, slots=True)
class Finger:
    """One touch point, by Qt's number for it, as a source of `Hands`."""

    point: int


class Piano(QWidget):
    """Belongs to the panel's thread. `hands` is told within the event that hits a key."""

    range_changed = Signal()

    def __init__(self, hands: Hands, velocity_of: VelocityOf) -> None:
        super().__init__()
        self._hands, self._velocity_of = hands, velocity_of
        self.shown = PIANO
        self._layout: KeyLayout | None = None
        self._glows: Mapping[int, QColor] = {}
        self._letters: Mapping[int, str] = {}
        self._usual_height = LEAST_HEIGHT_PX
        self._turned = 0  # by the mouse wheel, less than a step
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that a text field lets go of the keyboard
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(LEAST_HEIGHT_PX)

    def sizeHint(self) -> QSize:
        return QSize(PIANO.whites * 20, self._usual_height)

    def fit_window(self, height: int) -> None:
        """Ask for a share of a window that is `height` logical pixels high."""
        usual = min(MOST_HEIGHT_PX, max(LEAST_HEIGHT_PX, round(height * SHARE_OF_WINDOW)))
        if usual != self._usual_height:
            self._usual_height = usual
            self.updateGeometry()

    @property
    def geometry_of_keys(self) -> KeyLayout:
        """Where the keys are now."""
        ratio = self.devicePixelRatioF()
        if self._layout is None or self._layout.ratio != ratio:
            self._layout = KeyLayout(self.shown, self.width(), self.height(), ratio)
        return self._layout

    def show_range(self, shown: KeyRange) -> None:
        """Bring other keys into view. What fingers and mouse hold is let go of: it lies elsewhere now."""
        if shown != self.shown:
            self._release_pointers()
            self.shown, self._layout = shown, None
            self.update()
            self.range_changed.emit()

    def show_glows(self, glows: Mapping[int, QColor]) -> None:
        """Light the keys that sound from elsewhere, each in its part's colour."""
        changed = {key for key in glows.keys() | self._glows.keys() if glows.get(key) != self._glows.get(key)}
        self._glows = dict(glows)
        for key in changed:
            self.repaint_key(key)

    def show_letters(self, letters: Mapping[int, str]) -> None:
        """Name the computer keyboard's keys on those that they play."""
        if letters != self._letters:
            self._letters = dict(letters)
            self.update()

    def repaint_key(self, key: int) -> None:
        rect = self.geometry_of_keys.rect(key)
        if not rect.isEmpty():
            self.update(rect.toAlignedRect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(MOUSE, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._slide(MOUSE, event.position())
        else:
            self._hands.release(MOUSE)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._hands.release(MOUSE)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or zoom while Ctrl is held."""
        zooming = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        steps = int(self._turned / (ZOOM_TURN if zooming else SCROLL_TURN))
        self._turned -= steps * (ZOOM_TURN if zooming else SCROLL_TURN)
        self.show_range(self.shown.zoomed(steps) if zooming else self.shown.scrolled(-steps))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touch(event)
            event.accept()  # or Qt makes mouse events of it
            return True
        return super().event(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._layout = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, layout = QPainter(self), self.geometry_of_keys
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dirty = QRectF(event.region().boundingRect())
        painter.fillRect(dirty, ebony() if is_dark(theme()) else theme().colour("edge"))
        shown = [key for key, rect in layout.rects.items() if rect.intersects(dirty)]
        pressed = self._hands.keys
        for key in sorted(shown, key=is_black):
            paint_key(painter, layout.rect(key), key, self._look(key, pressed))
        painter.fillRect(QRectF(0.0, 0.0, self.width(), FELT_PX), theme().colour("edge"))

    def _look(self, key: int, pressed: frozenset[int]) -> KeyLook:
        name = key_name(key) if key % 12 == 0 else ""
        return KeyLook(key in pressed, self._glows.get(key), self._letters.get(key, ""), name)

    def _touch(self, event: QTouchEvent) -> None:
        if event.type() == QEvent.Type.TouchCancel:
            self._release_pointers()
            return
        for point in event.points():
            source = Finger(point.id())
            if point.state() == QEventPoint.State.Pressed:
                self._press(source, point.position())
            elif point.state() == QEventPoint.State.Updated:
                self._slide(source, point.position())
            elif point.state() == QEventPoint.State.Released:
                self._hands.release(source)

    def _press(self, source: Hashable, place: QPointF) -> None:
        key = self.geometry_of_keys.key_at(place.x(), place.y())
        self._hands.press(source, key, self._velocity(key, place))

    def _slide(self, source: Hashable, place: QPointF) -> None:
        key = self.geometry_of_keys.key_at(place.x(), place.y())
        self._hands.slide(source, key, self._velocity(key, place))

    def _velocity(self, key: int | None, place: QPointF) -> int:
        hit = 1 if key is None else self.geometry_of_keys.velocity_at(key, place.y())
        return self._velocity_of(hit)

    def _release_pointers(self) -> None:
        self._hands.release_where(lambda source: source == MOUSE or isinstance(source, Finger))
