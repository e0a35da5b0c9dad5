"""The render thread's priority: real time, just below the audio callback, where the system allows it.

Beside the render thread. A real-time thread that runs away would take a processor from everybody, so it is
watched: after half a second without a rest the kernel sends a signal, and the thread becomes an ordinary one.
If even that does not get through, the kernel ends the program after `KILL_AFTER_US`.

The render thread waits for Python's lock, and whoever holds it may be waiting for a processor. So threads of
little work that take the lock often are lifted, too, to one level below.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any, Final

from .audio.priority import FIFO_PRIORITY, Priority, lift, lower_priority, raise_priority

RENDER_LEVEL: Final = FIFO_PRIORITY - 1  # the callback comes first; both stay below the audio server
LIFTED_LEVEL: Final = RENDER_LEVEL - 1
LIFTED: Final = frozenset(
    {"neume-control", "neume-midi-ports", "neume-midi-reader", "neume-played", "neume-recorder"}
)  # threads, by name
KILL_AFTER_US: Final = 5_000_000
LEAST_PROCESSORS: Final = 2  # on a lone one, nothing else would run while models are too slow
TO_ALLOW: Final = (
    'add the lines "@audio - rtprio 20" and "@audio - memlock unlimited" to '
    "/etc/security/limits.d/audio.conf, join the group audio (usermod -aG audio NAME), and log in again"
)


class RenderPriority:
    """What the render thread runs at, and the watch over it.

    Threads: the owner calls `watch` before the thread starts and `end` after it has ended, both on the main
    thread, or there is no real time; the render thread calls `take`; any thread reads the text.
    """

    def __init__(self, wanted: bool = True) -> None:
        self._refusal = None if wanted else "switched off"
        self._priority: Priority | None = None  # until the thread has started
        self._raised: list[int] = []  # threads, by native id
        self._runaway = False
        self._before: Any = None

    def watch(self) -> None:
        """Be there for the kernel's signal."""
        if self._refusal is None:
            self._refusal = _obstacle()
        if self._refusal is None:
            self._before = signal.signal(signal.SIGXCPU, self._demote)

    def take(self) -> None:
        """Raise the calling thread."""
        if self._refusal is not None:
            self._priority = Priority(False, 0)
            return
        self._priority = raise_priority(RENDER_LEVEL, kill_after_us=KILL_AFTER_US, inherited=False)
        if self._priority.realtime:
            self._raised.append(threading.get_native_id())

    def lift(self) -> None:
        """Lift the threads that take Python's lock often, if the render thread has been raised. The owner
        calls it now and then: some come later."""
        if self._priority is None or not self._priority.realtime or self._runaway:
            return
        for thread in threading.enumerate():
            number = thread.native_id
            if thread.name in LIFTED and number is not None and number not in self._raised:
                self._raised.append(number)
                lift(number, max(1, min(LIFTED_LEVEL, self._priority.level - 1)))
        if self._runaway:  # meanwhile
            self._lower()

    def end(self) -> None:
        """Give the signal back, and let the lifted threads go on as ordinary ones. Harmless if nothing was
        taken."""
        self._lower()
        if self._before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGXCPU, self._before)
            self._before = None

    def _demote(self, _number: int, _frame: FrameType | None) -> None:
        self._runaway = True
        self._lower()

    def _lower(self) -> None:
        for thread in self._raised:
            lower_priority(thread)

    def __str__(self) -> str:
        if self._priority is None:
            return "not running"
        if self._runaway:
            return "normal: it has run for half a second without a rest, or a lifted thread has"
        return told(self._priority, self._refusal)


def told(priority: Priority, refusal: str | None = None) -> str:
    """What a thread has got, and why not more, for people."""
    if priority.realtime:
        return f"real time, priority {priority.level}"
    what = f"nice {priority.level}" if priority.level else "normal"
    return f"{what}: {refusal or f'real time is not permitted; to allow it, {TO_ALLOW}'}"


def tried_priority() -> Priority:
    """What a render thread would get here, tried by a thread that ends at once."""
    got: list[Priority] = []
    tester = threading.Thread(
        target=lambda: got.append(raise_priority(RENDER_LEVEL, kill_after_us=KILL_AFTER_US, inherited=False))
    )
    tester.start()
    tester.join()
    return got[0]


def processors() -> int:
    """How many processors this program may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _obstacle() -> str | None:
    """Why there is no asking for real time here."""
    if not hasattr(os, "sched_setscheduler") or not hasattr(signal, "SIGXCPU"):
        return "this system gives a Python program no real-time priority"
    if processors() < LEAST_PROCESSORS:
        return "there is one processor only"
    if threading.current_thread() is not threading.main_thread():
        return "the engine was not started by the program's main thread, which alone can guard it"
    return None
