"""A device for machines without one: takes blocks by the clock as a sound card does, and plays to nobody."""

from __future__ import annotations

import threading
import time
from typing import Final

import numpy as np

from .audio_device import Fill

STALL_S: Final = (
    0.5  # a machine that sleeps longer is not caught up with: a sound card would have stopped too
)


class PacedDevice:
    """Calls back from a thread of its own every `block_samples`, on a schedule that does not drift."""

    def __init__(self, rate_hz: int, block_samples: int) -> None:
        self.name = "paced clock"
        self.rate_hz = rate_hz
        self.block_samples = block_samples
        self.latency_samples = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, fill: Fill) -> None:
        self._thread = threading.Thread(target=self._run, args=(fill,), name="neume-paced", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Harmless if it was never started."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, fill: Fill) -> None:
        out = np.zeros((self.block_samples, 2), np.float32)
        period_s = self.block_samples / self.rate_hz
        due_s = time.monotonic()
        while not self._stopping.is_set():
            fill(out)
            due_s += period_s
            wait_s = due_s - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            elif wait_s < -STALL_S:
                due_s = time.monotonic()
