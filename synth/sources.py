"""Where a live engine's events come from: MIDI inputs and files, on one sample clock.

First links of the live chain: stamped messages or a file's events in, events with the frame at which the
renderer is to act out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, Protocol

from .events import MidiEvent, Panic
from .latency import Latency
from .midi_bytes import PANIC as PANIC  # whoever presses keys needs it too
from .midi_bytes import parse_message
from .midi_file import Performance
from .midi_in import POLL_S
from .sample_clock import SampleClock
from .song_render import release_all

DRAIN_WAIT_S: Final = 0.002  # for the thread that looks at the ports; longer, and the block would be late


class EventSource(Protocol):
    """Gives each of its events once, in order. The render thread owns it."""

    def take(self, end_frame: int) -> Iterable[MidiEvent]:
        """The events before `end_frame` that have not been given yet."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more can come."""
        ...

    def close(self) -> None: ...


class Keys(Protocol):
    """Where stamped messages come from: `MidiInput`, or keys of another kind."""

    def drain(self) -> list[tuple[int, bytes]]: ...

    def poll(self) -> None: ...

    def close(self) -> None: ...


class FilePlayer:
    """A performance that begins at frame 0 of the renderer; at its end all keys and pedals go up."""

    def __init__(self, performance: Performance) -> None:
        end = performance.duration_frames
        played = tuple(event for event in performance.events if event.frame < end)
        self._events = (*played, *release_all(end))
        self._next = 0

    @property
    def ended(self) -> bool:
        return self._next == len(self._events)

    def take(self, end_frame: int) -> Iterable[MidiEvent]:
        begin = self._next
        while self._next < len(self._events) and self._events[self._next].frame < end_frame:
            self._next += 1
        return self._events[begin : self._next]

    def close(self) -> None:
        """Nothing is open."""


class LivePlayer:
    """MIDI inputs: each message sounds at its stamp + D, wherever in a block that is.

    Threads: the render thread takes; a thread of its own looks for plugged and unplugged ports every second.
    A lock keeps the two apart, and the render thread waits for it no longer than `DRAIN_WAIT_S`.
    """

    def __init__(self, midi: Keys, clock: SampleClock, latency: Latency) -> None:
        self.midi = midi
        self._clock = clock
        self.set_latency(latency)
        self._pending: list[MidiEvent] = []
        self._last_frame = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch_ports, name="neume-midi-ports", daemon=True)
        self._watcher.start()

    @property
    def ended(self) -> bool:
        return False

    def take(self, end_frame: int) -> Iterable[MidiEvent]:
        for stamp_ns, message in self._drained():
            frame = self._frame_of(stamp_ns)
            event = Panic(frame) if message == PANIC else parse_message(message, frame)
            if event is not None:
                self._pending.append(event)
        count = 0
        while count < len(self._pending) and self._pending[count].frame < end_frame:
            count += 1
        due, self._pending = self._pending[:count], self._pending[count:]
        return due

    def close(self) -> None:
        self._closing.set()
        self._watcher.join()
        self.midi.close()

    def set_latency(self, latency: Latency) -> None:
        """Another sum from now on. On the render thread; what has been placed stays where it is, and nothing
        overtakes it."""
        self._ahead = latency.placing_samples

    def look_at_ports(self) -> None:
        """Poll now what is polled every second. Any thread but the render thread."""
        with self._lock:
            self.midi.poll()

    def _drained(self) -> list[tuple[int, bytes]]:
        if not self._lock.acquire(timeout=DRAIN_WAIT_S):
            return []
        try:
            return self.midi.drain()
        finally:
            self._lock.release()

    def _frame_of(self, stamp_ns: int) -> int:
        """The renderer's frame for a stamp; never before that of an earlier message."""
        played = self._clock.frame_at(stamp_ns)
        frame = 0 if played is None else played + self._ahead
        self._last_frame = max(frame, self._last_frame)
        return self._last_frame

    def _watch_ports(self) -> None:
        while not self._closing.wait(POLL_S):
            with self._lock:
                self.midi.poll()
