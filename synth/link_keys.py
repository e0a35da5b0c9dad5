"""Keys played on a panel: messages that come over the control link, as stamped as a keyboard's."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from .sources import PANIC

Message = tuple[int, bytes]  # time.monotonic_ns, raw bytes
QUEUE_MESSAGES: Final = 4096


class LinkKeys:
    """Stands where a `MidiInput` stands. Any thread calls `press`; the owner of the player calls the rest."""

    def __init__(self) -> None:
        self._queue: deque[Message] = deque()
        self._overflowed = False

    def press(self, stamp_ns: int, message: bytes) -> None:
        if len(self._queue) < QUEUE_MESSAGES:
            self._queue.append((stamp_ns, message))
        else:
            self._overflowed = True

    def drain(self) -> list[Message]:
        """All that has come, and a panic if any was lost: it may have been a release."""
        messages = [self._queue.popleft() for _ in range(len(self._queue))]
        if self._overflowed:
            self._overflowed = False
            messages.append((time.monotonic_ns(), PANIC))
        return messages

    def poll(self) -> None:
        """There are no ports to look at."""

    def close(self) -> None:
        self._queue.clear()
