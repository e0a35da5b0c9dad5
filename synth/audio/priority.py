"""Real-time priority for the threads of the audio process, as far as the system allows."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Final

FIFO_PRIORITY: Final = 5  # jackd runs its own threads at 10, PipeWire at 88
NICE: Final = -11  # what desktops give their sound servers
CPU_LIMIT_US: Final = 500_000  # a real-time thread that never waits is ended before it freezes the machine


@dataclass(frozen=True, slots=True)
class Priority:
    """What a thread has got: a real-time level, or a niceness, of which 0 is a program like any other."""

    realtime: bool
    level: int

    def __str__(self) -> str:
        return (
            f"real-time {self.level}" if self.realtime else f"nice {self.level}" if self.level else "normal"
        )


def raise_priority() -> Priority:
    """Raise the calling thread, and those it starts from now on; one that is real-time stays as it is."""
    if hasattr(os, "sched_setscheduler"):
        if os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
            return Priority(True, os.sched_getparam(0).sched_priority)
        if _cpu_is_limited():
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
                return Priority(True, FIFO_PRIORITY)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
            return Priority(False, NICE)
    return Priority(False, 0)


def _cpu_is_limited() -> bool:
    """Whether the kernel will end a real-time thread that runs away."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_RTTIME, (CPU_LIMIT_US, CPU_LIMIT_US))
    except (ImportError, AttributeError, OSError, ValueError):
        return False
    return True
