"""The live engine: MIDI and files in, an audio device out, with a constant delay between them.

    MIDI threads ─▶ queues ─▶ render thread ─▶ ring ─▶ the device's callback ─▶ loudspeaker, recorder's thread

The render thread waits for nothing but the ring's level; the callback waits for nothing at all. The device's
own clock is the only one: `SampleClock` follows it, and every event is placed on it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from .arrangement import Arrangement
from .audio.remote_device import RemoteDevice
from .audio_device import AudioDevice
from .block_timer import BlockTimer, StageTimes
from .bundle import Bundle
from .chain import Chain
from .engine_snapshot import EngineSnapshot
from .errors import DeviceError
from .events import MidiEvent
from .latency import latency_sum
from .midi_file import Performance
from .mixer import Meters
from .outlet import Outlet, Tap
from .render_thread import BlockChain, RenderThread
from .renderer import StreamRenderer
from .ring import Ring
from .sample_clock import SampleClock
from .shedding import Shedder, load_ladder
from .sources import EventSource, FilePlayer, Keys, LivePlayer
from .stages import Stages

SUMMARY_BLOCKS: Final = 32  # a third of a second
SWITCH_INTERVAL_S: Final = 0.0005  # how long a busy Python thread may keep the callback waiting


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How to play. None takes what the bundle says."""

    steps: int | None = None
    seed: int = 0
    margin_ms: float = 0.0  # kept ready on top of what D needs
    block_hops: int | None = None
    timed_blocks: int = 4096  # the last blocks that the snapshot's times are of
    sheds_load: bool = False  # with fewer steps and releases while blocks are late


def make_chain(bundle: Bundle, stages: Stages, arrangement: Arrangement, config: EngineConfig) -> Chain:
    """The chain for MIDI channels as they are, without a rack."""
    return Chain(
        bundle,
        stages,
        arrangement,
        steps=config.steps,
        seed=config.seed,
        block_hops=config.block_hops,
        timer=BlockTimer(config.timed_blocks),
    )


class LiveChain(BlockChain, Protocol):
    """What an engine asks of its chain, beside making blocks."""

    @property
    def renderer(self) -> StreamRenderer: ...

    @property
    def meters(self) -> Meters: ...

    @property
    def faults(self) -> tuple[str, ...]: ...


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
        config: EngineConfig = EngineConfig(),
        *,
        tap: Tap | None = None,
        heard: Callable[[Sequence[MidiEvent]], None] | None = None,
        disturbed: Callable[[int], None] = lambda frame: None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`tap` gets all that is played; on the render thread, `heard` is told each block's events, and
        `disturbed` which blocks are left out or rendered with less."""
        renderer = chain.renderer
        rate_hz = renderer.rate_hz
        if device.rate_hz != rate_hz:
            raise DeviceError(
                f"{device.name} plays at {device.rate_hz} Hz; the bundle makes {rate_hz} Hz: choose a device "
                f"that plays at {rate_hz} Hz"
            )
        self.chain, self.device = chain, device
        self.latency = latency_sum(
            rate_hz=rate_hz,
            block_samples=chain.block_samples,
            lookahead_samples=renderer.lookahead_samples,
            device_block_samples=device.block_samples,
            device_latency_samples=device.latency_samples,
            margin_samples=round(config.margin_ms * rate_hz / 1000),
        )
        self.ring, self.clock, self.outlet = self._line(device, tap, now_ns)
        self._sources: list[EventSource] = []
        self._summary: tuple[int, Mapping[str, StageTimes]] = (0, {})
        self.render = RenderThread(
            chain,
            self.ring,
            self.outlet,
            self.latency,
            self._sources,
            _shedder(chain, config),
            heard,
            disturbed,
        )

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
        source = LivePlayer(midi, self.clock, self.latency, self.device.latency_samples)
        self._sources.append(around(source))

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
        if self.render.shedder is not None:
            self.render.shedder = _shedder_for(self.chain, steps)
        self.render.between_blocks(lambda: self.chain.renderer.set_steps(steps))

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
        if self.render.failure is not None:
            raise self.render.failure
        if not self.device.alive:
            raise DeviceError(f"{self.device.name} has stopped asking for audio: is it still connected?")

    def snapshot(self) -> EngineSnapshot:
        return EngineSnapshot(
            played_frames=self.outlet.position,
            ring_frames=self.ring.readable,
            latency=self.latency,
            underruns=self.outlet.underruns,
            missing_frames=self.outlet.missing_frames,
            blocks_left_out=self.render.blocks_left_out,
            late_notes=self.render.late_notes,
            blocks=self.chain.timer.blocks,
            times=self._times(),
            sounding=self.render.sounding,
            meters=self.chain.meters,
            steps=self.chain.renderer.steps,
            shed=self._shed(),
            underrun=self.render.underrun,
            faults=self.chain.faults,
        )

    def _times(self) -> Mapping[str, StageTimes]:
        """Percentiles, worked out anew a few times a second: sorting thousands of blocks takes a while."""
        blocks, times = self._summary
        now = self.chain.timer.blocks
        if not times or now - blocks >= SUMMARY_BLOCKS:
            times = self.chain.timer.summary()
            self._summary = now, times
        return times

    def _shed(self) -> str | None:
        shedder = self.render.shedder
        return None if shedder is None or not shedder.rung else str(shedder.load)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _shedder(chain: LiveChain, config: EngineConfig) -> Shedder | None:
    return _shedder_for(chain, chain.renderer.steps) if config.sheds_load else None


def _shedder_for(chain: LiveChain, steps: int) -> Shedder:
    renderer = chain.renderer
    block_ms = 1000.0 * renderer.block_samples / renderer.rate_hz
    return Shedder(load_ladder(steps, renderer.steps_allowed), block_ms)
