"""What the audio process has played, brought back to the engine: for a recorder and other listeners."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from ..outlet import Tap
from .line import AudioLine

BRING_EVERY_S: Final = 0.02
PIECE_FRAMES: Final = 4096


class PlayedReader:
    """Gives `tap` all that is played from now on, in order.

    Threads: `tap.put` is called on a thread of this object; one owner closes it, after the playing has ended.
    """

    def __init__(self, line: AudioLine, tap: Tap) -> None:
        self._ring = line.played
        self._put = tap.put
        self._piece = np.zeros((PIECE_FRAMES, line.played.channels), np.float32)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-played", daemon=True)
        line.tap.wanted = True
        self._thread.start()

    def close(self) -> None:
        """Hand over the rest."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(BRING_EVERY_S):
            self._bring()
        self._bring()

    def _bring(self) -> None:
        while count := self._ring.read(self._piece):
            self._put(self._piece[:count])
