"""Names for gestures: all that belongs to one is undone as one step."""

from __future__ import annotations

import time
from itertools import count
from typing import Final

PAUSE_S: Final = 0.8  # turns of a wheel or presses of a key that are nearer to each other are one gesture

_numbers = count(1)


def new_gesture() -> str:
    """A name that no other gesture of this process has."""
    return f"gesture {next(_numbers)}"


class Series:
    """Gestures without a beginning and an end, such as the turns of a wheel: a pause parts them."""

    def __init__(self) -> None:
        self._name, self._latest_s = "", 0.0

    def name(self, now_s: float | None = None) -> str:
        """The gesture that something of this moment belongs to."""
        at_s = time.monotonic() if now_s is None else now_s
        if not self._name or at_s - self._latest_s > PAUSE_S:
            self._name = new_gesture()
        self._latest_s = at_s
        return self._name

    def end(self) -> None:
        """The next one is another gesture."""
        self._name = ""
