"""Where the keys of a computer keyboard are, whatever is printed on them, and what each position plays.

Two rows of a piano: the position of Z is the first key, that of Q an octave above it; the row over each holds
its black keys. X11 and Wayland tell the position as an evdev code plus 8, Windows as a set-1 scan code (which
evdev took over for these keys), macOS as a virtual key code (`kVK_ANSI_*` of Carbon's Events.h).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

SPACE: Final = "space"
OCTAVE_DOWN, OCTAVE_UP = "comma", "period"
SOFTER, LOUDER = "minus", "equal"
X11_OFFSET: Final = 8


@dataclass(frozen=True, slots=True)
class Position:
    """One key by its place, named as on a US keyboard. `offset_semitones` above the first key that is played;
    None for a key that does something else."""

    name: str
    evdev: int
    macos: int
    qt_key: Qt.Key  # stands in where an event tells no place: on-screen keyboards, remote desktops
    offset_semitones: int | None = None


_K = Qt.Key
POSITIONS: Final = (
    Position("z", 44, 6, _K.Key_Z, 0),
    Position("s", 31, 1, _K.Key_S, 1),
    Position("x", 45, 7, _K.Key_X, 2),
    Position("d", 32, 2, _K.Key_D, 3),
    Position("c", 46, 8, _K.Key_C, 4),
    Position("v", 47, 9, _K.Key_V, 5),
    Position("g", 34, 5, _K.Key_G, 6),
    Position("b", 48, 11, _K.Key_B, 7),
    Position("h", 35, 4, _K.Key_H, 8),
    Position("n", 49, 45, _K.Key_N, 9),
    Position("j", 36, 38, _K.Key_J, 10),
    Position("m", 50, 46, _K.Key_M, 11),
    Position("q", 16, 12, _K.Key_Q, 12),
    Position("2", 3, 19, _K.Key_2, 13),
    Position("w", 17, 13, _K.Key_W, 14),
    Position("3", 4, 20, _K.Key_3, 15),
    Position("e", 18, 14, _K.Key_E, 16),
    Position("r", 19, 15, _K.Key_R, 17),
    Position("5", 6, 23, _K.Key_5, 18),
    Position("t", 20, 17, _K.Key_T, 19),
    Position("6", 7, 22, _K.Key_6, 20),
    Position("y", 21, 16, _K.Key_Y, 21),
    Position("7", 8, 26, _K.Key_7, 22),
    Position("u", 22, 32, _K.Key_U, 23),
    Position("i", 23, 34, _K.Key_I, 24),
    Position("9", 10, 25, _K.Key_9, 25),
    Position("o", 24, 31, _K.Key_O, 26),
    Position("0", 11, 29, _K.Key_0, 27),
    Position("p", 25, 35, _K.Key_P, 28),
    Position(SPACE, 57, 49, _K.Key_Space),
    Position(OCTAVE_DOWN, 51, 43, _K.Key_Comma),
    Position(OCTAVE_UP, 52, 47, _K.Key_Period),
    Position(SOFTER, 12, 27, _K.Key_Minus),
    Position(LOUDER, 13, 24, _K.Key_Equal),
)
SPAN_SEMITONES: Final = max(place.offset_semitones or 0 for place in POSITIONS)
LETTERS: Final = {place.offset_semitones: place.name.upper() for place in POSITIONS if len(place.name) == 1}

_BY_EVDEV: Final = {place.evdev: place for place in POSITIONS}
_BY_MACOS: Final = {place.macos: place for place in POSITIONS}
_BY_QT_KEY: Final[dict[int, Position]] = {int(place.qt_key): place for place in POSITIONS}


def position_of(event: QKeyEvent, platform: str = sys.platform) -> Position | None:
    """The place of the key that was pressed or released, None if it is none of ours."""
    scan_code, virtual_key = event.nativeScanCode(), event.nativeVirtualKey()
    if platform == "darwin" and (scan_code or virtual_key):
        return _BY_MACOS.get(virtual_key)  # its scan codes mean nothing
    if not scan_code:
        keypad = event.modifiers() & Qt.KeyboardModifier.KeypadModifier
        return None if keypad else _BY_QT_KEY.get(event.key())
    return _BY_EVDEV.get(scan_code if platform == "win32" else scan_code - X11_OFFSET)
