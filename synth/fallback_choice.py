"""What may be heard instead of blocks that the models come too late for. Chosen on the command line."""

from __future__ import annotations

import enum


class Fallback(enum.Enum):
    SILENCE = "silence"  # fade out, and in again
    ADDITIVE = "additive"  # a plain additive voice plays on
