"""The last minutes of audio on the disk: short FLAC files, and silences as mere numbers.

Behind the intake of `Retrospect`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ..audio_file import CHANNELS, PIECE_SAMPLES, AudioFile, AudioFormat
from ..errors import NeumeError, OutputError

Float32 = NDArray[np.float32]
FORM: Final = AudioFormat("FLAC", 24)
SEGMENT_S: Final = 60
SILENCE_S: Final = 1  # after so long of it, the file is closed
RETRY_S: Final = 30  # after a fault of the disk


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the stream. `path` None: it is silent, or was lost."""

    begin: int
    end: int
    path: Path | None


class Segments:
    """The last `keep_frames` of a stream, in segments one behind the other. Not thread-safe.

    `problem` is the first fault of the disk. What could not be written is silent, and `RETRY_S` later writing
    is tried again. While `pinned`, no file is deleted.
    """

    def __init__(self, folder: Path, rate_hz: int, keep_frames: int, begin: int) -> None:
        self.closed: list[Segment] = []
        self.end = begin  # position of the next frame
        self.pinned = False
        self.problem: NeumeError | None = None
        self._folder, self._rate_hz, self._keep_frames = folder, rate_hz, keep_frames
        self._file: AudioFile | None = None
        self._file_begin = begin
        self._silent_frames = 0  # up to the end
        self._resume = begin  # nothing is written before this position

    def add(self, piece: Float32) -> None:
        """Append frames, shape `(frames, 2)`."""
        sounding = piece.any(axis=1)
        self._silent_frames = 0 if sounding.any() else self._silent_frames + len(piece)
        if self._silent_frames > SILENCE_S * self._rate_hz:
            self.cut()
        if self._file is None:  # what begins with this piece begins with its first sound
            silent = int(sounding.argmax()) if sounding.any() and self.end >= self._resume else len(piece)
            self._skip(silent)
            piece = piece[silent:]
        if len(piece):
            self._guarded(lambda: self._write(piece))
        if self.end - self._file_begin >= SEGMENT_S * self._rate_hz:
            self.cut()
        self._trim()

    def cut(self) -> None:
        """Close the open file, so that everything is in `closed`."""
        if self._file is not None:
            self._guarded(self._publish)

    def discard(self) -> None:
        """Leave nothing of the open file."""
        if self._file is not None:
            self._file.discard()
            self._file = None

    def _write(self, piece: Float32) -> None:
        begin, self.end = self.end, self.end + len(piece)
        if self._file is None:
            self._file_begin = begin
            self._file = AudioFile(self._folder / f"{begin:015}.flac", FORM, self._rate_hz)
        self._file.write(piece)

    def _publish(self) -> None:
        assert self._file is not None
        self._file.finish()
        self._file.publish()
        self.closed.append(Segment(self._file_begin, self.end, self._file.target))
        self._file = None

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except NeumeError as problem:
            self.problem = self.problem or problem
            self.discard()
            lost, self.end = self.end - self._file_begin, self._file_begin
            self._skip(lost)
            self._resume = self.end + RETRY_S * self._rate_hz

    def _skip(self, frames: int) -> None:
        """Append silence."""
        begin, self.end = self.end, self.end + frames
        if self.closed and self.closed[-1].path is None:
            begin = self.closed.pop().begin
        if begin < self.end:
            self.closed.append(Segment(begin, self.end, None))

    def _trim(self) -> None:
        """Delete what is older than what is to be kept."""
        while not self.pinned and self.closed and self.end - self.closed[0].end >= self._keep_frames:
            path = self.closed.pop(0).path
            if path is not None:
                with contextlib.suppress(OSError):  # the folder may be gone already
                    path.unlink()


def audio_between(segments: Iterable[Segment], begin: int, end: int) -> Iterator[Float32]:
    """The frames from `begin` up to `end`, in pieces of shape `(frames, 2)`; exactly those that were added.

    Raises OutputError for a segment that cannot be read.
    """
    for segment in segments:
        first, last = max(begin, segment.begin), min(end, segment.end)
        if first < last:
            yield from _pieces(segment, first, last)


def _pieces(segment: Segment, first: int, last: int) -> Iterator[Float32]:
    sizes = [min(PIECE_SAMPLES, last - at) for at in range(first, last, PIECE_SAMPLES)]
    if segment.path is None:
        yield from (np.zeros((size, CHANNELS), np.float32) for size in sizes)
        return
    try:
        with soundfile.SoundFile(segment.path) as file:
            file.seek(first - segment.begin)
            for size in sizes:
                yield file.read(size, "float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise OutputError(f"{segment.path}: what was kept cannot be read any more: {error}") from None
