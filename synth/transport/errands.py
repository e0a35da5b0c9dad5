"""Commands that may take a while: carried out one after the other on a thread of their own, then answered.

Beside the engine's owner, who goes on looking after the rack meanwhile.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from ..control.requests import Request
from ..errors import NeumeError

MAX_WAITING: Final = 64
TOO_MANY: Final = "too many commands wait for this one's turn: send it again later"


class Errands:
    """Threads: the owner calls `put` and `close`; one thread, made with the first errand, does the work."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Request, Callable[[], str]]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def put(self, request: Request, work: Callable[[], str]) -> None:
        """Have the work done, and the request answered with its text, or with the error that it raises."""
        with self._changed:
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append((request, work))
                self._changed.notify()
                self._begin()
                return
        request.failed(TOO_MANY)

    def close(self) -> None:
        """Begin no errand any more. The one under way is not waited for."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="neume-errands", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                request, work = self._waiting.popleft()
            carry_out(request, work)


def carry_out(request: Request, work: Callable[[], str]) -> None:
    """Do the work and answer. A fault of ours costs a client its command, and nobody the sound."""
    try:
        request.done(work())
    except NeumeError as error:
        request.failed(str(error))
    except Exception as error:
        request.failed(f"{request.command.kind} failed: {type(error).__name__}: {error}")
