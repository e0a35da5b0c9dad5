"""The sample clock: which sample the device plays at which time, from the moments at which it asks for more.

Callbacks come late by the mood of the system, samples do not: a delay-locked loop smooths the moments
(F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

BANDWIDTH_HZ: Final = 1.0
LOST_S: Final = 0.1  # a callback this far from its expected time starts the loop anew
DRIFT: Final = 0.05  # no device's rate is that far off: what looks so is one that has hung and catches up
NS: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Reading:
    """Sample `frame` is handed to the device at `time_ns`; samples then last `sample_s` each."""

    time_ns: float
    frame: int
    sample_s: float


class SampleClock:
    """Follows a device's callbacks.

    The device's thread calls `update`; any thread may call `frame_at`. The reading is replaced as a whole.
    """

    def __init__(self, rate_hz: int) -> None:
        self._nominal_s = 1.0 / rate_hz
        self._reading: Reading | None = None
        self._next_ns = 0.0  # when the next callback is expected
        self._next_frame = 0
        self._sample_s = self._nominal_s

    @property
    def running(self) -> bool:
        """Whether the device has asked for samples yet."""
        return self._reading is not None

    def update(self, now_ns: int, frame: int, frames: int) -> None:
        """The device asks at `now_ns` for `frames` samples, beginning with sample `frame` of the stream."""
        error_s = (now_ns - self._next_ns) * NS
        if self._reading is None or frame != self._next_frame or abs(error_s) > LOST_S:
            time_ns, self._sample_s = float(now_ns), self._nominal_s
        else:
            omega = 2.0 * math.pi * BANDWIDTH_HZ * frames * self._nominal_s
            time_ns = self._next_ns + math.sqrt(2.0) * omega * error_s / NS
            drifted_s = self._sample_s + omega * omega * error_s / frames
            shortest_s, longest_s = self._nominal_s * (1.0 - DRIFT), self._nominal_s * (1.0 + DRIFT)
            self._sample_s = min(max(drifted_s, shortest_s), longest_s)
        self._next_ns = time_ns + frames * self._sample_s / NS
        self._next_frame = frame + frames
        self._reading = Reading(time_ns, frame, self._sample_s)

    def frame_at(self, time_ns: int) -> int | None:
        """The sample handed over at `time_ns`, between and beyond callbacks too; None before the first."""
        reading = self._reading
        if reading is None:
            return None
        return reading.frame + round((time_ns - reading.time_ns) * NS / reading.sample_s)
