"""The transport's source of events: a song on the renderer's frames, moved between blocks.

Beside MIDI inputs before the render thread, which asks it block by block for the events to come: a song's
frame is an exact distance from the frame at which it was started, and a loop's end is its beginning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..events import MidiEvent, Panic
from .following import Channels, Following, events_to, lifted
from .song import Song

MOST_AT_ONCE: Final = (
    2048  # events a block; more in one place are late, so that a hostile file costs no block
)
SHORTEST_LOOP_S: Final = 0.1
MARKS: Final = 128  # more than blocks and loops that wait to be heard


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change before the next block; None stays as it is. `following` is how the channels stand at
    `position`, in frames of the song."""

    song: Song | None = None
    position: int | None = None
    following: Following | None = None
    playing: bool | None = None
    loop: bool | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What is true of the transport from one of the renderer's frames on, until the next mark."""

    frame: int
    song: Song | None
    position: int
    playing: bool
    loop: bool

    def position_at(self, frame: int) -> int:
        if self.song is None or not self.playing:
            return self.position
        return min(self.position + max(0, frame - self.frame), self.song.length_frames)


class SongSource:
    """Plays one song after another. An `EventSource`.

    Threads: the render thread calls `take` and `heard`; any thread calls `wish` and reads `marks`, which is
    replaced as a whole.
    """

    ended = False  # another song may come

    def __init__(self, rate_hz: int, block_samples: int) -> None:
        self.marks: tuple[Mark, ...] = (Mark(0, None, 0, False, False),)
        self._wishes: deque[Wish] = deque()
        self._block_samples = block_samples
        self._shortest_loop = round(SHORTEST_LOOP_S * rate_hz)
        self._given = 0  # the events before this frame have been given
        self._song: Song | None = None
        self._playing = self._loop = False
        self._position = 0  # in the song, while it does not play
        self._begin = 0  # of the song, on the renderer's frames, while it plays
        self._next = 0  # index of the next event
        self._room = 0  # for events in this block
        self._following = Following()
        self._told: Channels = {}  # how the channels were left when it stopped last

    def wish(self, wish: Wish) -> None:
        self._wishes.append(wish)

    def heard(self, events: Sequence[MidiEvent]) -> None:
        """What is played in this block: a panic stops a song too."""
        if any(isinstance(event, Panic) for event in events):
            self.wish(Wish(playing=False))

    def take(self, end_frame: int) -> list[MidiEvent]:
        begin = max(self._given, end_frame - self._block_samples)
        self._room = MOST_AT_ONCE
        events = self._until(begin)  # empty, unless blocks were left out
        while self._wishes:
            events += self._obey(self._wishes.popleft(), begin)
        events += self._until(end_frame)
        self._given = end_frame
        return events

    def close(self) -> None:
        """Nothing is open."""

    def _obey(self, wish: Wish, frame: int) -> list[MidiEvent]:
        playing = self._playing if wish.playing is None else wish.playing
        moved = wish.song is not None or wish.position is not None
        self._loop = self._loop if wish.loop is None else wish.loop
        events: list[MidiEvent] = []
        if moved or playing != self._playing:
            was_playing = self._playing
            events += self._halted(frame)
            self._move(wish)
            if playing and self._song is not None:
                events += self._started(self._song, frame, moved=moved, anew=not was_playing)
        self._mark(frame)
        return events

    def _move(self, wish: Wish) -> None:
        self._song = self._song if wish.song is None else wish.song
        self._position = self._position if wish.position is None else wish.position
        self._following = self._following if wish.following is None else wish.following

    def _started(self, song: Song, frame: int, *, moved: bool, anew: bool) -> list[MidiEvent]:
        """Play from the position on, from the beginning if the end had been reached."""
        if self._position >= song.length_frames and not moved:
            self._position, self._following = 0, Following()
        self._begin, self._next = frame - self._position, song.index_at(self._position)
        self._playing = True
        return events_to(self._told, self._following.channels(), frame, anew=anew)

    def _halted(self, frame: int) -> list[MidiEvent]:
        """Stand still at `frame`, and let go of what the song holds."""
        if not self._playing:
            return []
        self._playing = False
        self._position = frame - self._begin
        self._told = lifted(self._following.channels())
        return self._following.release(frame)

    def _until(self, frame: int) -> list[MidiEvent]:
        events: list[MidiEvent] = []
        song = self._song
        while song is not None and self._playing:
            end = self._begin + song.length_frames
            events += self._between(song, min(frame, end))
            if frame <= end:
                break
            events += self._at_the_end(song, end)
        return events

    def _between(self, song: Song, frame: int) -> list[MidiEvent]:
        last = min(song.index_at(frame - self._begin), self._next + self._room)
        events = list(song.events(self._next, last, self._begin))
        for event in events:
            self._following.follow(event)
        self._room -= len(events)
        self._next = max(self._next, last)
        return events

    def _at_the_end(self, song: Song, frame: int) -> list[MidiEvent]:
        events = self._halted(frame)
        if self._loop and song.length_frames >= self._shortest_loop:
            events += self._started(song, frame, moved=False, anew=False)
        self._mark(frame)
        return events

    def _mark(self, frame: int) -> None:
        position = frame - self._begin if self._playing else self._position
        mark = Mark(frame, self._song, position, self._playing, self._loop)
        self.marks = (*self.marks[1 - MARKS :], mark)
