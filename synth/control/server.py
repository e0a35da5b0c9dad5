"""The engine's side of the control link: takes commands from its clients, tells replies and snapshots.

    client ─▶ visitor ─▶ dispatch ─▶ played by hand: the engine's ear, at once
                                 └─▶ anything else: waits for the engine's owner ─▶ reply ─▶ client
    feed ─▶ publisher: snapshots and mel frames ─▶ subscribers

Nothing a client does reaches further than its own connection: slow or frozen readers lose snapshots, floods
are read at a bounded rate, and who leaves lets go of the keys that it held.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Final, Self

from .dispatch import Dispatch, Ear
from .door import Door
from .errors import ControlError
from .messages import PROTOCOL, Hello
from .pace import Pace
from .publisher import Feed, Publisher
from .requests import Request
from .visitor import Gone, Visitor, turn_away

MAX_CLIENTS: Final = 8
ACCEPTS_HZ: Final = 20.0
ACCEPTS_BURST: Final = 40
DEAF_S: Final = 3.0  # a subscriber that has not read for so long is frozen: what it holds is let go
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class ControlServer:
    """Listens at `door` from `start` to `close`, which closes the door too.

    `ear` hears what is played, in the server's thread and at once, with stamps that are never in the future;
    it must not wait. Without it, what is played comes as requests.

    Threads: one of its own does all the talking and calls `feed` and `ear`. The engine's owner calls `start`,
    `take` and `close`; any thread may answer requests and read `clients` and `failure`.
    """

    def __init__(self, door: Door, feed: Feed, ear: Ear | None = None) -> None:
        self._door = door
        self._hello = Hello(PROTOCOL, door.address.name, os.getpid())
        self._publisher = Publisher(feed)
        self._dispatch = Dispatch(ear, self._wake)
        self._visitors: list[Visitor] = []
        self._accepts = Pace(ACCEPTS_HZ, ACCEPTS_BURST)
        self._listening = self._closing = False
        self._failure: Exception | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="neume-control", daemon=True)

    @property
    def clients(self) -> int:
        return len(self._visitors)

    @property
    def failure(self) -> Exception | None:
        """The last exception of the feed, the ear or our own: it cost clients something, and nobody else."""
        return self._failure or self._publisher.failure

    def start(self) -> None:
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, READ, self._woken)
        self._thread.start()

    def take(self, timeout_s: float = 0.0) -> list[Request]:
        """The commands that have come; if there are none, wait up to `timeout_s` for the first."""
        return self._dispatch.waiting.take(timeout_s)

    def close(self) -> None:
        """Send the answers that have been given, then end every connection. Harmless if that is done."""
        self._closing = True
        if self._thread.ident is not None:
            self._wake()
            self._thread.join()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
        self._door.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
        except Exception as failure:  # the sound goes on without a control link
            self._failure = failure
        self._send_answers()
        for visitor in list(self._visitors):
            with self._attending(visitor):
                visitor.flush()
                raise Gone

    def _turn(self) -> None:
        self._listen_or_rest(time.monotonic())
        for key, events in self._selector.select(self._timeout_s(time.monotonic())):
            key.data(events)
        self._send_answers()
        self._tend(time.monotonic())

    def _timeout_s(self, now_s: float) -> float | None:
        """Until something is due that no socket tells."""
        times = [] if self._listening else [self._accepts.ready_s()]
        for visitor in self._visitors:
            times += [visitor.due_s, visitor.deadline_s]
            if not visitor.events & READ:
                times.append(visitor.lines.ready_s())
        soonest = min(times, default=math.inf)
        return None if soonest == math.inf else max(0.0, soonest - now_s)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # it is full of wake-ups already, or closed
            self._wake_writer.send(b"\0")

    def _woken(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_reader.recv(4096)

    def _listen_or_rest(self, now_s: float) -> None:
        """Who connects again and again is let in at a bounded rate."""
        allowed = self._accepts.allows(now_s)
        if allowed and not self._listening:
            self._selector.register(self._door.listener, READ, self._accept)
        elif self._listening and not allowed:
            self._selector.unregister(self._door.listener)
        self._listening = allowed

    def _accept(self, _: int) -> None:
        now_s = time.monotonic()
        self._accepts.spend(1, now_s)
        try:
            connection, _address = self._door.listener.accept()
        except BlockingIOError:
            return
        except OSError:  # no descriptors left: try again, but not at once
            self._accepts.spend(ACCEPTS_BURST, now_s)
            return
        if len(self._visitors) >= MAX_CLIENTS:
            turn_away(connection, f"{MAX_CLIENTS} clients are connected already, no more are allowed")
            return
        try:
            visitor = Visitor(connection, self._door.secret, self._hello, now_s)
        except (ControlError, OSError) as error:
            turn_away(connection, str(error))
            return
        self._visitors.append(visitor)
        with self._attending(visitor):
            visitor.welcome()

    def _serve(self, visitor: Visitor, events: int) -> None:
        with self._attending(visitor):
            if events & WRITE:
                visitor.flush()
            if events & READ:
                self._dispatch.hear(visitor, time.monotonic())

    def _send_answers(self) -> None:
        for visitor, answer in self._dispatch.answers():
            if visitor in self._visitors:
                with self._attending(visitor):
                    visitor.answer(answer)

    def _tend(self, now_s: float) -> None:
        """Tell every visitor what is due, and watch it for what may come next."""
        self._publisher.begin_turn()
        for visitor in list(self._visitors):
            with self._attending(visitor):
                if visitor.deadline_s < now_s:
                    raise Gone
                if visitor.due_s <= now_s:
                    self._publisher.publish(visitor, now_s)
                if now_s - visitor.deaf_since_s > DEAF_S:  # frozen, maybe with a key down
                    self._dispatch.release(visitor)
                if visitor.waiting_bytes and not visitor.events & WRITE:
                    visitor.flush()
                self._watch(visitor, now_s)

    def _watch(self, visitor: Visitor, now_s: float) -> None:
        reading = READ if visitor.lines.allows(now_s) else 0
        events = reading | (WRITE if visitor.waiting_bytes else 0)
        if events == visitor.events:
            return
        if visitor.events:
            self._selector.unregister(visitor.connection)
        if events:
            self._selector.register(visitor.connection, events, partial(self._serve, visitor))
        visitor.events = events

    @contextlib.contextmanager
    def _attending(self, visitor: Visitor) -> Iterator[None]:
        """Whatever goes wrong with one visitor ends its connection and nothing else."""
        try:
            yield
        except Gone:
            self._drop(visitor)
        except Exception as failure:
            self._failure = failure
            self._drop(visitor)

    def _drop(self, visitor: Visitor) -> None:
        self._visitors.remove(visitor)
        if visitor.events:
            self._selector.unregister(visitor.connection)
        visitor.connection.close()
        try:
            self._dispatch.release(visitor)
        except Exception as failure:
            self._failure = failure
