"""The system's MIDI behind python-rtmidi: which API answers, which input ports there are, clients for them.

Below `midi_in`. python-rtmidi's wheels hold ALSA and JACK on Linux; the first API that answers is used. At a
JACK server, making a client stops all of Python for 12 ms, longer than a block may be late: so spare ones are
made before anything plays, and one whose port is gone is kept for the next.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .errors import DeviceError
from .quiet import quiet_stderr

CLIENT_NAME: Final = "Neume"
QUEUE_MESSAGES: Final = 4096  # some seconds of the densest playing
SPARE_CLIENTS: Final = 3  # for keyboards that are plugged in while music plays
MOST_SPARE: Final = 8
ALSA_DEVICE: Final = "/dev/snd/seq"
SERVER_FILES: Final = Path("/dev/shm")  # where a JACK server has its sockets
SERVER_PREFIX: Final = "jack_"
LEFT_BEHIND: Final = "jack_db-"  # when the last server has ended
NO_LIBRARY: Final = "no MIDI input: python-rtmidi cannot be loaded ({}); pip install python-rtmidi brings it"
NO_SYSTEM: Final = (
    "no MIDI input: no MIDI system answers; on Linux that is ALSA (/dev/snd/seq, modprobe snd-seq) "
    "or a running JACK server"
)


class MidiBackend:
    """One API of python-rtmidi and a client of it that lists ports. DeviceError where none answers.

    `failures` are the exceptions that its clients raise for ports that are gone, taken or not supported.
    """

    def __init__(self) -> None:
        try:
            import rtmidi  # type: ignore[import-untyped]
        except (ImportError, OSError) as fault:
            raise DeviceError(NO_LIBRARY.format(fault)) from None
        self.failures: tuple[type[Exception], ...] = (rtmidi.RtMidiError, SystemError, NotImplementedError)
        self._rtmidi = rtmidi
        self._spare: list[Any] = []
        for self._api in rtmidi.get_compiled_api():
            if self._api == rtmidi.API_LINUX_ALSA and not os.path.exists(ALSA_DEVICE):
                continue
            with contextlib.suppress(*self.failures):
                self._lister = self._made_client()
                return
        raise DeviceError(NO_SYSTEM)

    def client(self) -> Any:
        """An `rtmidi.MidiIn` without a port, a spare one if there is one."""
        return self._spare.pop() if self._spare else self._made_client()

    def keep(self, client: Any) -> None:
        """Take back a client whose port is closed. With ALSA the port would stay in others' sight."""
        if self.is_server and len(self._spare) < MOST_SPARE:
            self._spare.append(client)
        else:
            client.delete()

    def make_spare(self) -> None:
        """Have `SPARE_CLIENTS` ready, or as many as can be made; before music plays."""
        with contextlib.suppress(*self.failures):
            while len(self._spare) < SPARE_CLIENTS:
                self._spare.append(self._made_client())

    def _made_client(self) -> Any:
        with quiet_stderr():
            return self._rtmidi.MidiIn(self._api, CLIENT_NAME, QUEUE_MESSAGES)

    def port_names(self) -> list[str]:
        """Names of the input ports, by rtmidi's port number; none once the system has gone."""
        try:
            return _unique(self._lister.get_ports())
        except self.failures:
            return []

    @property
    def is_server(self) -> bool:
        """Whether MIDI goes with the audio server. Its real-time thread must not wait for Python: the memory
        that it reads from is filled anew every period, so messages would be lost, or come twice."""
        return bool(self._api == self._rtmidi.API_UNIX_JACK)

    def close(self) -> None:
        """No client of it may have a port any more."""
        for client in (self._lister, *self._spare):
            client.delete()
        self._spare.clear()


def nothing_answers() -> bool:
    """Whether asking for a backend would be in vain, as far as can be told without asking: that takes some
    milliseconds, in which no other Python runs."""
    if sys.platform != "linux" or os.path.exists(ALSA_DEVICE):
        return False
    try:
        names = os.listdir(SERVER_FILES)
    except OSError:
        return False
    return not any(name.startswith(SERVER_PREFIX) and not name.startswith(LEFT_BEHIND) for name in names)


def list_ports() -> tuple[str, ...]:
    """Names of the system's MIDI input ports. DeviceError, with the reason, where there is no MIDI system."""
    backend = MidiBackend()
    names = tuple(backend.port_names())
    backend.close()
    return names


def _unique(names: Sequence[str]) -> list[str]:
    """The names in order, a repeated one followed by its count: two keyboards of one make are two ports."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return unique
