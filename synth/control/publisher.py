"""What subscribers are told at their own rates: the engine's snapshots and the newest mel frames.

Part of the server's thread. A line is made once for all who are due in the same turn.
"""

from __future__ import annotations

from typing import Final, Protocol

from ..engine_snapshot import EngineSnapshot
from .commands import Subscribe
from .messages import MESSAGES, Fault
from .snapshots import MelChunk
from .visitor import Visitor

FAULT_EVERY_S: Final = 1.0


class Feed(Protocol):
    """The engine as subscribers see it. Called in the server's thread, many times a second: must not wait."""

    def snapshot(self, meters: bool) -> EngineSnapshot:
        """The engine now; without `meters` they may be left empty."""
        ...

    def mels(self, first_frame: int) -> MelChunk | None:
        """Frames from `first_frame` on, or from the oldest that is kept; None if there are none yet."""
        ...


class Publisher:
    """Tells one visitor after the other. The server's thread owns it."""

    def __init__(self, feed: Feed) -> None:
        self.failure: Exception | None = None  # the last that the feed raised: a fault of the engine's
        self._feed = feed
        self._quiet_until_s = 0.0
        self._snapshots: dict[bool, bytes] = {}
        self._mels: dict[int, tuple[bytes, int]] = {}

    def begin_turn(self) -> None:
        """Lines made before are old."""
        self._snapshots.clear()
        self._mels.clear()

    def publish(self, visitor: Visitor, now_s: float) -> None:
        """Tell a subscriber what is due now. Raises Gone if it has left."""
        assert visitor.subscription is not None
        visitor.schedule(now_s)
        try:
            lines, next_mel_frame = self._lines(visitor.subscription, visitor.next_mel_frame)
        except Exception as failure:
            self.failure = failure
            lines, next_mel_frame = self._told(failure, now_s), visitor.next_mel_frame
        if visitor.offer(lines):
            visitor.next_mel_frame = next_mel_frame

    def _lines(self, wanted: Subscribe, mel_frame: int) -> tuple[bytes, int]:
        """The lines for a subscriber, and the frame from which its next mel frames are."""
        if wanted.meters not in self._snapshots:
            self._snapshots[wanted.meters] = MESSAGES.line(self._feed.snapshot(wanted.meters))
        snapshot = self._snapshots[wanted.meters]
        if not wanted.mel:
            return snapshot, mel_frame
        if mel_frame not in self._mels:
            chunk = self._feed.mels(mel_frame)
            told = (b"", mel_frame) if chunk is None else (MESSAGES.line(chunk), chunk.next_frame)
            self._mels[mel_frame] = told
        mels, next_mel_frame = self._mels[mel_frame]
        return snapshot + mels, next_mel_frame

    def _told(self, failure: Exception, now_s: float) -> bytes:
        if now_s < self._quiet_until_s:
            return b""
        self._quiet_until_s = now_s + FAULT_EVERY_S
        return MESSAGES.line(Fault(f"the engine cannot tell its state: {failure}"))
