"""The threads behind a recording: what they do is done in small turns, so that playing always comes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

Item = TypeVar("Item")
EVERY_S: Final = 0.2  # what a killed process loses at most
BREATH_ITEMS: Final = 64  # some 0.1 ms of Python
BREATH_S: Final = 0.00005


class Periodic:
    """Calls `step` every `EVERY_S` on a thread of its own, until `close`, which waits for the last call."""

    def __init__(self, step: Callable[[], None], name: str) -> None:
        self._step = step
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self._step()


def give_way(
    items: Iterable[Item], *, every: int = BREATH_ITEMS, breath_s: float = BREATH_S
) -> Iterator[Item]:
    """The items, with a breath now and then: a long loop in Python would keep the render thread waiting."""
    for number, item in enumerate(items, 1):
        yield item
        if number % every == 0:
            time.sleep(breath_s)
