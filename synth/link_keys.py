"""Keys played on a panel: messages that come over the control link, as stamped as a keyboard's."""

from __future__ import annotations

from collections import deque
from typing import Final

Message = tuple[int, bytes]  # time.monotonic_ns, raw bytes
QUEUE_MESSAGES: Final = 4096


class LinkKeys:
    """Stands where a `MidiInput` stands. Any thread calls `press`; the owner of the player calls the rest."""

    def __init__(self) -> None:
        self._queue: deque[Message] = deque(maxlen=QUEUE_MESSAGES)

    def press(self, stamp_ns: int, message: bytes) -> None:
        self._queue.append((stamp_ns, message))

    def drain(self) -> list[Message]:
        return [self._queue.popleft() for _ in range(len(self._queue))]

    def poll(self) -> None:
        """There are no ports to look at."""

    def close(self) -> None:
        self._queue.clear()
