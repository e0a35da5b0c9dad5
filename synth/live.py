"""A rack played live: bundle, rack, audio device and MIDI inputs, put together and kept going.

What `neume play` without a file runs. The engine plays by itself; its owner comes by about fifty times a
second, carries out what knobs and commands ask for, and looks whether the device is still there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from .audio.remote_device import RemoteDevice
from .audio.watch import DeviceState, DeviceWatch
from .audio_device import AudioDevice
from .audio_out import NoDeviceError
from .block_timer import BlockTimer
from .bundle import open_named
from .capacity import affordable_streams
from .engine import Engine, EngineConfig
from .engine_snapshot import EngineSnapshot
from .errors import DeviceError, NeumeError, UsageError
from .events import CHANNELS
from .learning import LearningSource
from .link_keys import LinkKeys
from .live_takes import LiveTakes, rack_hash
from .midi_in import MidiInput
from .paced_device import PacedDevice
from .rack.knobs import value_of, with_value
from .rack.learn import Change, Learner, Mapping, with_mapping
from .rack.part import Rack
from .rack.preset_search import open_preset, preset_after
from .rack.session import save_session
from .rack.targets import parse_target
from .rack_chain import RackChain, ReadyRack
from .rack_loading import RackLoader
from .sources import PANIC, EventSource
from .stages import load_stages

TICK_S: Final = 0.02
PANIC_BUTTON, NEXT, PREVIOUS = "panic", "preset.next", "preset.previous"


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What to play on. None takes what is there, or what the bundle says."""

    bundle: str | None = None
    audio_out: str | None = None
    device_rate_hz: int | None = None
    device_block_samples: int = 128
    midi_in: Sequence[str] = ()
    preset: str | None = None  # the name of the rack, if it is a preset's
    streams: int | None = None
    remembers: bool = False  # keep the last half hour of what is played
    needs_device: bool = True  # False: play by the clock where there is none
    engine: EngineConfig = field(default_factory=lambda: EngineConfig(sheds_load=True))


