"""The render thread: keeps the ring filled to its target, a block at a time, ahead of the audio callback."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from .block_start import BlockStart
from .block_timer import BlockTimer
from .events import MidiEvent, NoteOn, Panic
from .fallback import FallbackPlayer
from .latency import Latency
from .outlet import Outlet
from .render_priority import RenderPriority
from .ring import Ring
from .shedding import Load, Shedder
from .sources import EventSource
from .takes.history import on_time
from .transport.sharing import Sharing
from .underrun import Underrun, explained

SHORTEST_SLEEP_S: Final = 0.0001
LONGEST_SLEEP_S: Final = 0.005
LONGEST_SPELL_S: Final = 0.1  # without a rest: a real-time thread that never waits starves all others
LONGEST_TAIL_S: Final = 10.0  # a note that a file leaves held is ended then


Float32 = NDArray[np.float32]
Beside = Callable[[Float32, int], Float32]  # a block and its place in the ring → what is played there


class BlockChain(Protocol):
    """What makes the blocks: `chain.Chain` or `rack_chain.RackChain`."""

    timer: BlockTimer

    @property
    def frame(self) -> int: ...

    @property
    def block_samples(self) -> int: ...

    @property
    def silent(self) -> bool: ...

    @property
    def sounding(self) -> tuple[int, ...]: ...

    def make_block(self, events: Iterable[MidiEvent]) -> Float32: ...

    def pass_over(self) -> None: ...

    def set_load(self, load: Load) -> None: ...


class RenderThread:
    """Fills `ring` from `sources` through `chain`.

    Threads: after `start`, `chain` and `sources` belong to the thread; any thread may read the attributes and
    hand over work with `between_blocks`. `step` is one turn of its loop, for tests that want no thread. An
    exception ends the thread and stays in `failure`.
    """

    def __init__(
        self,
        chain: BlockChain,
        ring: Ring,
        outlet: Outlet,
        latency: Latency,
        sources: Sequence[EventSource],
        shedder: Shedder | None = None,
        heard: Callable[[Sequence[MidiEvent]], None] | None = None,
        disturbed: Callable[[int], None] = lambda frame: None,
        beside: Beside = lambda block, place: block,
        fallback: FallbackPlayer | None = None,
        priority: RenderPriority | None = None,
        block_start: BlockStart | None = None,
    ) -> None:
        """`shedder` lightens the load when blocks are late; `heard` is told each block's events, `disturbed`
        the frame of each block that is left out or rendered with less; `beside` may add to a block. Without
        a `fallback`, blocks that would be too late are left out."""
        self.sounding: tuple[int, ...] = ()
        self.late_notes = 0  # notes that came after their block had been begun
        self.blocks_left_out = 0  # could not have been played in time, so were not rendered
        self.finished_frame: int | None = None  # nothing sounds from here on, and nothing will
        self.failure: Exception | None = None
        self.underrun: Underrun | None = None  # the last one
        self.shedder = shedder
        self._heard, self._disturbed, self._beside = heard, disturbed, beside
        self._sharing = Sharing()
        self._work: deque[Callable[[], None]] = deque()
        self._chain = chain
        self._ring = ring
        self._outlet = outlet
        self._latency = latency
        self._sources = sources
        self.fallback = fallback
        self._block_start = block_start or BlockStart(ring, outlet)
        self.priority = priority or RenderPriority(wanted=False)
        self._silence = np.zeros((chain.block_samples, ring.channels), np.float32)
        self._resume_frame = 0
        self._underruns = 0  # those that have been told
        self._ended_frame: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neume-render", daemon=True)

    def start(self) -> None:
        self.priority.watch()
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its block; harmless if it was never started."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.priority.end()

    def look(self) -> None:
        """The owner looks after it, a few times a second: raises what has ended it."""
        if self.failure is not None:
            raise self.failure
        self.priority.lift()

    def between_blocks(self, work: Callable[[], None]) -> None:
        """Have something done by the render thread before its next block. It must be short."""
        self._work.append(work)

    @property
    def ahead_samples(self) -> int:
        """How much is rendered beyond what the device has taken; negative while the ring is dry."""
        return self._block_start.ahead_samples

    def step(self) -> bool:
        """Make the next block if it is due; returns whether it was."""
        self._notice_underrun()
        if self._block_start.spare_samples(self._latency) > 0:
            return False
        if self._ring.writable < self._chain.block_samples:
            return False
        while self._work:
            self._work.popleft()()
        plain = self._voice_plays()
        if self._is_too_late(plain):
            self._leave_out()
        else:
            self._make_block(plain)
            self.sounding = self._chain.sounding
            self._look_for_the_end()
        return True

    def _run(self) -> None:
        try:
            self.priority.take()
            rested_s = time.monotonic()
            while not self._stopping.is_set():
                if not self.step() or time.monotonic() - rested_s > LONGEST_SPELL_S:
                    time.sleep(self._sleep_s())
                    rested_s = time.monotonic()
        except Exception as failure:
            self.failure = failure

    def _sleep_s(self) -> float:
        spare_s = self._block_start.spare_samples(self._latency) / self._latency.rate_hz
        return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, spare_s))

    def _voice_plays(self) -> bool:
        """Whether the fallback voice makes the next block."""
        if self.fallback is None or not self._outlet.armed:
            return False
        return self.fallback.begin(self._latency.milliseconds(self.ahead_samples))

    def _is_too_late(self, plain: bool) -> bool:
        """Whether the next block could not be heard: the voice is quick, what it makes may begin late."""
        if plain:
            return self.ahead_samples <= -self._chain.block_samples
        self._catch_up()
        return self._chain.frame < self._resume_frame

    def _make_block(self, plain: bool) -> None:
        events = self._due_events()
        if self._heard is not None:
            self._heard(events)
        frame, played_on = self._chain.frame, self.fallback is not None and self.fallback.plays
        if plain or played_on or (self.shedder is not None and self.shedder.rung):
            self._disturbed(frame)
        self._ring.write(self._beside(self._chain.make_block(events), self._ring.written))
        if self._outlet.armed:
            self._look_at_the_time(frame, plain)

    def _look_at_the_time(self, frame: int, plain: bool) -> None:
        """After a block: what it took decides what the next ones may take."""
        took_ms: float | None = self._chain.timer.last_ms()["block"]
        if self.fallback is not None:
            took_ms = self.fallback.made(plain, self._latency.milliseconds(self.ahead_samples))
            if self.fallback.plays and not plain:
                self._disturbed(frame)
        shedder = self.shedder
        if shedder is not None and took_ms is not None:
            latency = self._latency
            changed = shedder.observe(took_ms, latency.milliseconds(latency.start_level_samples))
            if changed or shedder.rung:
                self._chain.set_load(shedder.load)

    def set_latency(self, latency: Latency) -> None:
        """Keep the ring as full as another sum says. On the render thread; a ring that is fuller than it must
        be is left to run down."""
        self._latency = latency

    def _due_events(self) -> list[MidiEvent]:
        end_frame = self._chain.frame + self._chain.block_samples
        taken = [
            (player, event) for player, source in enumerate(self._sources) for event in source.take(end_frame)
        ]
        if len(self._sources) > 1:
            taken.sort(key=lambda one: one[1].frame)
        events = self._sharing.merged(taken)
        begin = self._chain.frame
        if self._outlet.armed:
            self.late_notes += sum(isinstance(event, NoteOn) and event.frame < begin for event in events)
        if self._tail_is_too_long(end_frame):
            events.append(Panic(end_frame - 1))
        return on_time(events, begin)

    def _catch_up(self) -> None:
        """After an underrun, go on from the first block that can still be played in time."""
        if self.ahead_samples < 0 and self._chain.frame >= self._resume_frame:
            behind = self._latency.start_level_samples - self.ahead_samples
            blocks = math.ceil(behind / self._chain.block_samples)
            self._resume_frame = self._chain.frame + blocks * self._chain.block_samples

    def _notice_underrun(self) -> None:
        """Name what made the ring run dry, also if the late block has filled it again by now."""
        if self._outlet.underruns == self._underruns:
            return
        self._underruns = self._outlet.underruns
        self._disturbed(max(0, self._outlet.position - self._latency.lookahead_samples))
        if self._chain.timer.blocks:
            block_ms = self._latency.milliseconds(self._chain.block_samples)
            start_level_ms = self._latency.milliseconds(self._latency.start_level_samples)
            self.underrun = explained(self._chain.timer.last_ms(), block_ms, start_level_ms)

    def _leave_out(self) -> None:
        """The place of a block that is too late, kept in the ring: the outlet drops it."""
        self._disturbed(self._chain.frame)
        self._ring.write(self._silence)
        self._chain.pass_over()
        self.blocks_left_out += 1

    def _look_for_the_end(self) -> None:
        if self._ended_frame is None and all(source.ended for source in self._sources):
            self._ended_frame = self._chain.frame
        if self._ended_frame is not None and self.finished_frame is None and self._chain.silent:
            self.finished_frame = self._chain.frame

    def _tail_is_too_long(self, frame: int) -> bool:
        longest = LONGEST_TAIL_S * self._latency.rate_hz
        return self._ended_frame is not None and frame - self._ended_frame > longest
