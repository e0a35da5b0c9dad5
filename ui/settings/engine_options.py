"""Choices that an engine only takes when it starts: which they are, and which of them it has options for."""

from __future__ import annotations

import inspect
from typing import Final

from neume.synth import cli_engine

from ..choices import Choices

FIELDS: Final = ("streams", "low_latency", "margin_ms", "fallback", "mpe")


def known_fields() -> frozenset[str]:
    """Those that `neume engine` has an option for; its command line would refuse the others."""
    return frozenset(FIELDS) & frozenset(inspect.signature(cli_engine.engine).parameters)


def at_start(chosen: Choices) -> tuple[object, ...]:
    """What an engine that is started now would be given."""
    return tuple(getattr(chosen, field) for field in FIELDS)
