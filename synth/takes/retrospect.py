"""Keep what was just played: the last half hour of audio and MIDI, ready to be saved after the fact."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from ..audio_file import CHANNELS
from ..errors import NeumeError, OutputError, UsageError
from ..events import MidiEvent
from .finished import check_target, save_take
from .history import History
from .intake import Intake
from .periodic import Periodic
from .private_folder import PrivateFolder
from .recipe import Recipe
from .segments import Segment, Segments, audio_between

Float32 = NDArray[np.float32]
KEEP_S: Final = 30 * 60


class Retrospect:
    """Remembers the last `keep_s` seconds of what is played, on the disk; silence takes no room.

    Threads: a real-time thread calls `put`; a thread of its own writes; one owner calls `close`; any other
    thread that may wait calls `keep`, while playing goes on. Nothing here disturbs playing: `problem` is the
    first fault of the disk, if there was one.
    """

    def __init__(self, history: History, root: Path | None = None, *, keep_s: int = KEEP_S) -> None:
        """`root`: where the private folder is made; without it, in the user's cache."""
        recipe = history.recipe
        self.problem: NeumeError | None = None
        self._history, self._rate_hz, self._lookahead = history, recipe.rate_hz, recipe.lookahead_samples
        self._keep_frames = keep_s * recipe.rate_hz
        self._lock = threading.Lock()  # held while segments are written; keeps `keep` and the writer apart
        self._keeping = threading.Lock()
        self._folder: PrivateFolder | None = None
        try:
            cache = root or platformdirs.user_cache_path("neume", appauthor=False) / "last-minutes"
            self._folder = PrivateFolder(cache)
        except OutputError as problem:
            self.problem = problem
            return
        self._intake = Intake(recipe.rate_hz, first=recipe.lookahead_samples)
        self._segments = Segments(self._folder.path, recipe.rate_hz, self._keep_frames, self._intake.position)
        self._piece = np.zeros((recipe.rate_hz, CHANNELS), np.float32)
        self._writer = Periodic(self._step, "neume-last-minutes")

    @property
    def lost_frames(self) -> int:
        """Frames that the disk was too slow for; they are silent."""
        return self._intake.lost_frames if self._folder else 0

    def put(self, played: Float32, position: int) -> None:
        """Take what is played, shape `(frames, 2)`, and where in the stream. Copies, and never waits."""
        if self._folder is not None:
            self._intake.put(played, position)

    def keep(self, target: Path) -> Recipe:
        """Save what sounded in the last half hour as a WAV or FLAC file, 24 bits, and as MIDI beside it.

        From the first sound, or from half an hour ago, to the last one. Raises UsageError for another suffix
        and if nothing sounded, OutputError for files that cannot be written; then neither is there.
        """
        check_target(target)
        with self._keeping:
            segments, end = self._pinned()
            try:
                recipe, events = self._recalled(segments, end)
                save_take(target, recipe, events, audio_between(segments, *recipe.audio_span))
            finally:
                self._segments.pinned = False
        return recipe

    def close(self) -> None:
        """Forget everything. Harmless if there is nothing."""
        if self._folder is not None:
            self._writer.close()
            with self._keeping:
                self._segments.discard()
                self._folder.close()
                self._folder = None

    def _step(self) -> None:
        with self._lock:
            self._write_waiting()

    def _write_waiting(self) -> None:
        while count := self._intake.read(self._piece):
            self._segments.add(self._piece[:count])
        self.problem = self.problem or self._segments.problem

    def _pinned(self) -> tuple[list[Segment], int]:
        """All segments up to now, which stay until they are not pinned any more, and where they end."""
        if self._folder is None:
            raise OutputError(f"nothing was remembered: {self.problem or 'it is over'}")
        with self._lock:
            self._write_waiting()
            self._segments.cut()
            self._segments.pinned = True
            return list(self._segments.closed), self._segments.end

    def _recalled(self, segments: list[Segment], end: int) -> tuple[Recipe, list[MidiEvent]]:
        """The recipe and the events of what is to be kept of a stream that ends at position `end`."""
        oldest = max(segments[0].begin, end - self._keep_frames) if segments else end
        sounding = [segment for segment in segments if segment.path is not None and segment.end > oldest]
        if not sounding:
            minutes = self._keep_frames / self._rate_hz / 60
            raise UsageError(f"nothing has sounded in the last {minutes:g} minutes: there is nothing to keep")
        begin, end = max(sounding[0].begin, oldest), sounding[-1].end
        opening = self._history.opening(begin - self._lookahead)
        began_in_silence = opening.recipe.start_frame + self._lookahead
        if began_in_silence >= oldest:
            begin = began_in_silence
        events, _ = self._history.since(opening.following, opening.recipe.block_end(end))
        recipe = self._history.closed(opening.recipe, begin - self._lookahead, end - begin)
        return recipe, [*opening.events, *events]
