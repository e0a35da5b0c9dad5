"""One connection to an engine, from the client's side: lines out from any thread, messages in by one."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from typing import Final

from .address import Address
from .door import knock
from .errors import ControlError
from .lines import Outgoing, Splitter
from .messages import PROTOCOL, Fault, Hello, Message, read_message
from .peer import check_peer, peer_user

HELLO_S: Final = 2.0  # in which an engine that is not frozen says who it is
OUTGOING_UNTIL_BYTES: Final = 4_194_304  # more than any engine that reads lets wait
READ_BYTES: Final = 65_536


class Link:
    """Connected from the beginning; raises ControlError if that fails or the engine does not say hello.

    Threads: `put` is for any thread and never waits; `messages` and `close` belong to one reader.
    """

    def __init__(self, address: Address, hello_s: float = HELLO_S) -> None:
        self._connection, secret = knock(address, hello_s)
        self._outgoing = Outgoing()
        self._sending = threading.Lock()
        self._splitter = Splitter()
        self._early: list[Message] = []  # came together with the hello
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        try:
            check_peer(peer_user(self._connection))
            if secret is not None:
                self._connection.sendall(secret.encode("ascii") + b"\n")
            self.hello = self._met(address.name, time.monotonic() + hello_s)
        except (ControlError, OSError) as error:
            self.close()
            raise ControlError(f"engine {address.name!r} does not answer: {error}") from None
        for end in (self._connection, self._wake_reader, self._wake_writer):
            end.setblocking(False)
        self._selector.register(self._connection, selectors.EVENT_READ)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)

    def put(self, line: bytes) -> None:
        """Send, or leave it to the reader to send. Raises ControlError if the engine does not read."""
        with self._sending:
            if self._outgoing.waiting + len(line) > OUTGOING_UNTIL_BYTES:
                raise ControlError("the engine does not read its commands: it hangs")
            self._outgoing.put(line)
            with contextlib.suppress(OSError):  # the reader finds out, too
                self._outgoing.flush(self._connection)
            waiting = self._outgoing.waiting
        if waiting:
            self.wake()

    def wake(self) -> None:
        """Let `messages` return, if only to look around."""
        with contextlib.suppress(OSError):
            self._wake_writer.send(b"\0")

    def messages(self) -> Iterator[Message | ControlError]:
        """Wait for something, then give all that has come; what cannot be read is an error in its place.

        Raises ControlError when the connection has ended.
        """
        if self._early:
            yield from self._early
            self._early = []
            return
        with self._sending:
            writing = selectors.EVENT_WRITE if self._outgoing.waiting else 0
        self._selector.modify(self._connection, selectors.EVENT_READ | writing)
        for key, events in self._selector.select():
            if key.fileobj is self._wake_reader:
                self._wake_reader.recv(READ_BYTES)
                continue
            if events & selectors.EVENT_WRITE:
                self._send()
            if events & selectors.EVENT_READ:
                yield from map(_message, self._lines())

    def close(self) -> None:
        for end in (self._connection, self._wake_reader, self._wake_writer, self._selector):
            end.close()

    def _send(self) -> None:
        try:
            with self._sending:
                self._outgoing.flush(self._connection)
        except OSError as error:
            raise ControlError(f"the engine has gone: {error}") from None

    def _lines(self) -> list[bytes | None]:
        try:
            chunk = self._connection.recv(READ_BYTES)
        except BlockingIOError:
            return []
        except TimeoutError:
            raise ControlError("it says nothing") from None
        except OSError as error:
            raise ControlError(f"the engine has gone: {error.strerror}") from None
        if not chunk:
            raise ControlError("the engine has gone")
        return self._splitter.feed(chunk)

    def _met(self, name: str, until_s: float) -> Hello:
        """Read up to the hello of the engine called `name`."""
        while True:
            self._connection.settimeout(max(0.001, until_s - time.monotonic()))
            messages = [_message(line) for line in self._lines()]
            if messages:
                break
        first, *rest = messages
        self._early = [message for message in rest if not isinstance(message, ControlError)]
        match first:
            case Hello(protocol=protocol, engine=engine) if protocol == PROTOCOL and engine == name:
                return first
            case Hello(protocol=protocol, engine=engine):
                raise ControlError(
                    f"it is {engine!r} and speaks protocol {protocol}, this program protocol {PROTOCOL}: "
                    "start both from the same version of Neume"
                )
            case Fault(text=text):
                raise ControlError(text)
        raise ControlError("it says something else than hello")


def _message(line: bytes | None) -> Message | ControlError:
    if line is None:
        return ControlError("the engine has said a line that is too long")
    try:
        return read_message(line)
    except ControlError as error:
        return error
