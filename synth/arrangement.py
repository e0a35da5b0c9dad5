"""Which MIDI channel plays on which stream: one row of the models' batch for each part, or parts merged.

Between the events and the renderer. One stream a channel gives stems, pan and the cleanest sound; merged
streams cost less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .channels import PAN_CENTRE, pan_position
from .errors import UsageError
from .events import CHANNELS, MidiEvent, NoteOn, Panic, SystemReset
from .midi_file import Performance
from .mixer import Strip
from .notes import NoteTable

UNUSED: Final = -1


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`stream_of[channel]` is the channel's stream, `UNUSED` for a channel that is not played."""

    stream_of: tuple[int, ...]

    @property
    def streams(self) -> int:
        return max(self.stream_of) + 1

    def channels_of(self, stream: int) -> tuple[int, ...]:
        return tuple(channel for channel in range(CHANNELS) if self.stream_of[channel] == stream)

    def route(self, events: Iterable[MidiEvent]) -> list[tuple[int, MidiEvent]]:
        """Address each event to its channel's stream, what concerns the whole system to every stream."""
        routed: list[tuple[int, MidiEvent]] = []
        for event in events:
            if isinstance(event, SystemReset | Panic):
                routed += [(stream, event) for stream in range(self.streams)]
            elif self.stream_of[event.channel] != UNUSED:
                routed.append((self.stream_of[event.channel], event))
        return routed

    def strips(self, notes: Sequence[NoteTable]) -> list[Strip]:
        """The strips that the channels of each stream's note table ask for.

        Volume and expression are in the sound already; what is left is pan.
        """
        pans = [PAN_CENTRE] * CHANNELS
        for channel, stream in enumerate(self.stream_of):
            if stream != UNUSED:
                pans[channel] = notes[stream].channels[channel].pan
        return self.strips_at(pans)

    def strips_at(self, pans: Sequence[int]) -> list[Strip]:
        """The strips for the CC10 values of the sixteen channels; merged channels meet at their mean."""
        strips = []
        for stream in range(self.streams):
            positions = [pan_position(pans[channel]) for channel in self.channels_of(stream)]
            strips.append(Strip(pan=sum(positions) / len(positions)))
        return strips


def live_arrangement() -> Arrangement:
    """All sixteen channels, each on a stream of its own; one that is silent costs nothing."""
    return Arrangement(tuple(range(CHANNELS)))


def arrange(performance: Performance, streams: int | None = None) -> Arrangement:
    """One stream for each channel that has notes, or those channels merged into at most `streams`.

    Merged streams get channels so that their numbers of notes are even. A performance without notes gets one
    silent stream. Raises UsageError for a number of streams outside 1 to 16.
    """
    if streams is not None and not 1 <= streams <= CHANNELS:
        raise UsageError(f"{streams} streams; allowed are 1 to {CHANNELS}")
    counts = Counter(event.channel for event in performance.events if isinstance(event, NoteOn)) or Counter(
        [0]
    )
    groups = [[channel] for channel in sorted(counts)]
    if streams is not None and streams < len(groups):
        groups = _merged(counts, streams)
    stream_of = [UNUSED] * CHANNELS
    for stream, group in enumerate(groups):
        for channel in group:
            stream_of[channel] = stream
    return Arrangement(tuple(stream_of))


def _merged(counts: Counter[int], streams: int) -> list[list[int]]:
    """The busiest channel first, each goes to the group with the fewest notes so far."""
    groups: list[list[int]] = [[] for _ in range(streams)]
    for channel in sorted(counts, key=lambda channel: (-counts[channel], channel)):
        min(groups, key=lambda group: sum(counts[member] for member in group)).append(channel)
    return sorted(sorted(group) for group in groups)
