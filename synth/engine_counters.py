"""What has gone wrong while playing, counted since the start or the last reset, for snapshots.

Beside the engine. What counts (outlet, render thread, fallback) never goes back, since others compare with
it, and the outlet may count in another process; a reset moves the zero.
"""

from __future__ import annotations

from typing import NamedTuple

from .outlet import Outlet
from .render_thread import RenderThread


class Counts(NamedTuple):
    """As the fields of `EngineSnapshot`."""

    underruns: int = 0
    missing_frames: int = 0
    blocks_left_out: int = 0
    late_notes: int = 0
    fallback_blocks: int = 0


class EngineCounters:
    """Any thread may call anything."""

    def __init__(self, outlet: Outlet, render: RenderThread) -> None:
        self._outlet, self._render = outlet, render
        self._zero = Counts()

    def reset(self) -> None:
        """Count from zero, and forget the last underrun."""
        self._zero = self._all()
        self._render.underrun = None

    def now(self) -> Counts:
        return Counts(*(count - zero for count, zero in zip(self._all(), self._zero, strict=True)))

    def _all(self) -> Counts:
        outlet, render = self._outlet, self._render
        voice_blocks = 0 if render.fallback is None else render.fallback.blocks
        return Counts(
            outlet.underruns, outlet.missing_frames, render.blocks_left_out, render.late_notes, voice_blocks
        )
