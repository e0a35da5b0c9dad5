"""What `neume render --progress-json` says, read: progress, and lines for people. No widgets."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "neume: "


@dataclass(frozen=True, slots=True)
class RenderReport:
    """Song `song` of `songs` (from 1): `done_s` of `all_s` seconds; `left_s` None while nobody can say."""

    song: int
    songs: int
    name: str
    done_s: float
    all_s: float
    left_s: float | None

    @property
    def share(self) -> float:
        """Of the whole batch, 0 to 1; songs count alike, since the length of those to come is not known."""
        of_song = min(1.0, self.done_s / self.all_s) if self.all_s > 0.0 else 0.0
        return min(1.0, max(0.0, (self.song - 1 + of_song) / max(1, self.songs)))


def read_line(line: str) -> RenderReport | str:
    """A report, or a line for people without the program's name before it."""
    try:
        told = json.loads(line)
        left_s = told["left_s"]
        return RenderReport(
            int(told["song"]),
            int(told["songs"]),
            str(told["name"]),
            _seconds(told["done_s"]),
            _seconds(told["all_s"]),
            None if left_s is None else _seconds(left_s),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return line.strip().removeprefix(PREFIX)


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError(value)
    return seconds


def finished_files(text: str) -> list[Path]:
    """The audio files that are there in the end, from what `--json` prints."""
    try:
        results: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(results, list):
        return []
    return [
        Path(result["output"])
        for result in results
        if isinstance(result, dict) and "error" not in result and isinstance(result.get("output"), str)
    ]
