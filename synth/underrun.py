"""What an underrun tells the performer: which stage took too long, and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OTHER_PROGRAMS: Final = "other programs"  # the blocks were in time, but nobody let them be made in time

ADVICE: Final = {
    "prepare": "play fewer notes at once, or fewer parts",
    "spectrogram": "give fewer parts or streams, or hold fewer notes with the pedal",
    "denoiser": "give fewer steps (--steps)",
    "inverter": "give fewer parts or streams",
    "guests": "take the plug-in instrument out of the rack, or give it fewer notes",
    "mixer": "bypass inserts",
    OTHER_PROGRAMS: "close other programs, or add a margin (--margin-ms)",
}


@dataclass(frozen=True, slots=True)
class Underrun:
    """The last time that the ring ran dry: `stage` took most of a block that took `took_ms` of `block_ms`."""

    stage: str
    took_ms: float
    block_ms: float

    def __str__(self) -> str:
        what = f"a block of {self.block_ms:.1f} ms took {self.took_ms:.1f} ms, most of it {self.stage}"
        if self.stage == OTHER_PROGRAMS:
            what = f"a block was late, though it took only {self.took_ms:.1f} of {self.block_ms:.1f} ms"
        return f"{what}: {ADVICE[self.stage]}"


def explained(times_ms: Mapping[str, float], block_ms: float) -> Underrun:
    """The underrun after a block with these stage times, the sum under `block`."""
    took_ms = times_ms["block"]
    if took_ms <= block_ms:
        return Underrun(OTHER_PROGRAMS, took_ms, block_ms)
    stage = max((name for name in times_ms if name != "block"), key=lambda name: times_ms[name])
    return Underrun(stage, took_ms, block_ms)
