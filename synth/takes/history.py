"""What the renderer was told: a bounded log of events, and when nothing sounded. Takes read their MIDI here.

Beside the render thread. A take that begins where the chain was silent can be rendered again sample for
sample, so the log goes further back than the audio that is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Final, Protocol

from ..events import MidiEvent
from ..mixer import Meters
from .chase import Chase
from .event_bytes import event_message, message_event
from .periodic import give_way
from .recipe import Recipe

MAX_EVENTS: Final = 2**19  # 290 a second for half an hour, in 6 MB
MAX_STRETCHES: Final = 4096
MAX_LEAD_IN_S: Final = 600.0  # how long before its audio a take's MIDI may begin
ROW: Final = Struct("<q3sB")  # frame, message, its length: no objects that the garbage collector would visit


@dataclass(frozen=True, slots=True)
class Opening:
    """How a take begins: its recipe, what must be set at tick 0, and the log's number of the next event."""

    recipe: Recipe
    events: tuple[MidiEvent, ...]
    following: int


class History:
    """The log of one chain. `frame` is the block that was begun last; numbers of events count from 0.

    Threads: the render thread calls `block` and `disturbed`; any thread calls the rest. A lock keeps them
    apart; it is held for microseconds, and while the log is copied: 0.2 ms for 100 000 events.
    """

    def __init__(self, recipe: Recipe, max_events: int = MAX_EVENTS) -> None:
        self.frame = 0
        self._recipe = recipe
        self._rows = bytearray(max_events * ROW.size)
        self._room = max_events
        self._begin = self._end = 0  # numbers of the oldest event in the log and of the next one
        self._before = Chase()  # what the events before the oldest have left set
        self._complete_from = 0  # all events from this frame on are in the log
        self._silences: deque[tuple[int, int]] = deque(maxlen=MAX_STRETCHES)  # first and last block of each
        self._disturbances: deque[int] = deque(maxlen=MAX_STRETCHES)
        self._lock = threading.Lock()

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    def block(self, frame: int, events: Iterable[MidiEvent], silent: bool) -> None:
        """The block at `frame` is begun with `events`; those from before it count as of `frame` (`on_time`).

        `silent`: before them, nothing sounds and nothing rings in models, effects and limiter.
        """
        with self._lock:
            self.frame = frame
            if silent:
                self._note_silence(frame)
            for event in events:
                self._append(event, max(event.frame, frame))

    def disturbed(self, frame: int) -> None:
        """The block at `frame` is not what the recipe makes: left out, or rendered with fewer steps."""
        with self._lock:
            self._disturbances.append(frame)

    def change(self, recipe: Recipe, frame: int) -> None:
        """From `frame` on the chain is another: bundle, steps, streams or preset."""
        with self._lock:
            self._recipe = recipe
            self._silences.clear()
            self._disturbances.append(frame)

    def closed(self, recipe: Recipe, audio_frame: int, frames: int) -> Recipe:
        """The recipe of a take that has ended, with the place and length of its audio."""
        ended = replace(recipe, audio_frame=audio_frame, frames=frames)
        end = ended.block_end(ended.audio_span[1])
        with self._lock:
            disturbed = any(recipe.start_frame <= frame < end for frame in self._disturbances)
        return replace(ended, exact=recipe.exact and not disturbed)

    def opening(self, audio_frame: int) -> Opening:
        """How a take begins whose audio starts at `audio_frame`, a frame that has been rendered.

        Its MIDI starts in the last silence up to there. Without one in the log, it starts with that block,
        the keys that are down are pressed again, and the recipe is not `exact`.
        """
        with self._lock:
            before, rows = self._before.copy(), self._copied(self._begin)
            number, recipe = self._begin, self._recipe
            silence = self._silence_up_to(audio_frame)
        block = recipe.block_samples
        start = audio_frame // block * block if silence is None else silence
        for event in _events(rows):
            if event.frame >= start:
                break
            before.follow(event)
            number += 1
        controllers = tuple(before.controllers(start))
        keys = tuple(before.keys(start)) if silence is None else ()
        opened = replace(
            recipe,
            start_frame=start,
            audio_frame=audio_frame,
            chased=len(controllers) if start >= block else 0,
            exact=silence is not None and _sets_the_same(controllers, before),
        )
        return Opening(opened, controllers + keys, number)

    def since(self, number: int, before_frame: int) -> tuple[list[MidiEvent], int]:
        """The events from that number on and before a frame, and the number of the next."""
        with self._lock:
            number = max(number, self._begin)
            rows = self._copied(number)
        found: list[MidiEvent] = []
        for event in _events(rows):
            if event.frame >= before_frame:
                break
            found.append(event)
        return found, number + len(found)

    def _note_silence(self, frame: int) -> None:
        if self._silences and self._silences[-1][1] + self._recipe.block_samples == frame:
            self._silences[-1] = self._silences[-1][0], frame
        else:
            self._silences.append((frame, frame))

    def _append(self, event: MidiEvent, frame: int) -> None:
        """Log one event; the oldest makes room for it."""
        at = self._end % self._room * ROW.size
        if self._end - self._begin == self._room:
            oldest = _event(*ROW.unpack_from(self._rows, at))
            self._before.follow(oldest)
            self._complete_from = oldest.frame + 1
            self._begin += 1
        message = event_message(event)
        ROW.pack_into(self._rows, at, frame, message, len(message))
        self._end += 1

    def _silence_up_to(self, frame: int) -> int | None:
        """The last block's start up to `frame` at which nothing sounded, if the log knows all since."""
        block = self._recipe.block_samples
        for first, last in reversed(self._silences):
            if first <= frame:
                start = first + (min(frame, last) - first) // block * block
                near = frame - start <= MAX_LEAD_IN_S * self._recipe.rate_hz
                return start if near and start >= self._complete_from else None
        return None

    def _copied(self, number: int) -> bytes:
        """The rows from that number on."""
        first, last = (n % self._room * ROW.size for n in (number, self._end))
        if number == self._end:
            return b""
        if first < last:
            return bytes(self._rows[first:last])
        return bytes(self._rows[first:] + self._rows[:last])


class Told(Protocol):
    """What the history must know of a chain: `chain.Chain` or `rack_chain.RackChain`."""

    @property
    def frame(self) -> int: ...

    @property
    def silent(self) -> bool: ...

    @property
    def meters(self) -> Meters: ...


def told_to(history: History, chain: Told) -> Callable[[Sequence[MidiEvent]], None]:
    """What the render thread calls with each block's events, on time, before the chain makes the block."""

    def hear(events: Sequence[MidiEvent]) -> None:
        history.block(chain.frame, events, chain.silent and chain.meters.limiter_gain == 1.0)

    return hear


def on_time(events: Iterable[MidiEvent], frame: int) -> list[MidiEvent]:
    """Events for the block at `frame`: those too late for their own frame sound at the block's start.

    What a renderer is given, so that the log says what was rendered.
    """
    return [event if event.frame >= frame else replace(event, frame=frame) for event in events]


def _events(rows: bytes) -> Iterator[MidiEvent]:
    return give_way(_event(*row) for row in ROW.iter_unpack(rows))


def _event(frame: int, message: bytes, length: int) -> MidiEvent:
    return message_event(message[:length], frame)


def _sets_the_same(events: Iterable[MidiEvent], state: Chase) -> bool:
    fresh = Chase()
    for event in events:
        fresh.follow(event)
    return fresh.channels.state() == state.channels.state()
