"""Who takes from the ring: an audio process, or a paced clock that stands in while there is none.

Below `remote_device`. One takes at a time, and each goes on where the one before has left off.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Final

from ..audio_device import Fill
from ..errors import NeumeError
from ..paced_device import PacedDevice
from .launch import AudioProcess

STALE_S: Final = 0.4  # a device without a callback for so long is dead; the longest block is 0.09 s


class Taker:
    """Nobody until `start`. One caller at a time; any thread may read `process` and ask for `alive`."""

    def __init__(self, new_clock: Callable[[], PacedDevice]) -> None:
        """`new_clock` makes a clock of the device's block, not started."""
        self.process: AudioProcess | None = None
        self._new_clock = new_clock
        self._clock: PacedDevice | None = None
        self._fill: Fill | None = None
        self._started_ns = 0
        self._ended = False

    @property
    def started(self) -> bool:
        return self._fill is not None

    def alive(self, beat_ns: int) -> bool:
        """Whether the process takes; `beat_ns` is when the device called back last."""
        process, started_ns = self.process, self._started_ns
        if process is None or not started_ns or process.ended:
            return False
        return time.monotonic_ns() - max(beat_ns, started_ns) < STALE_S * 1e9

    def start(self, fill: Fill) -> None:
        """Let the process take, or the clock, which takes with `fill`. Raises DeviceError for a process that
        does not start."""
        self._fill = fill
        if self.process is None:
            self.let_the_clock_play()
        else:
            self._begin(self.process)

    def hand_over(self, process: AudioProcess) -> None:
        """Let a process that has opened its device take from now on.

        Raises DeviceError for one that does not start; then what has played before plays on.
        """
        before = self.process
        try:
            if self.started:
                if before is not None:
                    before.rest()
                self._end_clock()
                self._begin(process)
        except NeumeError:
            process.kill()
            self._resume(before)
            raise
        self.process = process
        if before is not None:
            before.stop()

    def rest(self) -> None:
        """End the process in order; the clock takes over."""
        if self.process is not None:
            self.process.rest()
            self.process.stop()
        self.let_the_clock_play()

    def let_the_clock_play(self) -> None:
        """Kill what is left of the process; the clock takes over. Harmless if it has."""
        self._end_process()
        if self._clock is None and self._fill is not None and not self._ended:
            self._clock = self._new_clock()
            self._clock.start(self._fill)

    def end(self) -> None:
        """Nobody takes any more."""
        self._ended = True
        self._end_process()
        self._end_clock()

    def _begin(self, process: AudioProcess) -> None:
        process.start()
        self._started_ns = time.monotonic_ns()

    def _resume(self, process: AudioProcess | None) -> None:
        """Let one that rests play again, or the clock."""
        if process is not None:
            with contextlib.suppress(NeumeError):
                self._begin(process)
                return
        self.let_the_clock_play()

    def _end_process(self) -> None:
        process, self.process = self.process, None
        self._started_ns = 0
        if process is not None:
            process.kill()

    def _end_clock(self) -> None:
        clock, self._clock = self._clock, None
        if clock is not None:
            clock.stop()
