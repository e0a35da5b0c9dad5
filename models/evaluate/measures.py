"""What `neume eval` can measure: the choices of its option, in a module that costs nothing to import."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """All but the figures, which are many, is one key of the report."""

    FIGURES = "figures"
    STEPS = "steps"
    COST = "cost"
    MIXTURES = "mixtures"
    PICTURES = "pictures"
