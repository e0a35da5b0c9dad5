"""The doctor's look at the machine itself: processors, their clock and load, priority, locked memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .findings import Finding, note, ok
from .render_priority import LEAST_PROCESSORS, TO_ALLOW, processors, told, tried_priority

GOVERNORS: Final = "/sys/devices/system/cpu"
SLOW_GOVERNORS: Final = ("powersave", "conservative")  # the clock is raised late, or never
ENOUGH_LOCKED_MB: Final = 64  # what a JACK client locks
BUSY_SHARE: Final = 0.7  # of the processors, by other programs


def load() -> Iterator[Finding]:
    count = processors()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    text = f"{count} for this program; {busy:.1f} were busy in the last minute"
    if count < LEAST_PROCESSORS:
        advice = "let Neume have two or more: with one, everything waits for everything"
        yield note("processors", text, advice)
    elif busy > BUSY_SHARE * count:
        yield note("processors", text, "close other programs before you play")
    else:
        yield ok("processors", text)


def power(root: Path = Path(GOVERNORS)) -> Iterator[Finding]:
    """What raises and lowers the processors' clock. `root` is where the kernel tells of it."""
    found = sorted({_text(path) for path in root.glob("cpu[0-9]*/cpufreq/scaling_governor")} - {""})
    driver = _text(root / "cpu0/cpufreq/scaling_driver")
    if not found:
        return  # a virtual machine, or no Linux
    text = f"{', '.join(found)} ({driver or 'driver unknown'})"
    slow = [governor for governor in found if governor in SLOW_GOVERNORS]
    if slow and not (driver == "intel_pstate" and slow == ["powersave"]):  # that one adapts by the load
        advice = "while you play: cpupower frequency-set -g performance, or the power profile 'performance'"
        yield note("governor", text, advice)
    else:
        yield ok("governor", text)


def realtime() -> Iterator[Finding]:
    got = tried_priority()
    count = processors()
    if not got.realtime:
        what = f"nice {got.level}" if got.level else "normal"
        yield note("real time", f"not permitted; the render thread runs at: {what}", TO_ALLOW)
    elif count < LEAST_PROCESSORS:
        yield ok("real time", "permitted, but not used with one processor")
    else:
        yield ok("real time", told(got))


def memory_lock() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft == resource.RLIM_INFINITY:
        yield ok("memory lock", "unlimited")
        return
    megabytes = soft / 2**20
    text = f"{megabytes:.0f} MB may be locked"
    if megabytes < ENOUGH_LOCKED_MB:
        yield note("memory lock", f"{text}: with JACK, memory may be swapped out while it plays", TO_ALLOW)
    else:
        yield ok("memory lock", text)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
