"""One MIDI input that is open: its messages, each with the time of its arrival, until the player asks.

Below `midi_in`, above python-rtmidi. Where MIDI has threads of its own, that of a port calls back for every
message. An audio server's real-time thread does not: it fills a queue of rtmidi's without a word of Python,
from which `PortReader` and `drain` fetch, and the times of arrival are worked out from those between.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from .midi_backend import QUEUE_MESSAGES
from .rack.standing import PEDALS

READ_S: Final = 0.004  # a port's first message is stamped as exactly as this, later ones better

Message: TypeAlias = tuple[int, bytes]  # arrival in time.monotonic_ns, raw bytes


class ArrivalTimes:
    """When messages arrived that are read a while later, from the times between them.

    The first one is stamped when it is read, the next ones as much later as rtmidi says, as long as that
    keeps each between the two readings that it came between. So an error is never more than the time
    between readings, and every message that comes close to one makes it smaller. Stamps never go back.
    """

    def __init__(self, now_ns: int) -> None:
        self._read_ns = now_ns
        self._last_ns: int | None = None

    def of(self, delta_s: float, now_ns: int) -> int:
        """Of the next message, read at `now_ns`, which came `delta_s` after the one before."""
        told_ns = now_ns if self._last_ns is None else self._last_ns + round(delta_s * 1e9)
        self._last_ns = min(max(told_ns, self._read_ns), now_ns)
        return self._last_ns

    def read(self, begin_ns: int) -> None:
        """All that had come at `begin_ns` has been read."""
        self._read_ns = begin_ns


class MidiPort:
    """An open port: its queue, its held keys, number of messages and last message.

    Threads: the backend's calls `receive`, if it calls back; any thread may `fetch`; the rest is the owner's.
    """

    def __init__(self, client: Any, clock_ns: Callable[[], int], *, calls_back: bool) -> None:
        """`clock_ns` tells time.monotonic_ns; it is asked once for each message."""
        self.client = client
        self.messages = 0
        self.last = b""
        self._clock_ns = clock_ns
        self._queue: deque[Message] = deque()
        self._overflowed = False
        self._held: dict[tuple[int, int], bytes] = {}  # (status, number): the message that lets it go
        self._calls_back, self._closed = calls_back, False
        self._fetching = threading.Lock()
        self._arrivals = ArrivalTimes(time.monotonic_ns())
        client.ignore_types(sysex=False, timing=True, active_sense=True)
        if calls_back:
            client.set_callback(self.receive)
        else:
            while client.get_message() is not None:  # of a port that the client had before
                pass

    def receive(self, event: tuple[Sequence[int], float], _: object = None) -> None:
        """A message that arrives now. A full queue loses it; `drain` then lets go of everything held."""
        self._keep(self._clock_ns(), event[0])

    def fetch(self) -> None:
        """Take over what waits in the client. Harmless while another thread does."""
        if self._calls_back or not self._fetching.acquire(blocking=False):
            return
        try:
            self._fetch()
        finally:
            self._fetching.release()

    def drain(self) -> list[Message]:
        """All that has arrived since the last call."""
        self.fetch()
        messages = [self._queue.popleft() for _ in range(len(self._queue))]
        for _, message in messages:
            self._follow(message)
        if messages:
            self.messages += len(messages)
            self.last = messages[-1][1]
        if self._overflowed:
            self._overflowed = False
            messages += self._let_go()
        return messages

    def close(self) -> list[Message]:
        """Close the port, not its client; returns what was still queued and the release of all held."""
        if self._calls_back:
            self.client.cancel_callback()
        with self._fetching:
            self._fetch()
            self._closed = True
        self.client.close_port()
        return self.drain() + self._let_go()

    def _fetch(self) -> None:
        if self._calls_back or self._closed:
            return
        begin_ns, count = time.monotonic_ns(), 0
        while (event := self.client.get_message()) is not None:
            message, delta_s = event
            self._keep(self._arrivals.of(delta_s, self._clock_ns()), message)
            count += 1
        self._arrivals.read(begin_ns)
        if count >= QUEUE_MESSAGES - 1:  # the client's queue was full, and may have lost some
            self._overflowed = True

    def _keep(self, stamp_ns: int, message: Sequence[int]) -> None:
        if len(self._queue) < QUEUE_MESSAGES:
            self._queue.append((stamp_ns, bytes(message)))
        else:
            self._overflowed = True

    def _follow(self, message: bytes) -> None:
        if len(message) != 3:
            return
        status, number, value = message
        kind, channel = status & 0xF0, status & 0x0F
        if kind == 0x90 and value:
            self._held[status, number] = bytes((0x80 | channel, number, 64))
        elif kind in (0x80, 0x90):
            self._held.pop((0x90 | channel, number), None)
        elif kind == 0xB0 and number in PEDALS:
            if value:
                self._held[status, number] = bytes((status, number, 0))
            else:
                self._held.pop((status, number), None)

    def _let_go(self) -> list[Message]:
        now_ns = self._clock_ns()
        releases = [(now_ns, release) for release in self._held.values()]
        self._held.clear()
        return releases


class PortReader:
    """Fetches from ports that do not call back, in a thread of its own, from now until `end`."""

    def __init__(self, ports: Callable[[], Sequence[MidiPort]]) -> None:
        self._ports = ports
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-midi-reader", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(READ_S):
            for port in self._ports():
                port.fetch()
