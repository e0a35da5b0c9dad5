"""Commands on their way to the engine's owner: each waits as a request, which the owner answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from .commands import EngineCommand, PlayedCommand
from .messages import Fault, Reply

MAX_WAITING_BYTES: Final = 4_194_304  # thousands of small commands, dozens of whole racks
OVERHEAD_BYTES: Final = 512  # of a request beside its line

Answer: TypeAlias = Callable[[Reply | Fault], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A command for the engine's owner, who calls `done` or `failed` once, from any thread.

    Nobody hears the answer if the client did not ask for one, except that it failed.
    """

    command: EngineCommand | PlayedCommand
    number: int | None
    line_bytes: int
    answer: Answer

    def done(self, text: str = "") -> None:
        """It was carried out; `text` is what came of it, if that is worth a line."""
        if self.number is not None:
            self.answer(Reply(self.number, True, text))

    def failed(self, text: str) -> None:
        """It was not: `text` says what came, what is allowed, what to do."""
        self.answer(refusal(self.number, text))


def refusal(number: int | None, text: str) -> Reply | Fault:
    """What a client is told of a command that failed."""
    return Fault(text) if number is None else Reply(number, False, text)


class Waiting:
    """The requests that the owner has not taken yet: in order, and bounded in memory.

    Threads: the server's thread puts, the owner takes. Neither holds the lock longer than it takes to move a
    reference.
    """

    def __init__(self) -> None:
        self._requests: deque[Request] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    def put(self, request: Request, *, always: bool = False) -> bool:
        """Whether there was room; `always` makes it."""
        cost = request.line_bytes + OVERHEAD_BYTES
        with self._changed:
            if self._bytes + cost > MAX_WAITING_BYTES and not always:
                return False
            self._bytes += cost
            self._requests.append(request)
            self._changed.notify()
        return True

    def take(self, timeout_s: float) -> list[Request]:
        """All that wait; if none do, wait up to `timeout_s` for the first."""
        with self._changed:
            if not self._requests and timeout_s > 0.0:
                self._changed.wait(timeout_s)
            taken = list(self._requests)
            self._requests.clear()
            self._bytes = 0
        return taken
