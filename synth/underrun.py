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
    """The last time that the ring ran dry: `stage` took most of a block that had `allowed_ms`."""

    stage: str
    took_ms: float
    allowed_ms: float

    def __str__(self) -> str:
        what = (
            f"a block that had {self.allowed_ms:.1f} ms took {self.took_ms:.1f} ms, most of it {self.stage}"
        )
        if self.stage == OTHER_PROGRAMS:
            what = f"a block was late, though it took only {self.took_ms:.1f} of {self.allowed_ms:.1f} ms"
        return f"{what}: {ADVICE[self.stage]}"


def explained(times_ms: Mapping[str, float], block_ms: float, start_level_ms: float) -> Underrun:
    """The underrun after a block with these stage times, the sum under `block`.

    `start_level_ms`: what is left to play when a block is begun in undisturbed playing. A block has no longer
    than that, or the ring is dry before it is done; and no longer than a block lasts, or blocks like it drain
    any ring. One that kept to both was begun too late.
    """
    took_ms, allowed_ms = times_ms["block"], min(block_ms, start_level_ms)
    if took_ms <= allowed_ms:
        return Underrun(OTHER_PROGRAMS, took_ms, allowed_ms)
    stage = max((name for name in times_ms if name != "block"), key=lambda name: times_ms[name])
    return Underrun(stage, took_ms, allowed_ms)
