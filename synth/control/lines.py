"""Bytes to lines and lines to bytes, on non-blocking sockets and with bounded memory; used at both ends."""

from __future__ import annotations

import socket
from typing import Final

from .vocabulary import MAX_LINE_BYTES

CHUNK_BYTES: Final = 4096  # read at a time: no client keeps the others waiting longer than this takes


class Splitter:
    """Cuts what comes into lines. A line that is too long is dropped whole, with None in its place."""

    def __init__(self, longest: int = MAX_LINE_BYTES) -> None:
        self._longest = longest
        self._begun = bytearray()
        self._dropping = False

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """The lines that end in `chunk`, without their ends."""
        *ends, rest = chunk.split(b"\n")
        lines: list[bytes | None] = []
        for end in ends:
            self._grow(end)
            lines.append(None if self._dropping else bytes(self._begun))
            self._begun, self._dropping = bytearray(), False
        self._grow(rest)
        return lines

    def _grow(self, piece: bytes) -> None:
        if len(self._begun) + len(piece) >= self._longest:  # the line's end counts
            self._dropping = True
        if self._dropping:
            self._begun = bytearray()
        else:
            self._begun += piece


class Outgoing:
    """Lines that wait until a non-blocking socket takes them. For one thread at a time."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def waiting(self) -> int:
        """Bytes that the socket has not taken."""
        return len(self._bytes)

    def put(self, line: bytes) -> None:
        self._bytes += line

    def flush(self, connection: socket.socket) -> None:
        """Send what the socket takes now. Raises OSError if the other side has gone."""
        while self._bytes:
            try:
                sent = connection.send(self._bytes)
            except BlockingIOError:
                return
            del self._bytes[:sent]
