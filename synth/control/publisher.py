"""What subscribers are told at their own rates: the engine's snapshots, the newest mel frames and samples.

Part of the server's thread. A line is made once for all who are due in the same turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from ..engine_snapshot import EngineSnapshot
from .commands import Subscribe
from .messages import MESSAGES, Fault
from .snapshots import MelChunk, WaveChunk
from .visitor import Visitor

FAULT_EVERY_S: Final = 1.0

Stretch: TypeAlias = MelChunk | WaveChunk


class Feed(Protocol):
    """The engine as subscribers see it. Called in the server's thread, many times a second: must not wait."""

    def snapshot(self, meters: bool) -> EngineSnapshot:
        """The engine now; without `meters` they may be left empty."""
        ...

    def mels(self, first_frame: int) -> MelChunk | None:
        """Frames from `first_frame` on, or from the oldest that is kept; None if there are none yet."""
        ...

    def waves(self, first_frame: int) -> WaveChunk | None:
        """Samples from `first_frame` on, or as many of the last as are told; None if there are none yet."""
        ...


class Publisher:
    """Tells one visitor after the other. The server's thread owns it."""

    def __init__(self, feed: Feed) -> None:
        self.failure: Exception | None = None  # the last that the feed raised: a fault of the engine's
        self._feed = feed
        self._quiet_until_s = 0.0
        self._snapshots: dict[bool, bytes] = {}
        self._stretches: dict[tuple[str, int], tuple[bytes, int]] = {}

    def begin_turn(self) -> None:
        """Lines made before are old."""
        self._snapshots.clear()
        self._stretches.clear()

    def publish(self, visitor: Visitor, now_s: float) -> None:
        """Tell a subscriber what is due now. Raises Gone if it has left."""
        assert visitor.subscription is not None
        visitor.schedule(now_s)
        try:
            lines, following = self._lines(visitor.subscription, visitor.next_frames)
        except Exception as failure:
            self.failure = failure
            lines, following = self._told(failure, now_s), {}
        if visitor.offer(lines):
            visitor.next_frames |= following
            visitor.deaf_since_s = math.inf
        else:
            visitor.deaf_since_s = min(now_s, visitor.deaf_since_s)

    def _lines(self, wanted: Subscribe, frames: Mapping[str, int]) -> tuple[bytes, dict[str, int]]:
        """The lines for a subscriber, and from which frames on the next ones of each kind are."""
        if wanted.meters not in self._snapshots:
            self._snapshots[wanted.meters] = MESSAGES.line(self._feed.snapshot(wanted.meters))
        lines, following = self._snapshots[wanted.meters], {}
        kinds: tuple[tuple[str, bool, Callable[[int], Stretch | None]], ...] = (
            ("mels", wanted.mel, self._feed.mels),
            ("waves", wanted.wave, self._feed.waves),
        )
        for kind, is_wanted, since in kinds:
            if is_wanted:
                stretch, following[kind] = self._stretch(kind, since, frames.get(kind, 0))
                lines += stretch
        return lines, following

    def _stretch(
        self, kind: str, since: Callable[[int], Stretch | None], first_frame: int
    ) -> tuple[bytes, int]:
        """The line with what there is from a frame on, and the next frame after that."""
        if (kind, first_frame) not in self._stretches:
            chunk = since(first_frame)
            told = (b"", first_frame) if chunk is None else (MESSAGES.line(chunk), chunk.next_frame)
            self._stretches[kind, first_frame] = told
        return self._stretches[kind, first_frame]

    def _told(self, failure: Exception, now_s: float) -> bytes:
        if now_s < self._quiet_until_s:
            return b""
        self._quiet_until_s = now_s + FAULT_EVERY_S
        return MESSAGES.line(Fault(f"the engine cannot tell its state: {failure}"))
