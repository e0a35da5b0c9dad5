"""Times as the transport's texts tell them. No widgets."""

from __future__ import annotations

from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 3600


def clock_text(seconds: float) -> str:
    """`3:07`, `1:02:07`; parts of a second left out."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // HOUR_S, whole % HOUR_S // MINUTE_S, whole % MINUTE_S
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rough_text(seconds: float) -> str:
    """`50 s`, `12 min`: as much as one wants to know of something long."""
    return f"{int(seconds)} s" if seconds < MINUTE_S else f"{int(seconds / MINUTE_S)} min"
