"""Real-time priority for a thread, as far as the system allows: the audio process's, the render thread's."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Final

FIFO_PRIORITY: Final = 5  # jackd runs its own threads at 10, PipeWire at 88
NICE: Final = -11  # what desktops give their sound servers
RESET_ON_FORK: Final = getattr(os, "SCHED_RESET_ON_FORK", 0)
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


def raise_priority(
    level: int = FIFO_PRIORITY, *, kill_after_us: int = CPU_LIMIT_US, inherited: bool = True
) -> Priority:
    """Raise the calling thread to a real-time `level`, a lower one where no more is allowed, or at least make
    it nicer to itself. One that is real-time stays as it is.

    `inherited`: threads that it starts from now on get the same. From now on a real-time thread of this
    process that has run for `CPU_LIMIT_US` without waiting brings it a SIGXCPU, and its end (SIGKILL) after
    `kill_after_us`.
    """
    if hasattr(os, "sched_setscheduler"):
        if _policy() in (os.SCHED_FIFO, os.SCHED_RR):
            return Priority(True, os.sched_getparam(0).sched_priority)
        if _cpu_is_limited(kill_after_us):
            policy = os.SCHED_FIFO if inherited else os.SCHED_FIFO | RESET_ON_FORK
            for allowed in dict.fromkeys((level, min(level, _allowed_level()))):
                with contextlib.suppress(OSError):
                    os.sched_setscheduler(0, policy, os.sched_param(allowed))
                    return Priority(True, allowed)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
            return Priority(False, NICE)
    return Priority(False, 0)


def lift(thread: int, level: int) -> None:
    """Make another thread of this process, by its native id, real-time at `level`, but not those that it
    starts; one that is real-time stays as it is. Harmless if it has ended or that is forbidden.

    For threads that wait after every bit of work: they fall under the limit that `raise_priority` has set.
    """
    with contextlib.suppress(OSError):
        if os.sched_getscheduler(thread) & ~RESET_ON_FORK == os.SCHED_OTHER:
            os.sched_setscheduler(thread, os.SCHED_FIFO | RESET_ON_FORK, os.sched_param(level))


def lower_priority(thread: int) -> None:
    """Take real-time priority from a thread of this process, by its native id. Harmless if it has ended."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(thread, os.SCHED_OTHER | RESET_ON_FORK, os.sched_param(0))


def _policy() -> int:
    return os.sched_getscheduler(0) & ~RESET_ON_FORK


def _allowed_level() -> int:
    """The highest level that the system grants an ordinary user's program; 0 for none."""
    import resource

    return resource.getrlimit(resource.RLIMIT_RTPRIO)[0] if hasattr(resource, "RLIMIT_RTPRIO") else 0


def _cpu_is_limited(kill_after_us: int) -> bool:
    """Whether the kernel will end a real-time thread that runs away."""
    try:
        import resource

        _, hardest = resource.getrlimit(resource.RLIMIT_RTTIME)
        hard = kill_after_us if hardest == resource.RLIM_INFINITY else min(kill_after_us, hardest)
        resource.setrlimit(resource.RLIMIT_RTTIME, (min(CPU_LIMIT_US, hard), hard))
    except (ImportError, AttributeError, OSError, ValueError):
        return False
    return True
