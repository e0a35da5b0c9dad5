"""Live MIDI input: open ports, stamp every message on arrival, keep it until the player asks.

First link of the chain for live playing; `midi_bytes` turns the messages into events. Speaks to python-rtmidi
itself, because mido's backend drops the arrival times.

Threads: `drain`, `poll` and `close` belong to one owner thread, which calls `drain` every block and `poll`
about once a second; any thread may call the rest. Which threads fill the ports' queues, `midi_port` says.
Held keys and activity are followed in `drain`, so no state but the queues is shared with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from .engine_snapshot import PortActivity
from .errors import DeviceError
from .midi_backend import CLIENT_NAME, MidiBackend, nothing_answers
from .midi_port import Message, MidiPort, PortReader
from .midi_words import message_words

ASK_ANYWAY_POLLS: Final = 10  # how often a backend is asked for where none seems to be
POLL_S: Final = 1.0  # how often the owner should call `poll`


class MidiInput:
    """All chosen MIDI input ports and a virtual one, as a single stream of stamped messages.

    `wanted`: parts of port names, upper or lower case; every port that contains one is opened, now or when it
    appears. Empty: all ports. Where the system has no MIDI, nothing is opened and `problem` says why. When a
    JACK server goes, its library goes on listing its ports: close this and make another; nothing here hangs.
    """

    def __init__(
        self,
        wanted: Sequence[str] = (),
        virtual: bool = True,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.problem: str | None = None
        self.available: tuple[str, ...] = ()  # names of all input ports of the system, at the last `poll`
        self.choose(wanted)
        self._clock_ns = clock_ns
        self._ports: dict[str, MidiPort] = {}
        self._gone: list[Message] = []  # releases for ports that have left
        self._virtual: MidiPort | None = None
        self._backend: MidiBackend | None = None
        self._reader: PortReader | None = None
        self._wants_virtual = virtual
        self._closed = self._doubted = False
        self._vain_polls = 0  # since something seemed to be there
        self.poll()

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of the ports that are open, the virtual one left out."""
        return tuple(self._ports)

    @property
    def activity(self) -> tuple[PortActivity, ...]:
        """What each open port has said, the virtual one last."""
        virtual = self._virtual
        ports = [*list(self._ports.items()), *([(CLIENT_NAME, virtual)] if virtual is not None else [])]
        return tuple(PortActivity(name, port.messages, message_words(port.last)) for name, port in ports)

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of the wanted names (in lower case) that no open port contains."""
        return tuple(name for name in self._wanted if not any(name in port.lower() for port in self.ports))

    def drain(self) -> list[Message]:
        """All that has arrived since the last call, by time of arrival; releases for lost ports are in it."""
        messages, self._gone = self._gone, []
        for port in self._open_ports():
            messages.extend(port.drain())
        messages.sort(key=lambda message: message[0])
        return messages

    def poll(self) -> None:
        """Look at the system's ports: release and forget those that are gone or not wanted any more, open
        those that are new."""
        if self._doubted and self._backend is not None and self._backend.is_server:
            self._end()
        self._doubted = False
        if self._backend is None and not self._closed and self._may_begin():
            self._begin()
        if self._backend is None:
            return
        present = self._backend.port_names()
        self.available = tuple(present)
        for name in [name for name in self._ports if name not in present or not self._is_wanted(name)]:
            self._let_go(self._ports.pop(name))
        for number, name in enumerate(present):
            if name not in self._ports and self._is_wanted(name):
                self._open(self._backend, name, number)

    def choose(self, wanted: Sequence[str]) -> None:
        """From the next `poll` on, have these ports open: parts of their names, none means all."""
        self._wanted = tuple(name.lower() for name in wanted)

    def close(self) -> None:
        """Close every port. What is held is released: one last `drain` returns it."""
        self._closed = True
        self._end()

    def doubt(self) -> None:
        """The audio server may have gone. Any thread. The next `poll` lets go of it and looks for another."""
        self._doubted = True

    def _may_begin(self) -> bool:
        """At the first poll, when something seems to be there, and every tenth time in any case."""
        self._vain_polls = self._vain_polls + 1 if nothing_answers() else 0
        return self._vain_polls == 0 or self._vain_polls % ASK_ANYWAY_POLLS == 1

    def _begin(self) -> None:
        try:
            self._backend = MidiBackend()
        except DeviceError as reason:
            self.problem = str(reason)
            return
        self.problem = None
        if self._wants_virtual:
            self._open_virtual(self._backend)
        if self._backend.is_server:
            self._reader = PortReader(self._open_ports)
            self._backend.make_spare()

    def _open_ports(self) -> list[MidiPort]:
        """The virtual one last. Any thread."""
        virtual = self._virtual
        return [*list(self._ports.values()), *([virtual] if virtual is not None else [])]

    def _end(self) -> None:
        """All clients go before one is made anew: JACK's library crashes where old and new servers meet."""
        if self._reader is not None:
            self._reader.end()
            self._reader = None
        for name in list(self._ports):
            self._let_go(self._ports.pop(name))
        if self._virtual is not None:
            self._let_go(self._virtual)
            self._virtual = None
        if self._backend is not None:
            self._backend.close()
            self._backend = None
        self.available = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_wanted(self, name: str) -> bool:
        return not self._wanted or any(wanted in name.lower() for wanted in self._wanted)

    def _open(self, backend: MidiBackend, name: str, number: int) -> None:
        """Unless it is gone again, or taken: the next poll retries."""
        port = self._opened(backend, lambda client: client.open_port(number, "input"))
        if port is not None:
            self._ports[name] = port

    def _open_virtual(self, backend: MidiBackend) -> None:
        """Windows has none."""
        self._virtual = self._opened(backend, lambda client: client.open_virtual_port(CLIENT_NAME))

    def _opened(self, backend: MidiBackend, open_port: Callable[[Any], object]) -> MidiPort | None:
        try:
            port = MidiPort(backend.client(), self._clock_ns, calls_back=not backend.is_server)
        except backend.failures:
            return None
        try:
            open_port(port.client)
        except backend.failures:
            self._let_go(port)
            return None
        return port

    def _let_go(self, port: MidiPort) -> None:
        self._gone += port.close()
        if self._backend is not None:
            self._backend.keep(port.client)
