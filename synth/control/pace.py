"""How often something may happen: a steady rate and room for bursts ("virtual scheduling" of ITU-T I.371).

Beneath the server, which bounds by it what a flood of lines, faults or connections can cost the engine.
"""

from __future__ import annotations


class Pace:
    """Lets `burst` events happen at once, then `rate_hz` of them a second. Times are of a monotonic clock."""

    def __init__(self, rate_hz: float, burst: int) -> None:
        self._gap_s = 1.0 / rate_hz
        self._room_s = burst / rate_hz
        self._due_s = 0.0  # when all that has happened would be over at the steady rate

    def spend(self, events: int, now_s: float) -> None:
        """So many have happened, allowed or not."""
        self._due_s = max(self._due_s, now_s) + events * self._gap_s

    def ready_s(self) -> float:
        """From this time on the next one is allowed."""
        return self._due_s - self._room_s

    def allows(self, now_s: float) -> bool:
        return now_s > self.ready_s()
