"""The voice of auditions: adds a clip to the rendered blocks, and fades it when it is ended or replaced.

On the render thread, between the chain and the ring. What is played is not turned down for it: where the two
together were too loud, the clip gives way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..limiter import CEILING

Float32 = NDArray[np.float32]
FADE_SAMPLES: Final = 1024  # 21 ms at 48 kHz
SLOWEST_RISE: Final = 0.1  # of the clip's gain, in a block
SILENT: Final = np.zeros((0, 2), np.float32)
_FALL: Final = np.linspace(1.0, 0.0, FADE_SAMPLES, dtype=np.float32)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """`audio`: `(samples, 2)`, finite, at the engine's rate. `begun` is set when its first block is made."""

    audio: Float32
    begun: threading.Event = field(default_factory=threading.Event)


NO_CLIP: Final = Clip(SILENT)


class AuditionVoice:
    """Plays one clip at a time.

    Threads: the render thread calls `mix`; any thread calls `play` and `end`, which hand over a reference.
    """

    def __init__(self, keep: Callable[[Float32, Float32, int], None]) -> None:
        """`keep` is told of each block that is not as it was rendered: as it was, as it is played, and its
        place in the ring."""
        self._keep = keep
        self._wanted = self._clip = NO_CLIP
        self._audio = SILENT  # what is left of the clip
        self._tail = SILENT  # what is left of the fades of earlier ones
        self._gain = 1.0

    def play(self, clip: Clip) -> None:
        """Let this clip be heard from the next block on, in place of another one."""
        self._wanted = clip

    def end(self) -> None:
        self._wanted = NO_CLIP

    def mix(self, block: Float32, place: int) -> Float32:
        """What is played of a rendered block, `(samples, 2)`, that goes to sample `place` of the ring."""
        wanted = self._wanted
        if wanted is not self._clip:
            self._replace(wanted)
        if not len(self._audio) and not len(self._tail):
            return block
        added = np.zeros_like(block)
        for piece in (self._audio[: len(block)], self._tail[: len(block)]):
            added[: len(piece)] += piece
        self._audio, self._tail = self._audio[len(block) :], self._tail[len(block) :]
        mixed = block + self._fitted(added, block)
        self._keep(block, mixed, place)
        return mixed

    def _replace(self, clip: Clip) -> None:
        ending = self._audio[:FADE_SAMPLES]
        if len(ending):
            tail = np.zeros((FADE_SAMPLES, 2), np.float32)
            tail[: len(self._tail)] = self._tail
            tail[: len(ending)] += ending * _FALL[: len(ending)]
            self._tail = tail
        if not len(self._tail):
            self._gain = 1.0
        self._clip, self._audio = clip, clip.audio
        clip.begun.set()

    def _fitted(self, added: Float32, block: Float32) -> Float32:
        """The clip's block with the gain that leaves the sum below the ceiling, gliding from the last one."""
        room = np.maximum(np.float32(CEILING) - np.abs(block), np.float32(0.0))
        peak = float(np.abs(added).max())
        fitting = min(1.0, float(room.min()) / peak) if peak > 0.0 else 1.0
        last, self._gain = self._gain, min(fitting, self._gain + SLOWEST_RISE)
        gains = np.linspace(last, self._gain, len(added), dtype=np.float32)[:, None]
        return np.asarray(np.clip(added * gains, -room, room), np.float32)
