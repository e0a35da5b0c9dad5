"""The computer keyboard as a piano, for a whole window: two rows of keys, the space bar as the pedal.

window's key events ─▶ ComputerKeys ─▶ Hands; text fields and keys with a modifier keep what is theirs
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from .hands import Hands
from .positions import LETTERS, LOUDER, OCTAVE_DOWN, OCTAVE_UP, SOFTER, SPACE, Position, position_of
from .repeats import Repeats, release_grace_ms

KEYS_PROPERTY: Final = "keeps_keys"  # a widget that has it as True wants all letters for itself
SPACE_PROPERTY: Final = "keeps_space"
MODIFIERS: Final = (
    Qt.KeyboardModifier.ShiftModifier
    | Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_STEPS: Final = {OCTAVE_DOWN: -1, OCTAVE_UP: 1, SOFTER: -1, LOUDER: 1}


class ComputerKeys(QObject):
    """Belongs to the panel's thread; hears the key events of one window before its widgets do.

    It takes a key only while `playable` says so, no menu is open, no modifier is held and no text is being
    typed. A release belongs to whoever had the press. `note_of` gives key and velocity for an offset.
    """

    octave_wanted = Signal(int)  # steps
    velocity_wanted = Signal(int)
    letters_changed = Signal()

    def __init__(
        self,
        hands: Hands,
        note_of: Callable[[int], tuple[int, int]],
        playable: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.letters: dict[int | None, str] = dict(LETTERS)  # by offset, as this keyboard prints them
        self._hands, self._note_of, self._playable = hands, note_of, playable
        self._window: QWindow | None = None
        self._down: set[Position] = set()  # those whose press was taken
        self._leaving: dict[Position, int] = {}  # released then, by the monotonic clock, if it was no repeat
        self._repeats = Repeats()

    def listen(self, window: QWindow) -> bool:
        """Hear the keys of this window, and of no other; returns whether it is another one than before."""
        if window is self._window:
            return False
        if self._window is not None and shiboken6.isValid(self._window):
            self._window.removeEventFilter(self)
        self._window = window
        window.installEventFilter(self)
        return True

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        place = position_of(event)
        if place is None:
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._release(place, event)
        if event.type() == QEvent.Type.KeyPress:
            return self._press(place, event)
        if event.type() == QEvent.Type.ShortcutOverride and self._is_ours(place, event):
            event.accept()  # so that it comes as a press and is no shortcut
            return True
        return False

    def _press(self, place: Position, event: QKeyEvent) -> bool:
        repeated = self._repeats.is_repeat(event)
        if repeated and place in self._down:
            self._leaving.pop(place, None)
            return True
        if not self._is_ours(place, event):
            return False
        self._let_go(place)
        if not repeated and not self._hands.holds(place):
            self._down.add(place)
            self._play(place)
            self._learn_letter(place, event.text())
        return True

    def _release(self, place: Position, event: QKeyEvent) -> bool:
        repeated = self._repeats.is_repeat(event)
        if place not in self._down:
            return False
        if not repeated:
            self._leaving[place] = time.monotonic_ns()
            if grace_ms := release_grace_ms():
                QTimer.singleShot(grace_ms, self, partial(self._let_go, place, self._leaving[place]))
            else:
                self._let_go(place)
        return True

    def _let_go(self, place: Position, left_ns: int | None = None) -> None:
        """A key is up, if it has left: at `left_ns`, or whenever it was. It ends when it was let go of."""
        stamp_ns = self._leaving.get(place)
        if stamp_ns is None or left_ns not in (None, stamp_ns):
            return
        del self._leaving[place]
        self._down.discard(place)
        self._hands.release(place, stamp_ns)
        self._hands.release_pedal(place)

    def _play(self, place: Position) -> None:
        if place.offset_semitones is not None:
            self._hands.press(place, *self._note_of(place.offset_semitones))
        elif place.name == SPACE:
            self._hands.press_pedal(place)
        elif place.name in (OCTAVE_DOWN, OCTAVE_UP):
            self.octave_wanted.emit(_STEPS[place.name])
        else:
            self.velocity_wanted.emit(_STEPS[place.name])

    def _is_ours(self, place: Position, event: QKeyEvent) -> bool:
        if event.modifiers() & MODIFIERS or not self._playable():
            return False
        if QApplication.activePopupWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        return not is_typing(focus) and not (place.name == SPACE and _keeps_space(focus))

    def _learn_letter(self, place: Position, text: str) -> None:
        """What the layout prints on a key is known when it has been pressed."""
        letter, offset = text.upper(), place.offset_semitones
        if offset is None or len(letter) != 1 or not letter.isprintable():
            return
        if letter != self.letters[offset]:
            self.letters[offset] = letter
            self.letters_changed.emit()


def is_typing(widget: QWidget | None) -> bool:
    """Whether letters are for this widget, which has the focus."""
    if widget is None:
        return False
    if isinstance(widget, (QLineEdit, QTextEdit, QPlainTextEdit)):
        return not widget.isReadOnly()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, (QAbstractSpinBox, QKeySequenceEdit)) or bool(widget.property(KEYS_PROPERTY))


def _keeps_space(widget: QWidget | None) -> bool:
    """Whether the space bar presses this widget, which was reached by keyboard if it has the focus."""
    if widget is None:
        return False
    return isinstance(widget, (QAbstractButton, QComboBox)) or bool(widget.property(SPACE_PROPERTY))