class LiveRack:
    """Owns an engine that plays a rack. One thread calls everything, `tick` about every `TICK_S`.

    Loads on that thread, which gives the render thread its treatment of denormals.
    """

    def __init__(self, rack: Rack, settings: LiveSettings, say: Callable[[str], None]) -> None:
        """Raises `NeumeError` for anything that keeps it from playing; nothing is left open then."""
        self._say = say
        self._problems: tuple[str, ...] = ()  # of the rack that is played
        bundle = open_named(settings.bundle)
        self.bundle_title = f"{bundle.manifest.bundle.id} {bundle.manifest.bundle.version}"
        stages = load_stages(bundle)
        rate_hz = bundle.manifest.mel.rate_hz
        config = settings.engine
        streams = settings.streams or affordable_streams(
            bundle, stages, CHANNELS, config.steps, config.block_hops
        )
        self.device = _device(rate_hz, settings)
        with contextlib.ExitStack() as undo:
            undo.callback(self.device.stop)
            block_samples = (config.block_hops or bundle.manifest.engine.block_hops) * (
                bundle.manifest.mel.hop_samples
            )
            self._loader = RackLoader(bundle.manifest.bundle.id, rate_hz, block_samples, streams)
            ready = self._ready(rack)
            self.chain = RackChain(
                bundle,
                stages,
                ready,
                streams=streams,
                steps=config.steps,
                seed=config.seed,
                block_hops=config.block_hops,
                timer=BlockTimer(config.timed_blocks),
            )
            self.takes = LiveTakes(bundle, self.chain, remembers=settings.remembers)
            undo.callback(self.takes.close)
            self.engine = Engine(
                self.chain,
                self.device,
                config,
                tap=self.takes.feed,
                heard=self.takes.heard,
                disturbed=self.takes.disturbed,
            )
            self.rack = rack
            self._preset = settings.preset  # the one loaded last, by name
            self.keys = LinkKeys()
            self.midi = MidiInput(settings.midi_in)
            self._learner = Learner(rack.mappings)
            self._learning: list[LearningSource] = []
            self.engine.listen(self.midi, self._learnt)
            self.engine.listen(self.keys, self._learnt)
            undo.pop_all()
        self._losses = 0  # of the device, as far as MIDI has been told
        self._watch = DeviceWatch(self.device, say) if isinstance(self.device, RemoteDevice) else None

    def start(self) -> None:
        self.engine.start()
        if self._watch is not None:
            self._watch.start()

    def stop(self) -> None:
        """Stop everything. Harmless in any state."""
        if self._watch is not None:
            self._watch.stop()
        self.engine.stop()
        self.takes.close()

    def tick(self) -> None:
        """Carry out what has come. Raises what has gone wrong in the render thread."""
        if self.engine.render.failure is not None:
            raise self.engine.render.failure
        rack = self.rack
        for source in self._learning:
            while source.changes:
                rack = self._turned(rack, source.changes.popleft())
        if rack is not self.rack:
            self.set_rack(rack)
        if self._watch is not None and self._watch.losses != self._losses:
            self._losses = self._watch.losses
            self.midi.doubt()

    def set_rack(self, rack: Rack) -> None:
        """Play another rack from the next block on. Raises `UsageError` for one that cannot be."""
        ready, digest = self._ready(rack), rack_hash(rack)
        learner = self._learner
        self.rack = rack
        self.engine.render.between_blocks(lambda: self._take_over(ready, digest))
        self.engine.render.between_blocks(lambda: learner.set_mappings(rack.mappings))

    def _take_over(self, ready: ReadyRack, digest: str) -> None:
        self.chain.set_rack(ready)
        self.takes.changed(rack=digest)

    def load_preset(self, name: str) -> None:
        self.set_rack(open_preset(name))
        self._preset = name
        self._say(f"preset {self.rack.name}")

    def set_value(self, target: str, value: float) -> None:
        """Set one value of the rack by its target text, or do what the target does."""
        rack = self._changed(self.rack, target, value)
        if rack is not self.rack:
            self.set_rack(rack)

    def learn(self, target: str | None) -> None:
        """Let the next controller that moves turn `target`; None waits no more."""
        learner = self._learner
        if target is None:
            self.engine.render.between_blocks(learner.cancel)
        else:
            Learner().touch(target)  # a text that is no target is told here, not on the render thread
            known = parse_target(target)
            if known is None or not self.rack.holds(known):
                raise UsageError(f"{target!r} names no value of the rack {self.rack.name!r}")
            self.engine.render.between_blocks(lambda: learner.touch(target))

    def panic(self) -> None:
        """Silence everything at once, tails too."""
        self.keys.press(time.monotonic_ns(), PANIC)

    def set_steps(self, steps: int) -> None:
        """Sample with so many steps from the next block on. Raises `UsageError` for a number not allowed."""
        self.engine.set_steps(steps)
        self.engine.render.between_blocks(lambda: self.takes.changed(steps=steps))

    def keep_session(self) -> None:
        """Keep the rack for the next start, if that can be."""
        with contextlib.suppress(OSError, NeumeError):
            save_session(self.rack)

    def snapshot(self) -> EngineSnapshot:
        """Any thread."""
        state = self._watch.state if self._watch is not None else DeviceState.PLAYING
        now = self.engine.snapshot()
        return replace(
            now,
            rack=self.rack.name,
            device=self.device.name,
            device_state=state.value,
            midi_ports=self.midi.ports,
            midi_missing=self.midi.missing,
            learning=self._learner.armed,
            faults=(*self._problems, *now.faults, *self._loader.faults),
        )

    def _ready(self, rack: Rack) -> ReadyRack:
        ready, problems = self._loader.ready(rack)
        for problem in problems:
            if problem not in self._problems:
                self._say(problem)
        self._problems = problems
        return ready

    def _learnt(self, source: EventSource) -> EventSource:
        learning = LearningSource(source, self._learner, lambda target: value_of(self.rack, target))
        self._learning.append(learning)
        return learning

    def _turned(self, rack: Rack, change: Change | Mapping) -> Rack:
        """The rack after what a controller has done. One that is for a rack of before changes nothing."""
        if isinstance(change, Mapping):
            return replace(rack, mappings=with_mapping(rack.mappings, change))
        try:
            return self._changed(rack, change.target, change.value)
        except NeumeError as problem:
            self._say(str(problem))
            return rack

    def _changed(self, rack: Rack, target: str, value: float) -> Rack:
        """The rack after a knob has been turned or a button pressed."""
        if target == PANIC_BUTTON:
            self.panic()
            return rack
        if target in (NEXT, PREVIOUS):
            self._preset = preset_after(self._preset, 1 if target == NEXT else -1)
            return open_preset(self._preset)
        return with_value(rack, target, value)


def _device(rate_hz: int, settings: LiveSettings) -> AudioDevice:
    try:
        return RemoteDevice(
            rate_hz,
            settings.device_block_samples,
            settings.audio_out,
            device_rate_hz=settings.device_rate_hz,
        )
    except NoDeviceError as fault:
        if settings.needs_device:
            raise DeviceError(f"{fault}; to perform into a file instead, add --record FILE.wav") from None
        return PacedDevice(rate_hz, settings.device_block_samples)
