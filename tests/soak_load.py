"""What processes cost a machine during a soak: memory and processor time."""

from __future__ import annotations

import os
import time

import numpy as np
from control_rig import memory_kb

CPU_HZ = os.sysconf("SC_CLK_TCK")


class ProcessLoad:
    """Memory and processor time of processes, about once a second."""

    def __init__(self, **numbers):
        self._numbers = numbers
        self._memory_kb, self._cpu_s, self._at_s = [], [], []

    def sample(self):
        self._at_s.append(time.monotonic())
        self._memory_kb.append([memory_kb(number) for number in self._numbers.values()])
        self._cpu_s.append([_cpu_s(number) for number in self._numbers.values()])

    def growth_kb(self):
        """From the second quarter of the time to the last."""
        quarters = np.array_split(np.array(self._memory_kb), 4)
        growth = np.median(quarters[3], axis=0) - np.median(quarters[1], axis=0)
        return dict(zip(self._numbers, growth, strict=True))

    def cores(self):
        """How much of one processor each has used."""
        used = np.subtract(self._cpu_s[-1], self._cpu_s[0]) / (self._at_s[-1] - self._at_s[0])
        return dict(zip(self._numbers, used, strict=True))


def _cpu_s(number):
    with open(f"/proc/{number}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CPU_HZ
