"""One client as the server sees it: what it says, what waits to be told to it, what it subscribed to."""

from __future__ import annotations

import contextlib
import hmac
import math
import socket
from typing import Final

from .commands import Subscribe
from .held import Held
from .lines import CHUNK_BYTES, Outgoing, Splitter
from .messages import MESSAGES, Fault, Hello, Message, Reply
from .pace import Pace
from .peer import check_peer, peer_user

SNAPSHOTS_UNTIL_BYTES: Final = 65_536  # more waits: no snapshots until the client has read
BATCH_BYTES: Final = 16_384  # are sent at once; less waits for the end of the server's turn
REPLIES_UNTIL_BYTES: Final = 1_048_576  # more waits: the client is given up
KERNEL_BYTES: Final = 65_536  # asked of the system, so that a reader that wakes up has little that is stale
LINES_HZ: Final = 2000.0  # no hand is faster; a flood is read at this rate
LINES_BURST: Final = 1000
FAULTS_HZ: Final = 20.0
FAULTS_BURST: Final = 200
SECRET_S: Final = 2.0  # in which a client on TCP must have said the secret


class Gone(Exception):
    """The client has left, or the server has had enough of it."""


class Visitor:
    """A connection accepted by the server, whose thread owns it. Nothing here blocks.

    Raises ControlError at once for a peer that may not connect.
    """

    def __init__(self, connection: socket.socket, secret: str | None, hello: Hello, now_s: float) -> None:
        check_peer(peer_user(connection))
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        if connection.family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.held = Held()
        self.lines = Pace(LINES_HZ, LINES_BURST)
        self.events = 0  # what the server's selector watches it for
        self.subscription: Subscribe | None = None
        self.next_frames: dict[str, int] = {}  # of mel frames and samples: the first that were not told
        self.due_s = math.inf  # when the next snapshot is
        self.deaf_since_s = math.inf  # when it stopped reading what it subscribed to
        self._secret = secret
        self._hello = hello
        self._admitted_by_s = now_s + SECRET_S
        self._faults = Pace(FAULTS_HZ, FAULTS_BURST)
        self._splitter = Splitter()
        self._outgoing = Outgoing()

    @property
    def waiting_bytes(self) -> int:
        """Of what the client has not read."""
        return self._outgoing.waiting

    def welcome(self) -> None:
        """Say who we are, unless the secret must come first. Raises Gone."""
        if self._secret is None:
            self.tell(self._hello)

    def hear(self, now_s: float) -> list[bytes | None]:
        """The lines that have come. Raises Gone at the end of the connection."""
        try:
            chunk = self.connection.recv(CHUNK_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            raise Gone from None
        if not chunk:
            raise Gone
        lines = self._splitter.feed(chunk)
        self.lines.spend(len(lines), now_s)
        if lines and self._secret is not None:
            self._admit(lines.pop(0))
        return lines

    def tell(self, message: Message) -> None:
        """Keep a message for the next `flush`. Raises Gone if the client has too much to read already."""
        self._tell(MESSAGES.line(message))

    def offer(self, lines: bytes) -> bool:
        """Keep lines for the next `flush`, or lose them; returns whether they are kept. Raises Gone."""
        if self._outgoing.waiting > SNAPSHOTS_UNTIL_BYTES:
            return False
        self._tell(lines)
        return True

    def flush(self) -> None:
        """Send what the client can take now. Raises Gone."""
        try:
            self._outgoing.flush(self.connection)
        except OSError:
            raise Gone from None

    def answer(self, answer: Reply | Fault) -> None:
        """Tell what became of a command; a fault that nobody waits for may be lost. Raises Gone."""
        if isinstance(answer, Reply):
            self.tell(answer)
        else:
            self.offer(MESSAGES.line(answer))

    def refuse(self, refusal: Reply | Fault, now_s: float) -> None:
        """Tell what is wrong with a line. Raises Gone after too many."""
        self._faults.spend(1, now_s)
        self.tell(refusal)
        if not self._faults.allows(now_s):
            self.tell(Fault(f"more than {FAULTS_BURST} wrong lines in a row: this connection ends here"))
            self.flush()
            raise Gone

    def subscribe(self, wanted: Subscribe, now_s: float) -> None:
        self.subscription = wanted if wanted.hz > 0.0 else None
        self.due_s = now_s if self.subscription else math.inf

    def schedule(self, now_s: float) -> None:
        """Set when the next snapshot is due: on a grid of all who have the same rate, so they share one."""
        assert self.subscription is not None
        hz = self.subscription.hz
        self.due_s = (math.floor(now_s * hz) + 1) / hz

    @property
    def deadline_s(self) -> float:
        """When the secret must have been said."""
        return math.inf if self._secret is None else self._admitted_by_s

    def _tell(self, lines: bytes) -> None:
        self._outgoing.put(lines)
        if self._outgoing.waiting > BATCH_BYTES:
            self.flush()
        if self._outgoing.waiting > REPLIES_UNTIL_BYTES:
            raise Gone

    def _admit(self, line: bytes | None) -> None:
        assert self._secret is not None
        if line is None or not hmac.compare_digest(line, self._secret.encode("ascii")):
            raise Gone
        self._secret = None
        self.welcome()


def turn_away(connection: socket.socket, reason: str) -> None:
    """Tell a client why it is not let in, if it takes that at once, and close."""
    with connection, contextlib.suppress(OSError):
        connection.setblocking(False)
        connection.send(MESSAGES.line(Fault(reason)))
