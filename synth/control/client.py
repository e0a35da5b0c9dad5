"""The other processes' side of the control link: sends commands, keeps the newest snapshot.

panel's thread ─ post, ask ─▶ link ─▶ engine ─▶ reader's thread ─▶ replies, latest, mels, waves
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Final, Self

from ..engine_snapshot import EngineSnapshot
from .address import DEFAULT_NAME, control_folders, find_address
from .commands import Command, Subscribe
from .errors import ControlError
from .link import Link
from .messages import Fault, Message, Reply, command_line
from .snapshots import MelChunk, WaveChunk

RETRY_S: Final = 0.1  # between two looks for an engine that is not there
MAX_CHUNKS: Final = 600  # of mel frames or waveform that nobody took: ten seconds at 60 Hz
MAX_FAULTS: Final = 100
REPLY_S: Final = 5.0
CLOSE_S: Final = 0.5


class EngineClient:
    """Talks with the engine called `name` as long as it runs, and then with the next one of that name.

    Threads: every method is for any thread. `connect`, `send` and `snapshots` wait, no longer than they are
    told; the others do not, so they are for a panel's thread. A thread of its own reads, connects again, and
    completes what `ask` has returned: callbacks of that run there.
    """

    def __init__(self, name: str = DEFAULT_NAME) -> None:
        self.name = name
        self.problem = f"no engine {name!r} has been found yet"  # why it is not alive
        self.connections = 0  # one more with every engine that was found
        self.process_id = 0  # of the engine that was found last
        self._folders = control_folders()
        self._link: Link | None = None
        self._latest: EngineSnapshot | None = None
        self._received = 0
        self._heard_s = 0.0
        self._mels: deque[MelChunk] = deque(maxlen=MAX_CHUNKS)
        self._waves: deque[WaveChunk] = deque(maxlen=MAX_CHUNKS)
        self._faults: deque[str] = deque(maxlen=MAX_FAULTS)
        self._numbers = itertools.count()
        self._asked: dict[int, Future[Reply]] = {}
        self._subscription: Subscribe | None = None
        self._changed = threading.Condition()  # guards all of the above
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-engine-client", daemon=True)
        self._thread.start()

    @classmethod
    def connect(cls, name: str = DEFAULT_NAME, timeout_s: float = REPLY_S) -> Self:
        """A client whose engine is there. Raises ControlError with the reason if it is not in time."""
        client = cls(name)
        with client._changed:
            client._changed.wait_for(lambda: client.alive, timeout_s)
        if not client.alive:
            client.close()
            raise ControlError(client.problem)
        return client

    @property
    def alive(self) -> bool:
        """Whether an engine is connected; one that hangs is, see `silent_s`."""
        return self._link is not None

    @property
    def latest(self) -> EngineSnapshot | None:
        """The newest snapshot of the engine that was found last, None before its first."""
        return self._latest

    @property
    def silent_s(self) -> float:
        """Since the engine has said anything: with a subscription, some periods mean that it hangs."""
        return time.monotonic() - self._heard_s

    def post(self, command: Command) -> bool:
        """Send a command and go on; a failure comes among `take_faults`.

        Returns whether it is on its way. A subscription that is not yet is sent to the next engine. Raises
        ControlError for values that are not allowed.
        """
        line = command_line(command)
        link = self._remember(command)
        try:
            if link is not None:
                link.put(line)
        except ControlError as error:
            self.problem = str(error)
            return False
        return link is not None

    def ask(self, command: Command) -> Future[Reply]:
        """Send a command; the reply comes later, or ControlError if the engine goes first.

        Raises ControlError for values that are not allowed, or if no engine is there.
        """
        number = next(self._numbers)
        line = command_line(command, number)
        future: Future[Reply] = Future()
        future.add_done_callback(lambda _: self._asked.pop(number, None))
        link = self._remember(command, number, future)
        if link is None:
            raise ControlError(self.problem)
        try:
            link.put(line)
        except ControlError:
            future.cancel()
            raise
        return future

    def send(self, command: Command, timeout_s: float = REPLY_S) -> Reply:
        """Send a command and wait for its reply. Raises ControlError if none comes, and as `ask` does."""
        future = self.ask(command)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            text = f"engine {self.name!r} has not replied to {command.kind} within {timeout_s:g} s"
            raise ControlError(text) from None

    def snapshots(self, timeout_s: float = REPLY_S) -> Iterator[EngineSnapshot]:
        """Every snapshot from now on that is the newest when it is asked for.

        Ends when none comes within `timeout_s`, and when the engine goes.
        """
        seen = self._received
        while True:
            with self._changed:
                self._changed.wait_for(partial(self._is_new, seen), timeout_s)
                if self._received == seen or self._latest is None:
                    return
                seen, snapshot = self._received, self._latest
            yield snapshot

    def _is_new(self, seen: int) -> bool:
        return self._received != seen or not self.alive

    def take_mels(self) -> list[MelChunk]:
        """The mel frames that have come since the last call."""
        with self._changed:
            taken = list(self._mels)
            self._mels.clear()
        return taken

    def take_waves(self) -> list[WaveChunk]:
        """The waveform that has come since the last call."""
        with self._changed:
            taken = list(self._waves)
            self._waves.clear()
        return taken

    def take_faults(self) -> list[str]:
        """What has failed since the last call that no reply tells."""
        with self._changed:
            taken = list(self._faults)
            self._faults.clear()
        return taken

    def close(self) -> None:
        """End the connection, not the engine."""
        self._closing.set()
        link = self._link
        if link is not None:
            link.wake()
        self._thread.join(CLOSE_S)  # longer only while it waits for the hello of an engine that hangs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remember(
        self, command: Command, number: int = -1, future: Future[Reply] | None = None
    ) -> Link | None:
        with self._changed:
            if isinstance(command, Subscribe):
                self._subscription = command
            if future is not None and self._link is not None:
                self._asked[number] = future
            return self._link

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                link = Link(find_address(self.name, self._folders))
            except (ControlError, OSError) as error:
                self.problem = str(error)
                self._closing.wait(RETRY_S)
                continue
            reason = "this client was closed"
            try:
                self._begin(link)
                while not self._closing.is_set():
                    for message in link.messages():
                        self._hear(message)
            except ControlError as error:
                reason = str(error)
            self._end(link, reason)

    def _begin(self, link: Link) -> None:
        with self._changed:
            self._latest = None
            self._mels.clear()
            self._waves.clear()
            self._heard_s = time.monotonic()
            self._link = link
            self.process_id = link.hello.process_id
            self.connections += 1
            subscription = self._subscription
            self._changed.notify_all()
        if subscription is not None:
            link.put(command_line(subscription))

    def _end(self, link: Link, reason: str) -> None:
        with self._changed:
            self._link = None
            self.problem = f"engine {self.name!r}: {reason}"
            asked, self._asked = self._asked, {}
            self._changed.notify_all()
        link.close()
        for future in asked.values():
            if future.set_running_or_notify_cancel():
                future.set_exception(ControlError(self.problem))

    def _hear(self, message: Message | ControlError) -> None:
        answered: Future[Reply] | None = None
        with self._changed:
            self._heard_s = time.monotonic()
            match message:
                case EngineSnapshot():
                    self._latest = message
                    self._received += 1
                    self._changed.notify_all()
                case MelChunk():
                    self._mels.append(message)
                case WaveChunk():
                    self._waves.append(message)
                case Reply(request=number):
                    answered = self._asked.get(number)
                case Fault(text=text):
                    self._faults.append(text)
                case ControlError():
                    self._faults.append(str(message))
        if answered is not None and isinstance(message, Reply) and answered.set_running_or_notify_cancel():
            answered.set_result(message)
