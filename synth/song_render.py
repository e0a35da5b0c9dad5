"""One performance played from start to end by the streaming renderer, as fast as it goes.

The offline clock: what the live engine does block by block in time, this does many blocks at a time, with the
renderer's delay taken out, so that sample 0 of the audio is tick 0 of the song.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arrangement import Arrangement
from .channels import Channels
from .errors import UsageError
from .events import CHANNELS, ControlChange, MidiEvent, SystemReset
from .midi_file import Performance
from .mixer import Mixer
from .render_options import RenderOptions
from .renderer import StreamRenderer

Float32 = NDArray[np.float32]

CHUNK_BLOCKS: Final = 64
PREROLL_S: Final = 1.0  # played unheard before a start inside the song, so that the models know their past
QUIET: Final = 1e-4  # -80 dBFS
QUIET_S: Final = 0.3  # so long below it, and the tail is over
MAX_AUTO_TAIL_S: Final = 20.0
FADE_S: Final = 0.02  # of a tail that is cut while it sounds
PAN, SUSTAIN, SOSTENUTO, ALL_NOTES_OFF = 10, 64, 66, 123  # controllers


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of a song to render, in samples from tick 0."""

    start: int
    end: int  # here all keys and pedals go up
    limit: int  # no sample from here on is kept
    auto: bool  # whether silence ends it before `limit`


def span_of(performance: Performance, options: RenderOptions, rate_hz: int) -> Span:
    """Raises UsageError for a start beyond the song's end."""
    start, end = round(options.from_s * rate_hz), performance.duration_frames
    if options.to_s is not None:
        end = min(end, round(options.to_s * rate_hz))
    if start >= end:
        lasts = performance.duration_frames / rate_hz
        raise UsageError(f"--from {options.from_s:g} is beyond the end; the song lasts {lasts:.3f} seconds")
    match options.tail:
        case "auto":
            tail_s = MAX_AUTO_TAIL_S
        case "exact":
            tail_s = 0.0
        case seconds:
            tail_s = seconds
    return Span(start, end, end + round(tail_s * rate_hz), options.tail == "auto")


class SongRender:
    """Renders one span of one performance. Takes a renderer that was just made or reset; iterate it once.

    `position` is the time reached, in samples from tick 0; `warnings` fills up while rendering.
    """

    def __init__(
        self,
        renderer: StreamRenderer,
        performance: Performance,
        arrangement: Arrangement,
        span: Span,
        mixer: Mixer,
        *,
        stems: bool = False,
    ) -> None:
        self.position = span.start
        self.warnings: list[str] = []
        self._renderer, self._arrangement, self._span, self._mixer = renderer, arrangement, span, mixer
        self._events = performance.events
        self._last = bisect_left(self._events, span.end, key=lambda event: event.frame)
        self._next = 0
        self._release: list[MidiEvent] = list(release_all(span.end))
        self._channels = Channels()
        self._stems = stems
        self._quiet_since = 0

    def __iter__(self) -> Iterator[Float32]:
        """Chunks of audio, `(samples, 2)`; with stems `(samples, 2 + 2 * streams)`, the mix first."""
        span, block = self._span, self._renderer.block_samples
        self._chase(max(0, span.start - round(PREROLL_S * self._renderer.rate_hz)) // block * block)
        while self.position < span.limit:
            began = self._renderer.frame - self._renderer.lookahead_samples
            audio = self._chunk()
            end = self._end_in(audio, began)
            kept = audio[max(0, span.start - began) : max(0, end - began)]
            self.position = max(span.start, min(end, began + len(audio)))
            if len(kept):
                yield self._faded(kept, self.position)
            if end < began + len(audio):
                break

    def _chase(self, frame: int) -> None:
        """Bring the note tables to what they are at `frame`, a block's start, without rendering."""
        hop = self._renderer.spec.hop_samples
        for stream, event in self._arrangement.route(self._take(frame)):
            notes = self._renderer.notes[stream]
            notes.retire(event.frame // hop * hop)
            notes.apply(event)
            self._follow(event)
        self._renderer.frame = frame

    def _take(self, end: int) -> Sequence[MidiEvent]:
        """The events that are next, up to sample `end`."""
        following = bisect_left(self._events, end, self._next, self._last, key=lambda event: event.frame)
        taken = self._events[self._next : following]
        self._next = following
        if following == self._last and self._release and end > self._span.end:
            taken += tuple(self._release)
            self._release = []
        return taken

    def _chunk(self) -> Float32:
        """The next blocks, mixed one by one with the pans of their own time."""
        block, begin = self._renderer.block_samples, self._renderer.frame
        events = self._take(begin + CHUNK_BLOCKS * block)
        audio = self._renderer.render_blocks(self._arrangement.route(events), CHUNK_BLOCKS)
        out = np.empty((audio.shape[1], 2 * (1 + self._stems * len(audio))), np.float32)
        upcoming = 0
        for first in range(0, audio.shape[1], block):
            while upcoming < len(events) and events[upcoming].frame < begin + first + block:
                self._follow(events[upcoming])
                upcoming += 1
            rows = slice(first, first + block)
            strips = self._arrangement.strips_at([self._channels[c].pan for c in range(CHANNELS)])
            if self._stems:
                parts = self._mixer.split(audio[:, rows], strips)
                out[rows, :2], out[rows, 2:] = parts.sum(axis=1), parts.reshape(block, -1)
            else:
                out[rows] = self._mixer.mix(audio[:, rows], strips)
        return out

    def _follow(self, event: MidiEvent) -> None:
        if isinstance(event, SystemReset):
            self._channels.reset()
        elif isinstance(event, ControlChange) and event.controller == PAN:
            self._channels[event.channel].pan = event.value

    def _end_in(self, audio: Float32, began: int) -> int:
        """Where the audio ends, as far as this chunk shows; not before the chunk's end if it goes on."""
        span, block = self._span, self._renderer.block_samples
        if not span.auto:
            return min(span.limit, began + len(audio))
        for first in range(0, len(audio), block):
            after = began + first + block
            if np.abs(audio[first : first + block, :2]).max() > QUIET:
                self._quiet_since = after
            end = max(span.end, self._quiet_since + round(QUIET_S * self._renderer.rate_hz))
            if end <= after:
                return end
        if began + len(audio) >= span.limit:
            self.warnings.append(f"still sounding {MAX_AUTO_TAIL_S:g} s after the end; faded out there")
        return min(span.limit, began + len(audio))

    def _faded(self, audio: Float32, end: int) -> Float32:
        """Fade the last samples before the limit of a tail."""
        span, fade = self._span, round(FADE_S * self._renderer.rate_hz)
        if span.limit == span.end or end <= span.limit - fade:
            return audio
        left = span.limit - np.arange(end - len(audio), end)
        return audio * np.minimum(1.0, left / fade).astype(np.float32)[:, None]


def release_all(frame: int) -> Iterator[MidiEvent]:
    """What lets go of every key and pedal at a song's end."""
    for channel in range(CHANNELS):
        yield ControlChange(frame, channel, SUSTAIN, 0)
        yield ControlChange(frame, channel, SOSTENUTO, 0)
        yield ControlChange(frame, channel, ALL_NOTES_OFF, 0)
