"""The transport as its owner sees it: load a MIDI file, play, pause, stop, seek, loop, and where it is.

Commands go to the source, which the render thread owns, and are carried out before its next block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ..engine_snapshot import TransportState
from ..errors import MidiFileError, UsageError
from .following import Following, chased
from .reading import SongReader
from .song import Song
from .source import Mark, SongSource, Wish

Action: TypeAlias = Literal["play", "pause", "stop"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    path: Path
    song: Song


class Transport:
    """Plays one file at a time through whatever the engine plays.

    Threads: one calls `load` and `command`, which may take a while for long files, so it should be none that
    others wait for; any thread calls `state` and `close`.
    """

    def __init__(self, rate_hz: int, block_samples: int, heard_frame: Callable[[], int]) -> None:
        """`heard_frame`: the renderer's frame that sounds now."""
        self.source = SongSource(rate_hz, block_samples)
        self._rate_hz, self._heard_frame = rate_hz, heard_frame
        self._reader = SongReader(rate_hz)
        self._loaded: _Loaded | None = None
        self._problem: str | None = None  # of the last file that was refused

    def load(self, path: Path) -> tuple[str, ...]:
        """Load a MIDI file, which then waits at its beginning; returns the warnings about it.

        Raises MidiFileError for one that cannot be played; the one before stays, and plays on.
        """
        try:
            song = self._reader.read(path)
        except MidiFileError as fault:
            self._problem = str(fault)
            raise
        self._loaded, self._problem = _Loaded(path, song), None
        self.source.wish(Wish(song=song, position=0, following=Following(), playing=False))
        return song.warnings

    def command(self, action: Action, position_s: float | None = None, loop: bool | None = None) -> None:
        """Carry out an action; a position beyond the end is the end. Playing on from the end begins anew.

        Raises UsageError if no file is loaded.
        """
        loaded = self._loaded
        if loaded is None:
            raise UsageError("no MIDI file is loaded: load one first (play_file)")
        if action == "stop" and position_s is None:
            position_s = 0.0
        if position_s is None:
            self.source.wish(Wish(playing=action == "play", loop=loop))
            return
        position = min(round(position_s * self._rate_hz), loaded.song.length_frames)
        following = chased(loaded.song, position)
        wish = Wish(position=position, following=following, playing=action == "play", loop=loop)
        self.source.wish(wish)

    def state(self) -> TransportState | None:
        """The file, and the position that is heard at this moment; None if none was loaded."""
        loaded = self._loaded
        if loaded is None:
            return None
        frame, marks = self._heard_frame(), self.source.marks
        now, heard = marks[-1], _mark_at(marks, frame)
        position = heard.position_at(frame) if heard.song is loaded.song else 0
        return TransportState(
            path=str(loaded.path),
            length_s=loaded.song.length_frames / self._rate_hz,
            position_s=position / self._rate_hz,
            playing=now.playing and now.song is loaded.song,
            loop=now.loop,
            problem=self._problem,
        )

    def close(self) -> None:
        """End what is being read."""
        self._reader.close()


def _mark_at(marks: Sequence[Mark], frame: int) -> Mark:
    return next((mark for mark in reversed(marks) if mark.frame <= frame), marks[0])
