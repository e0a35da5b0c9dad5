"""Tells a key that is struck again from one that is only held.

X11 sends a release and a press for each repeat of a held key, and Qt sees that they belong together only if
both are there when it looks (6.11: every second pair of a busy machine is not told). Both bear the same time,
which no hand can do.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication, QKeyEvent

X11: Final = "xcb"
GRACE_MS: Final = 12  # for so long after a release the press of a repeat may come; 5 ms were seen


class Repeats:
    """Belongs to the panel's thread. To be asked once about every press and release of a key."""

    def __init__(self) -> None:
        self._released_ms: dict[int, int] = {}  # by scan code

    def is_repeat(self, event: QKeyEvent) -> bool:
        """Whether a press or release is none of a hand. The release of a repeat may not be known as one."""
        code = event.nativeScanCode() or event.key()
        if event.type() == QEvent.Type.KeyRelease:
            self._released_ms[code] = event.timestamp()
            return event.isAutoRepeat()
        again = event.timestamp() > 0 and event.timestamp() == self._released_ms.get(code)
        return event.isAutoRepeat() or again


def release_grace_ms() -> int:
    """How long to wait whether a release was one; 0 where the window system tells."""
    return GRACE_MS if QGuiApplication.platformName() == X11 else 0
