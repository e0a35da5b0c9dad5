"""How near a program comes to what it learned from, in five calm steps."""

from __future__ import annotations

from typing import Final

STEPS: Final = 5
# Mean log-mel distance from the reference, in dB, up to which a step is reached, the best first. Two good
# SoundFonts that play the same solo parts lie 3.2 dB apart (card of neume-gm).
LIMITS_DB: Final = (2.5, 3.5, 5.0, 7.0)


def quality_step(quality_db: float | None) -> int:
    """5 (nearest) to 1; 0 if nobody has measured it."""
    if quality_db is None:
        return 0
    return STEPS - sum(quality_db > limit_db for limit_db in LIMITS_DB)
