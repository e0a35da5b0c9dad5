"""A song as the transport keeps it: its events as MIDI bytes in two arrays, made into events as they are due.

First link of the transport. What a process of its own has read crosses over as it is, and a song of a million
events is no load for the garbage collector.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..events import MidiEvent
from ..midi_bytes import CHANNEL_MESSAGES
from ..midi_file import Performance
from ..takes.event_bytes import event_message, message_event

MESSAGE_BYTES = 3
_BYTES_OF = {kind: 1 + count for kind, (count, _) in CHANNEL_MESSAGES.items()} | {0xF: 1}


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """`frames`: `(events,)` int64, ascending, from tick 0 on. `messages`: `(events, 3)` uint8, padded with
    zeros. At `length_frames` the last track ends; events from there on are not played."""

    frames: NDArray[np.int64]
    messages: NDArray[np.uint8]
    length_frames: int
    warnings: tuple[str, ...]

    def index_at(self, frame: int) -> int:
        """Of the first event at `frame` or later."""
        return int(np.searchsorted(self.frames, frame))

    def events(self, first: int, last: int, begin: int) -> Iterator[MidiEvent]:
        """The events of those indices in a song that begins at frame `begin`."""
        rows = zip(self.frames[first:last].tolist(), self.messages[first:last], strict=True)
        return (message_event(_message(row), begin + frame) for frame, row in rows)

    def chosen(self, indices: NDArray[np.int64]) -> Iterator[MidiEvent]:
        """The events of those indices, with the song's own frames."""
        rows = zip(self.frames[indices].tolist(), self.messages[indices], strict=True)
        return (message_event(_message(row), frame) for frame, row in rows)


def packed(performance: Performance) -> Song:
    events = performance.events
    messages = bytearray(MESSAGE_BYTES * len(events))
    for index, event in enumerate(events):
        message = event_message(event)
        messages[MESSAGE_BYTES * index : MESSAGE_BYTES * index + len(message)] = message
    return Song(
        frames=np.fromiter((event.frame for event in events), np.int64, len(events)),
        messages=np.frombuffer(bytes(messages), np.uint8).reshape(-1, MESSAGE_BYTES),
        length_frames=performance.duration_frames,
        warnings=performance.warnings,
    )


def _message(row: NDArray[np.uint8]) -> bytes:
    message = row.tobytes()
    return message[: _BYTES_OF[message[0] >> 4]]
