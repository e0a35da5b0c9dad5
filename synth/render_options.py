"""What a user may ask of a rendering, checked across its fields once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from .errors import UsageError

RATES_HZ: Final = (8_000, 192_000)
GAINS_DB: Final = (-60.0, 60.0)
CEILINGS_DBTP: Final = (-40.0, 0.0)
TARGETS_LUFS: Final = (-70.0, 0.0)
MAX_TAIL_S: Final = 3600.0
MAX_SEED: Final = 2**64 - 1
Tail = float | Literal["auto", "exact"]


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How songs become audio files. Raises UsageError for values that are not allowed."""

    bits: int | None = None  # 16, 24, 32 for floating point; None: 24, or what the format has
    rate_hz: int | None = None  # None: the bundle's own
    stems: bool = False  # also write every stream on its own
    streams: int | None = None  # None: one for each channel that has notes
    from_s: float = 0.0
    to_s: float | None = None  # None: to the end
    tail: Tail = "auto"  # until silence, so many seconds, or none at all
    gain_db: float = 0.0  # before the limiter
    normalise: Literal["peak", "lufs"] | None = None  # in place of the limiter
    ceiling_dbtp: float = -1.0  # true peak of a normalised file
    target_lufs: float = -16.0
    seed: int = 0
    steps: int | None = None  # None: the bundle's default
    overwrite: bool = False

    def __post_init__(self) -> None:
        self._check("--bits", self.bits, (16, 32))
        self._check("--rate", self.rate_hz, RATES_HZ, "Hz")
        self._check("--streams", self.streams, (1, 16))
        self._check("--from", self.from_s, (0.0, math.inf), "seconds")
        self._check("--to", self.to_s, (0.0, math.inf), "seconds")
        self._check("--tail", self.tail, (0.0, MAX_TAIL_S), "seconds")
        self._check("--gain", self.gain_db, GAINS_DB, "dB")
        self._check("--ceiling", self.ceiling_dbtp, CEILINGS_DBTP, "dBTP")
        self._check("--lufs", self.target_lufs, TARGETS_LUFS, "LUFS")
        self._check("--seed", self.seed, (0, MAX_SEED))
        if self.to_s is not None and self.to_s <= self.from_s:
            raise UsageError(f"--to {self.to_s:g} is not after --from {self.from_s:g}")

    @staticmethod
    def _check(name: str, value: float | str | None, bounds: tuple[float, float], unit: str = "") -> None:
        low, high = bounds
        if not isinstance(value, str | None) and not (low <= value <= high and math.isfinite(value)):
            allowed = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and up"
            raise UsageError(f"{name} {value}: allowed are {' '.join((allowed, unit)).strip()}")


def parse_tail(text: str) -> Tail:
    """`auto`, `exact` or a number of seconds."""
    if text == "auto":
        return "auto"
    if text == "exact":
        return "exact"
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--tail {text}: allowed are auto, exact, or a number of seconds") from None
