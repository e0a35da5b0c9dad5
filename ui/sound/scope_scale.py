"""How high the oscilloscope reaches: by factors of two, at once when it gets louder, late when softer."""

from __future__ import annotations

import math
from typing import Final

SMALLEST: Final = 2.0**-9  # -54 dB
WAITS_S: Final = 1.2
ROOM: Final = 1.04


class ScopeScale:
    """`limit` is the level at the upper edge, a power of two up to 1."""

    def __init__(self) -> None:
        self.limit = 1.0
        self._needed, self._softer_since_s = SMALLEST, 0.0

    def follow(self, peak: float, now_s: float) -> float:
        """The limit after a picture with this peak, linear; `now_s` of a clock that never goes back."""
        needed = min(1.0, max(SMALLEST, 2.0 ** math.ceil(math.log2(max(1e-9, peak * ROOM)))))
        if needed >= self.limit:
            self.limit, self._needed, self._softer_since_s = needed, SMALLEST, now_s
            return self.limit
        self._needed = max(self._needed, needed)
        if now_s - self._softer_since_s > WAITS_S:
            self.limit, self._needed, self._softer_since_s = self._needed, SMALLEST, now_s
        return self.limit
