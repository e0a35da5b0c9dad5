"""Recording what is played: the audio callback hands it over, a thread of its own writes it to a file."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .audio_file import AudioFile, audio_format
from .errors import NeumeError
from .ring import Ring

Float32 = NDArray[np.float32]
BUFFER_S: Final = 10  # a disk may stall that long
WRITE_EVERY_S: Final = 0.1


class Recorder:
    """A stereo file that grows while it is played, and gets its name when it is closed.

    Threads: the device's thread calls `put`; the writer's thread is its own; one owner calls `close`. If the
    file cannot be written, `problem` says why and the playing goes on.
    """

    def __init__(self, target: Path, rate_hz: int, leave_out_frames: int = 0) -> None:
        """Leaves out the first frames: with the look-ahead left out, a file's first tick is sample 0.

        Raises UsageError for an unknown suffix, OutputError for a file that cannot be written.
        """
        self.problem: NeumeError | None = None
        self.lost_frames = 0  # the disk was too slow for them
        self._file = AudioFile(target, audio_format(target), rate_hz)
        self._rate_hz = rate_hz
        self._leave_out = leave_out_frames
        self._ring = Ring(BUFFER_S * rate_hz)
        self._piece = np.zeros((rate_hz, self._ring.channels), np.float32)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-recorder", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Length of what is in the file."""
        return self._file.samples / self._rate_hz

    def put(self, played: Float32) -> None:
        """Take frames, shape `(frames, 2)`. Never waits: what does not fit is counted and lost."""
        if self._leave_out:
            skipped = min(self._leave_out, len(played))
            self._leave_out -= skipped
            played = played[skipped:]
        self.lost_frames += len(played) - self._ring.write(played)

    def close(self) -> None:
        """Write the rest and give the file its name; leave nothing of one that is empty or has a problem."""
        self._closing.set()
        self._thread.join()
        try:
            if self.problem is None:
                self._write_waiting()
                self._file.finish()
                if self._file.samples:
                    self._file.publish()
        except NeumeError as problem:
            self.problem = problem
        finally:
            self._file.discard()

    def _run(self) -> None:
        try:
            while not self._closing.wait(WRITE_EVERY_S):
                self._write_waiting()
        except NeumeError as problem:
            self.problem = problem

    def _write_waiting(self) -> None:
        while count := self._ring.read(self._piece):
            self._file.write(self._piece[:count])
