"""When the next block is begun: by the device's clock, or by the ring's level where that is sooner.

Between ring, clock and render thread. The ring's level falls when the device calls back, and a callback that
comes late does not make the next one come later: a block that waited for it would have so much less time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .latency import Latency
from .outlet import Outlet
from .ring import Ring
from .sample_clock import SampleClock


class BlockStart:
    """Belongs to the render thread. Without a clock, or before it runs, only the ring's level counts."""

    def __init__(
        self,
        ring: Ring,
        outlet: Outlet,
        clock: SampleClock | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._ring, self._outlet, self._clock, self._now_ns = ring, outlet, clock, now_ns

    @property
    def ahead_samples(self) -> int:
        """How much is rendered beyond what the device has taken; negative while the ring is dry."""
        return self._ring.written - self._outlet.position

    def spare_samples(self, latency: Latency) -> int:
        """How long it is until the next block is begun, in samples; at most 0 if that is now.

        The clock may be at most one callback ahead of the device: one that hangs gets no more.
        """
        by_level = self.ahead_samples - latency.start_level_samples
        playing = None if self._clock is None else self._clock.frame_at(self._now_ns())
        if playing is None or by_level <= 0:
            return by_level
        block = latency.device_block_samples
        by_clock = self._ring.written - playing - latency.start_level_samples - block
        return min(by_level, max(by_clock, by_level - block))
