"""The live engine: MIDI and files in, an audio device out, with a constant delay between them.

    MIDI threads ─▶ queues ─▶ render thread ─▶ ring ─▶ the device's callback ─▶ loudspeaker, recorder's thread

The render thread waits for nothing but the time and the ring's level; the callback waits for nothing at all.
The device's own clock is the only one: `SampleClock` follows it, and every event is placed on it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

from .audio.remote_device import RemoteDevice
from .audio_device import AudioDevice
from .block_start import BlockStart
from .block_timer import StageTimes
from .engine_counters import EngineCounters
from .engine_setup import (
    AS_THE_BUNDLE_SAYS,
    EngineConfig,
    LiveChain,
    chosen_fallback,
    chosen_shedder,
    latency_now,
    make_chain,
    shedder_for,
)
from .engine_snapshot import EngineSnapshot
from .errors import DeviceError
from .events import MidiEvent
from .fallback_choice import Fallback
from .latency import Latency
from .midi_file import Performance
from .outlet import Outlet, Tap
from .render_priority import RenderPriority
from .render_thread import Beside, RenderThread
from .ring import Ring
from .sample_clock import SampleClock
from .shedding import Load
from .sources import EventSource, FilePlayer, Keys, LivePlayer

__all__ = ["Engine", "EngineConfig", "LiveChain", "make_chain"]

SUMMARY_BLOCKS: Final = 32  # a third of a second
ROOM_S: Final = 3.0  # for a busy machine; the longest blocks are 85 ms
SHORT_S: Final = 0.002
SWITCH_INTERVAL_S: Final = 0.0005  # how long a busy Python thread may keep the callback waiting


class Engine:
    """Plays sources through a chain into one device. Starts once, stops once.

    Threads: one owner calls everything but `snapshot`, which any thread may call. Load the chain's stages on
    the owner's thread: denormals are switched off there, and the render thread inherits it. A device in a
    process of its own brings ring, clock and outlet with it; any other one gets them here.
    """

    def __init__(
        self,
        chain: LiveChain,
        device: AudioDevice,
        config: EngineConfig = AS_THE_BUNDLE_SAYS,
        *,
        tap: Tap | None = None,
        heard: Callable[[Sequence[MidiEvent]], None] | None = None,
        disturbed: Callable[[int], None] = lambda frame: None,
        beside: Beside = lambda block, place: block,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`tap` gets all that is played; on the render thread, `heard` is told each block's events, and
        `disturbed` which blocks are left out or rendered with less; `beside` may add to a block what is not
        the chain's."""
        renderer = chain.renderer
        rate_hz = renderer.rate_hz
        if device.rate_hz != rate_hz:
            raise DeviceError(
                f"{device.name} plays at {device.rate_hz} Hz; the bundle makes {rate_hz} Hz: choose a device "
                f"that plays at {rate_hz} Hz"
            )
        self.chain, self.device, self._config = chain, device, config
        self.latency = latency_now(chain, device, config.margin_ms)
        self._now_ns = now_ns
        self.ring, self.clock, self.outlet = self._line(device, tap, now_ns)
        self._sources: list[EventSource] = []
        self._players: list[LivePlayer] = []
        self._summary: tuple[int, Mapping[str, StageTimes]] = (0, {})
        self.render = RenderThread(
            chain,
            self.ring,
            self.outlet,
            self.latency,
            self._sources,
            chosen_shedder(chain, config),
            heard,
            disturbed,
            beside,
            chosen_fallback(chain, config, self.latency, device),
            RenderPriority(config.realtime),
            BlockStart(self.ring, self.outlet, self.clock, now_ns),
        )
        self._counters = EngineCounters(self.outlet, self.render)

    def _line(
        self, device: AudioDevice, tap: Tap | None, now_ns: Callable[[], int]
    ) -> tuple[Ring, SampleClock, Outlet]:
        """What lies between the render thread and the device."""
        if isinstance(device, RemoteDevice):
            line = device.line(tap, now_ns)
            return line.ring, line.clock, line.outlet
        clock = SampleClock(device.rate_hz)
        ring = Ring(self.latency.ring_target_samples + device.rate_hz)
        return ring, clock, Outlet(ring, clock, now_ns, tap)

    def play(self, performance: Performance) -> None:
        """Play a file from the first sample on. Before `start`."""
        self._sources.append(FilePlayer(performance))

    def listen(
        self, midi: Keys, around: Callable[[EventSource], EventSource] = lambda source: source
    ) -> None:
        """Play what comes from MIDI inputs, which the engine closes at its end. Before `start`.

        `around` may put something between the inputs and the render thread.
        """
        source = LivePlayer(midi, self.clock, self.latency)
        self._players.append(source)
        self._sources.append(around(source))

    def add(self, source: EventSource) -> None:
        """Play what a source gives, beside all others. Before `start`."""
        self._sources.append(source)

    def start(self) -> None:
        """Fill the ring, then let the device take from it."""
        self._switch_interval_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.collect()
        gc.freeze()  # no collection may walk through the models' heap while playing
        self.fill_ring()
        self.outlet.armed = True
        self.render.start()
        self.device.start(self.outlet.fill)

    def stop(self) -> None:
        """Stop the device, then the threads; sources are closed. Harmless in any state."""
        self.device.stop()
        self.render.stop()
        for source in self._sources:
            source.close()
        if hasattr(self, "_switch_interval_s"):
            sys.setswitchinterval(self._switch_interval_s)
            gc.unfreeze()

    def fill_ring(self) -> None:
        """Render up to the target, in the caller's thread."""
        while self.render.step():
            pass

    def set_steps(self, steps: int) -> None:
        """Sample with so many steps from the next block on. Raises UsageError for a number not allowed."""
        self.chain.renderer.checked_steps(steps)
        self.render.between_blocks(lambda: self.take_steps(steps))

    def take_steps(self, steps: int) -> None:
        """Sample with so many steps and give up nothing, until the machine proves too slow for that. On the
        render thread, with a number that is allowed."""
        if self.render.shedder is not None:
            self.render.shedder = shedder_for(self.chain, steps)
        self.chain.set_load(Load(steps))

    def follow_device(self) -> None:
        """Take the device's block and latency as they are now into the sum, from the next block on. Harmless
        if they are what they were."""
        latency = latency_now(self.chain, self.device, self._config.margin_ms)
        if latency != self.latency:
            self.latency = latency
            self.render.between_blocks(lambda: self._take_latency(latency))

    def make_room(self) -> None:
        """Before another device plays: if it takes more at a time than the one before, wait until as much is
        rendered ahead, or the machine proves too slow for that."""
        wanted = latency_now(self.chain, self.device, self._config.margin_ms)
        if wanted.start_level_samples <= self.latency.start_level_samples:
            return  # the one before would run dry
        self.follow_device()
        until_s = time.monotonic() + ROOM_S
        while self.render.ahead_samples < self.latency.start_level_samples and time.monotonic() < until_s:
            time.sleep(SHORT_S)

    def look_at_ports(self) -> None:
        """Open and close MIDI ports now, not only at the next of the looks that come every second."""
        for player in self._players:
            player.look_at_ports()

    def reset_counters(self) -> None:
        """Count underruns, missing frames, blocks left out or made by the fallback, and late notes from zero
        in snapshots, and time the blocks from now on."""
        self._counters.reset()
        self.chain.timer.forget()
        self._summary = (0, {})

    @property
    def heard_frame(self) -> int:
        """The renderer's frame whose sound leaves the loudspeaker now; negative before the first."""
        asked = self.clock.frame_at(self._now_ns())
        reached = self.outlet.position if asked is None else min(asked, self.outlet.position)
        return reached - self.latency.lookahead_samples - self.device.latency_samples

    @property
    def performance_over(self) -> bool:
        """Whether every file has ended and nothing sounds any more, whatever keyboards may still play."""
        files = [source for source in self._sources if isinstance(source, FilePlayer)]
        return bool(files) and all(file.ended for file in files) and self.chain.silent

    @property
    def finished(self) -> bool:
        """Whether every source has ended and the last tail has been played."""
        end = self.render.finished_frame
        return end is not None and self.outlet.position >= end

    def check(self) -> None:
        """Raise what has gone wrong in another thread: the renderer's exception, or a device that is lost."""
        self.render.look()
        if not self.device.alive:
            raise DeviceError(f"{self.device.name} has stopped asking for audio: is it still connected?")

    def snapshot(self) -> EngineSnapshot:
        counts = self._counters.now()
        return EngineSnapshot(
            played_frames=self.outlet.position,
            ring_frames=self.ring.readable,
            latency=self.latency,
            underruns=counts.underruns,
            missing_frames=counts.missing_frames,
            blocks_left_out=counts.blocks_left_out,
            late_notes=counts.late_notes,
            blocks=self.chain.timer.blocks,
            times=self._times(),
            sounding=self.render.sounding,
            meters=self.chain.meters,
            steps=self.chain.renderer.steps,
            shed=self._shed(),
            underrun=self.render.underrun,
            faults=self.chain.faults,
            fallback=self._fallback_name(),
            fallback_blocks=counts.fallback_blocks,
            render_priority=str(self.render.priority),
            fallback_plays=self.render.fallback is not None and self.render.fallback.plays,
        )

    def _take_latency(self, latency: Latency) -> None:
        self.render.set_latency(latency)
        for player in self._players:
            player.set_latency(latency)
        before, after = self.render.fallback, chosen_fallback(self.chain, self._config, latency, self.device)
        if before is not None and after is not None:
            after.blocks, after.plays = before.blocks, before.plays
            self.render.fallback = after

    def _times(self) -> Mapping[str, StageTimes]:
        """Percentiles, worked out anew a few times a second: sorting thousands of blocks takes a while."""
        blocks, times = self._summary
        now = self.chain.timer.blocks
        if not times or now - blocks >= SUMMARY_BLOCKS:
            times = self.chain.timer.summary()
            self._summary = now, times
        return times

    def _fallback_name(self) -> str:
        chosen = Fallback.SILENCE if self.render.fallback is None else Fallback.ADDITIVE
        return str(chosen.value)

    def _shed(self) -> Load | None:
        shedder = self.render.shedder
        return None if shedder is None or not shedder.rung else shedder.load

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
