"""Where a client's lines go: what is played to the engine's ear, other commands to its owner, faults back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from .commands import Command, EngineCommand, Panic, Played, PlayedCommand, Subscribe
from .messages import Fault, Reply, hear
from .requests import Request, Waiting, refusal
from .visitor import Visitor
from .vocabulary import MAX_LINE_BYTES

Ear: TypeAlias = Callable[[PlayedCommand], None]
TOO_LONG: Final = f"a line is too long; allowed: {MAX_LINE_BYTES} bytes"
BUSY: Final = "too many commands wait for the engine: send this one again later"


class Dispatch:
    """Hands commands on and brings the answers back.

    Threads: the server's thread calls everything here; the engine's owner takes from `waiting` and answers
    from any thread, after which `wake` is called.
    """

    def __init__(self, ear: Ear | None, wake: Callable[[], None]) -> None:
        self.waiting = Waiting()
        self._answers: deque[tuple[Visitor, Reply | Fault]] = deque()
        self._ear = ear
        self._wake = wake

    def hear(self, visitor: Visitor, now_s: float) -> None:
        """Hand on all that the visitor has said. Raises Gone if it has left or goes too far."""
        for line in visitor.hear(now_s):
            if line is None:
                visitor.refuse(Fault(TOO_LONG), now_s)
                continue
            heard = hear(line)
            if heard.command is None:
                visitor.refuse(refusal(heard.request, heard.fault), now_s)
            else:
                self._hand_on(visitor, heard.command, heard.request, len(line))

    def release(self, visitor: Visitor) -> None:
        """Let go of all that a visitor holds who has left."""
        for command in visitor.held.let_go(time.monotonic_ns()):
            if self._ear is not None:
                self._ear(command)
            else:
                self.waiting.put(self._request(visitor, command, None, 0), always=True)

    def answers(self) -> list[tuple[Visitor, Reply | Fault]]:
        """What has been answered since the last call; the visitor may have left."""
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def _hand_on(self, visitor: Visitor, command: Command, number: int | None, line_bytes: int) -> None:
        if isinstance(command, Played | Panic):
            command = replace(command, stamp_ns=min(command.stamp_ns, time.monotonic_ns()))
            visitor.held.follow(command)
        if isinstance(command, Subscribe):
            visitor.subscribe(command, time.monotonic())
        elif isinstance(command, Played | Panic) and self._ear is not None:
            self._ear(command)
        else:
            request = self._request(visitor, command, number, line_bytes)
            if not self.waiting.put(request):
                request.failed(BUSY)
            return
        if number is not None:
            visitor.tell(Reply(number, True))

    def _request(
        self, visitor: Visitor, command: EngineCommand | PlayedCommand, number: int | None, line_bytes: int
    ) -> Request:
        return Request(command, number, line_bytes, partial(self._answer, visitor))

    def _answer(self, visitor: Visitor, answer: Reply | Fault) -> None:
        """Any thread."""
        self._answers.append((visitor, answer))
        self._wake()
