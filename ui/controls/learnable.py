"""MIDI learn for widgets that stand for a target of the rack: a context menu, and a mark that waits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QInputDevice, QMouseEvent, QPainter, QPen, QTouchEvent
from PySide6.QtWidgets import QMenu, QWidget

from neume.synth.control.commands import Learn
from neume.synth.rack.learn import Mapping
from neume.synth.rack.part import Rack
from neume.synth.rack.targets import usual_range

from ..engine_model import EngineModel
from ..theme import theme
from .learning import learn_watch
from .mapping_range import Learnt, with_range
from .quantity import Quantity
from .range_popup import RangePopup

MARK_PX: Final = 2
LONG_PRESS_MS: Final = 700
STILL_PX: Final = 8.0


def make_learnable(
    widget: QWidget, engine: EngineModel, target: str, quantity: Quantity | None = None
) -> Learnable:
    """Give a widget the menu "learn" for `target`, such as part.0.volume_db, panic or preset.next.

    `quantity` is what is turned, None for a button. A controller that is learnt here goes all the way through
    its range, which for an effect's parameter only the effect knows.
    """
    return Learnable(widget, engine, target, quantity)


class Learnable(QObject):
    """Lives as long as its widget. `target` may be changed when the widget comes to stand for another.

    The menu comes by the right button, the menu key, or a finger that has stayed for a while, when it is
    lifted."""

    def __init__(
        self,
        widget: QWidget,
        engine: EngineModel,
        target: str,
        quantity: Quantity | None = None,
    ) -> None:
        super().__init__(widget)
        self.target, self._quantity = target, quantity
        self._widget, self._engine = widget, engine
        self._mark: _Mark | None = None
        self._asked = False  # by this widget, and not learnt yet
        self._pressed_at, self._ripe = QPointF(), False  # ripe: the finger has stayed long enough
        self._long_press = QTimer(self)
        self._long_press.setSingleShot(True)
        self._long_press.timeout.connect(self._ripen)
        self._watch = learn_watch(engine)
        self._watch.changed.connect(self._follow)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent):
            self.menu().popup(event.globalPos())
            return True
        if isinstance(event, QTouchEvent) and event.points():
            self._feel(event.type() == QEvent.Type.TouchBegin, event.points()[0].position())
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel, QEvent.Type.MouseButtonRelease):
            self._lift()
        if isinstance(event, QMouseEvent) and event.device().type() == QInputDevice.DeviceType.TouchScreen:
            self._feel(event.type() == QEvent.Type.MouseButtonPress, event.position())
        if event.type() == QEvent.Type.Resize and self._mark is not None:
            self._mark.setGeometry(self._widget.rect())
        return False

    def menu(self) -> QMenu:
        """Learn, wait no more, the range, forget: what fits now."""
        menu = QMenu(self._widget)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._watch.waiting == self.target:
            menu.addAction(self.tr("Stop waiting for a controller"), self.cancel)
        else:
            menu.addAction(self.tr("Learn a MIDI controller"), self.learn)
        for mapping in self._mappings(self._engine.rack):
            channel = self.tr("any channel")
            if mapping.channel is not None:
                channel = self.tr("channel {0}").format(mapping.channel + 1)
            if self._quantity is not None:
                text = self.tr("Range of controller {0}, {1}").format(mapping.controller, channel)
                popup = partial(self.open_range, text, Learnt.of(mapping), self._quantity)
                menu.addAction(self.tr("{0} …").format(text), popup)
            text = self.tr("Forget controller {0}, {1}").format(mapping.controller, channel)
            menu.addAction(text, self.forget)
        return menu

    def open_range(self, title: str, learnt: Learnt, quantity: Quantity) -> None:
        """Let the user say how far a controller turns the target."""
        RangePopup(self._widget, title, self._engine, learnt, quantity).open_at(self._widget)

    def learn(self) -> None:
        if self._quantity is not None and not self._asked:
            self._engine.rack_changed.connect(self._widen)
        self._asked = True
        self._engine.post(Learn(target=self.target))

    def cancel(self) -> None:
        self._asked = False
        self._engine.post(Learn(target=None))

    def forget(self) -> None:
        """Let no controller turn the target any more."""
        target = self.target
        self._engine.edit(
            self.tr("forget a controller"),
            lambda rack: replace(rack, mappings=tuple(m for m in rack.mappings if m.target != target)),
        )

    def _mappings(self, rack: Rack | None) -> list[Mapping]:
        return [] if rack is None else [m for m in rack.mappings if m.target == self.target]

    def _follow(self, waiting: str | None) -> None:
        self._show_mark(waiting == self.target)
        self._asked = self._asked and waiting in (self.target, None)  # another one was asked for

    def _show_mark(self, shown: bool) -> None:
        if shown and self._mark is None:
            self._mark = _Mark(self._widget)
        if self._mark is not None:
            self._mark.setGeometry(self._widget.rect())
            self._mark.setVisible(shown)
            self._mark.raise_()

    def _widen(self, rack: Rack) -> None:
        """Let a controller that was learnt here go through the whole range: the engine may know 0 to 1."""
        if not self._asked or self._quantity is None:
            self._engine.rack_changed.disconnect(self._widen)
            return
        usual = usual_range(self.target)
        found = [m for m in self._mappings(rack) if (m.minimum, m.maximum) == usual]
        if found:
            self._asked = False
            learnt, ends = Learnt.of(found[0]), (self._quantity.low, self._quantity.high)
            self._engine.edit(self.tr("learn a controller"), lambda rack: with_range(rack, learnt, *ends))

    def _feel(self, begins: bool, at: QPointF) -> None:
        """A finger on the widget."""
        if begins:
            self._pressed_at, self._ripe = at, False
            self._long_press.start(LONG_PRESS_MS)
        elif (at - self._pressed_at).manhattanLength() > STILL_PX:
            self._long_press.stop()
            if self._ripe:
                self._ripe = False
                self._follow(self._watch.waiting)

    def _ripen(self) -> None:
        self._ripe = True
        self._show_mark(True)

    def _lift(self) -> None:
        self._long_press.stop()
        if self._ripe:
            self._ripe = False
            self._follow(self._watch.waiting)
            at = self._widget.mapToGlobal(self._pressed_at.toPoint())
            QTimer.singleShot(0, self, lambda: self.menu().popup(at))


class _Mark(QWidget):
    """A frame over a widget that waits for its controller."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.move(QPoint(0, 0))

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(theme().colour("warning"), MARK_PX, Qt.PenStyle.DashLine))
        painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
