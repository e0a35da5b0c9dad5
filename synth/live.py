"""A rack played live: bundle, rack, audio device and MIDI inputs, put together and kept going.

What `neume play` without a file runs. The engine plays by itself; its owner comes by about fifty times a
second, carries out what knobs and commands ask for, and looks whether the device is still there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .audition.beside import AuditionsBeside, all_hear
from .block_timer import BlockTimer
from .bundle import open_named
from .capacity import affordable_streams
from .engine import Engine
from .engine_snapshot import EngineSnapshot
from .errors import NeumeError, UsageError
from .events import CHANNELS
from .keys_down import KeysDown
from .learning import LearningSource
from .link_keys import LinkKeys
from .live_settings import LiveSettings, open_device
from .live_snapshot import live_snapshot
from .live_takes import LiveTakes, rack_hash
from .midi_in import MidiInput
from .rack.knobs import value_of, with_value
from .rack.learn import Change, Learner, Mapping, with_mapping
from .rack.part import Rack
from .rack.played import PlayedRack
from .rack.preset_search import open_preset, save_preset
from .rack.session import save_session
from .rack.targets import parse_target
from .rack_chain import RackChain, ReadyRack
from .rack_loading import RackLoader
from .rack_sections import matched_steps
from .recording_told import RecordingTold
from .sources import PANIC, EventSource
from .stages import load_stages
from .takes import FinishedTake
from .transport.transport import Transport
from .watched_device import WatchedDevice

Float32: TypeAlias = NDArray[np.float32]
TICK_S: Final = 0.02
PANIC_BUTTON, NEXT, PREVIOUS = "panic", "preset.next", "preset.previous"


class LiveRack:
    """Owns an engine that plays a rack. One thread calls everything, `tick` about every `TICK_S`.

    Loads on that thread, which gives the render thread its treatment of denormals.
    """

    def __init__(self, rack: Rack, settings: LiveSettings, say: Callable[[str], None]) -> None:
        """Raises `NeumeError` for anything that keeps it from playing; nothing is left open then."""
        self._say = say
        self.problems: tuple[str, ...] = ()  # of the rack that is played
        bundle = open_named(settings.bundle)
        stages = load_stages(bundle)
        rate_hz, config = bundle.manifest.mel.rate_hz, settings.engine
        streams = settings.streams or affordable_streams(
            bundle, stages, CHANNELS, config.steps, config.block_hops
        )
        self.device = open_device(rate_hz, settings, say)
        with contextlib.ExitStack() as undo:
            undo.callback(self.device.stop)
            self.loader = RackLoader(bundle, stages, streams, seed=config.seed, block_hops=config.block_hops)
            undo.callback(self.loader.close)
            timer = BlockTimer(config.timed_blocks)
            self.chain = RackChain(self._ready(rack), steps=config.steps, timer=timer)
            if settings.mpe:
                self.chain.router.hear_mpe()
            self.chosen_steps = self.chain.renderer.steps  # those asked for
            self.takes = LiveTakes(self.chain, remembers=settings.remembers)
            undo.callback(self.takes.close)
            self.recording = RecordingTold(rate_hz, remembers=settings.remembers)
            feed = self.takes.feed
            feed.add(self.recording)
            self.down = KeysDown()
            self.wave_log: Callable[[Float32], object] = _nobody  # gets all blocks, on the render thread
            self.auditions = AuditionsBeside(rate_hz, feed, lambda: self.loader.default.bundle.folder)
            undo.callback(self.auditions.close)
            self.transport = Transport(rate_hz, self.chain.block_samples, lambda: self.engine.heard_frame)
            heard = (self.takes.heard, self.transport.source.heard, self.auditions.heard, self.down.follow)
            self.engine = Engine(
                self.chain,
                self.device,
                config,
                tap=self.auditions.tap,
                heard=all_hear(*heard),
                disturbed=self.takes.disturbed,
                beside=self._beside,
            )
            self.played = PlayedRack(rack, settings.preset or "")
            self.keys = LinkKeys()
            self.midi = MidiInput(settings.midi_in)
            self.learner = Learner(rack.mappings)
            self._learning: list[LearningSource] = []
            self.engine.listen(self.midi, self._learnt)
            self.engine.listen(self.keys, self._learnt)
            self.engine.add(self.transport.source)
            undo.pop_all()
        self.watched = WatchedDevice(self.device, say)

    @property
    def rack(self) -> Rack:
        return self.played.rack

    def start(self) -> None:
        self.engine.start()
        self.watched.start()

    def stop(self) -> None:
        """Stop everything. Harmless in any state."""
        self.watched.stop()
        self.transport.close()
        self.auditions.close()
        self.engine.stop()
        self.takes.close()
        for problem in self.loader.close():
            self._say(problem)

    def tick(self) -> None:
        """Carry out what has come. Raises what has gone wrong in the render thread."""
        self.engine.render.look()
        played = self.played
        for source in self._learning:
            while source.changes:
                played = self._turned(played, source.changes.popleft())
        if played is not self.played:
            self._play(played)
        for problem in self.loader.let_go(self.chain.departed):
            self._say(problem)
        self.watched.look(self.engine, self.midi)

    def set_rack(self, rack: Rack, preset: str | None = None) -> None:
        """Play another rack from the next block on; `preset` is the name of the one that it came from, empty
        for none, where that is another one, too. Raises `UsageError` for a rack that cannot be played."""
        self._play(self.played.then(rack, preset))

    def _play(self, played: PlayedRack) -> None:
        rack, learner = played.rack, self.learner
        ready, digest = self._ready(rack), rack_hash(rack)
        self.played = played
        self.engine.render.between_blocks(lambda: self._take_over(ready, digest))
        self.engine.render.between_blocks(lambda: learner.set_mappings(rack.mappings))

    def _take_over(self, ready: ReadyRack, digest: str, steps: int | None = None) -> None:
        self.chain.set_rack(ready)
        if steps is not None:
            self.engine.take_steps(steps)
        self.takes.changed(rack=digest, steps=steps)

    def load_bundle(self, name_or_path: str | Path) -> None:
        """Make another bundle the default one, or another version of it: from the next block on it begins
        the notes of the parts that play it, while those of the old one ring on.

        Raises BundleError with every fault, and changes nothing then, for a bundle that is bad or does not go
        with the running engine.
        """
        section, before = self.loader.candidate(name_or_path), self.loader.default
        if section is before:
            self._say(f"bundle {self.bundle_title} is playing already")
            return
        self.loader.set_default(section)
        sampling = (played.bundle.manifest.sampling for played in (before, section))
        self.chosen_steps = steps = matched_steps(self.chosen_steps, *sampling)
        ready, digest = self._ready(self.rack), rack_hash(self.rack)
        self.engine.render.between_blocks(lambda: self._take_over(ready, digest, steps))
        self._say(f"bundle {self.bundle_title}")

    @property
    def bundle_title(self) -> str:
        return f"{self.loader.default.id} {self.loader.default.version}"

    def load_preset(self, name: str) -> None:
        preset = open_preset(name)
        self.loader.try_again()
        self.set_rack(preset, name)
        self._say(f"preset {self.rack.name}")

    def save_preset(self, name: str) -> Path:
        """Keep the rack as a preset of the user's, which is then the one that is played; returns its file."""
        path = save_preset(self.rack, name)
        self.played = self.played.then(self.rack, name)
        return path

    def set_value(self, target: str, value: float) -> None:
        """Set one value of the rack by its target text, or do what the target does."""
        played = self._changed(self.played, target, value)
        if played is not self.played:
            self._play(played)

    def learn(self, target: str | None) -> None:
        """Let the next controller that moves turn `target`; None waits no more."""
        learner = self.learner
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
        self.loader.default.renderer.checked_steps(steps)  # the chain may not have taken it over yet
        self.engine.set_steps(steps)
        self.chosen_steps = steps
        self.engine.render.between_blocks(lambda: self.takes.changed(steps=steps))

    def set_audio(self, device: str | None, rate_hz: int | None, block_samples: int | None) -> None:
        """Play through another audio device, or in another way, as soon as it is open. None leaves the choice
        to Neume. Takes a second, so any thread may call it, one at a time.

        Raises `NeumeError` with what is allowed if it cannot be opened: then the one before plays on.
        """
        block_samples = LiveSettings().device_block_samples if block_samples is None else block_samples
        self.watched.choose(self.engine, device, rate_hz, block_samples)
        self._say(f"audio device {self.device.name}; latency {self.engine.latency}")

    def set_midi(self, names: Sequence[str]) -> None:
        """Listen to the MIDI inputs named in part, or to all if none is. Ports that leave let go of notes."""
        self.midi.choose(names)
        self.engine.look_at_ports()

    def record(self, path: Path) -> None:
        """Start a take. Raises what `LiveTakes.start` raises."""
        self.takes.start(path)
        self.recording.begin(path)

    def end_recording(self) -> FinishedTake | None:
        self.recording.end()
        return self.takes.stop()

    def keep_session(self) -> None:
        """Keep the rack for the next start, if that can be."""
        with contextlib.suppress(OSError, NeumeError):
            save_session(self.rack)

    def snapshot(self) -> EngineSnapshot:
        """Any thread."""
        return live_snapshot(self)

    def _beside(self, block: Float32, place: int) -> Float32:
        """What is played of a block that the chain has made, with auditions. On the render thread."""
        played = self.auditions.voice.mix(block, place)
        self.wave_log(played)
        return played

    def _ready(self, rack: Rack) -> ReadyRack:
        ready, problems = self.loader.ready(rack)
        for problem in problems:
            if problem not in self.problems:
                self._say(problem)
        self.problems = problems
        return ready

    def _learnt(self, source: EventSource) -> EventSource:
        learning = LearningSource(source, self.learner, lambda target: value_of(self.rack, target))
        self._learning.append(learning)
        return learning

    def _turned(self, played: PlayedRack, change: Change | Mapping) -> PlayedRack:
        """The rack after what a controller has done. One that is for a rack of before changes nothing."""
        if isinstance(change, Mapping):
            return played.then(replace(played.rack, mappings=with_mapping(played.rack.mappings, change)))
        try:
            return self._changed(played, change.target, change.value)
        except NeumeError as problem:
            self._say(str(problem))
            return played

    def _changed(self, played: PlayedRack, target: str, value: float) -> PlayedRack:
        """The rack after a knob has been turned or a button pressed."""
        if target == PANIC_BUTTON:
            self.panic()
            return played
        if target in (NEXT, PREVIOUS):
            self.loader.try_again()
            return played.beside(1 if target == NEXT else -1)
        return played.then(with_value(played.rack, target, value))


def _nobody(_block: Float32) -> None:
    """What blocks go to that nobody looks at."""
