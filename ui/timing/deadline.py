"""How long a block may take, and how bad it is that one has taken so long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from neume.synth.latency import Latency

TOP_SHARE: Final = 1.5  # of a block's length, at the upper edge of plots
CALM_SHARE, TIGHT_SHARE = 0.7, 1.0  # of the deadline


@dataclass(frozen=True, slots=True)
class Deadline:
    """`budget_ms` is what a block is meant to take; one that takes longer lives on the ring's reserve, and
    after `deadline_ms` the ring is dry, or blocks like it drain any ring (`synth/underrun.py`)."""

    block_ms: float
    budget_ms: float
    deadline_ms: float

    @classmethod
    def of(cls, latency: Latency) -> Deadline:
        block_ms = latency.milliseconds(latency.block_wait_samples)
        start_ms = latency.milliseconds(latency.start_level_samples)
        budget_ms = latency.milliseconds(latency.render_budget_samples)
        return cls(block_ms, min(budget_ms, block_ms), min(block_ms, start_ms))

    @property
    def top_ms(self) -> float:
        """The upper edge of a plot."""
        return TOP_SHARE * self.block_ms

    def look(self, took_ms: float) -> str:
        """The theme's colour for a time: ok, warning near the deadline, alarm beyond it."""
        share = took_ms / self.deadline_ms
        return "ok" if share <= CALM_SHARE else "warning" if share <= TIGHT_SHARE else "alarm"
