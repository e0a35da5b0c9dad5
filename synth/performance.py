"""One evening of the live engine: opens bundle, device, inputs and recorder, plays, and closes them in order.

What `neume play` runs. Everything that can be wrong is looked at before the first sound.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from .arrangement import Arrangement, arrange, live_arrangement
from .audio.remote_device import RemoteDevice
from .audio_device import AudioDevice
from .audio_out import NoDeviceError
from .bundle import Bundle, open_named
from .capacity import affordable_streams
from .engine import Engine, EngineConfig, make_chain
from .engine_snapshot import EngineSnapshot
from .errors import DeviceError, NeumeError
from .midi_file import Performance
from .midi_in import MidiInput
from .paced_device import PacedDevice
from .recorder import Recorder
from .stages import Stages, load_stages

LOOK_EVERY_S: Final = 0.05
SHOW_EVERY_S: Final = 0.25
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Venue:
    """Where to play. `stand_in` is the file to perform into where there is no device; None refuses to."""

    bundle: str | None
    audio_out: str | None
    block_samples: int
    record: Path | None
    stand_in: Path | None
    device_rate_hz: int | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """How it went. `problem` is what kept the recording from being written, or the device from going on."""

    end: EngineSnapshot
    device: str
    bundle: str
    block_ms: float
    recorded: Path | None
    problem: NeumeError | None


def perform(
    performance: Performance | None,
    inputs: Sequence[str] | None,
    venue: Venue,
    config: EngineConfig,
    *,
    streams: int | None = None,
    say: Callable[[str], None],
    show: Callable[[EngineSnapshot], None],
) -> Played:
    """Play a performance, MIDI inputs (`inputs` are parts of their names, none for all; None listens to
    nothing), or both; until a performance without inputs ends, or until Ctrl-C.

    `say` gets lines for the user, `show` a snapshot a few times a second.
    """
    bundle = open_named(venue.bundle)
    rate_hz = bundle.manifest.mel.rate_hz
    device, target = _stage(venue, rate_hz)
    stages = load_stages(bundle)
    with interruptible(), contextlib.ExitStack() as closing:
        recorder = None
        if target is not None:
            lookahead = bundle.manifest.engine.lookahead_hops * bundle.manifest.mel.hop_samples
            recorder = Recorder(target, rate_hz, leave_out_frames=lookahead)
            closing.callback(recorder.close)
        if performance is not None and inputs is None and streams is None:
            streams = _affordable(performance, bundle, stages, config, say)
        arrangement = _arrangement(performance, inputs, streams)
        engine = Engine(make_chain(bundle, stages, arrangement, config), device, config, tap=recorder)
        closing.callback(engine.stop)
        if performance is not None:
            engine.play(performance)
        if inputs is not None:
            engine.listen(_opened(inputs, say))
        if isinstance(device, PacedDevice):
            say(f"there is no audio output device: performing into {target}, by the clock")
        say(f"latency {engine.latency}")
        problem = _until_the_end(engine, recorder, show)
        end = engine.snapshot()
    if recorder is not None:
        problem = problem or recorder.problem
        if recorder.lost_frames:
            say(f"the disk was too slow: {recorder.lost_frames} samples are missing in {target}")
    return Played(
        end=end,
        device=device.name,
        bundle=_title(bundle),
        block_ms=1000.0 * bundle.manifest.block_samples / rate_hz,
        recorded=None if recorder is None or recorder.problem else target,
        problem=problem,
    )


def _stage(venue: Venue, rate_hz: int) -> tuple[AudioDevice, Path | None]:
    """The device to play on and the file to record into: a real device, or else the clock and a file."""
    try:
        device = RemoteDevice(
            rate_hz, venue.block_samples, venue.audio_out, device_rate_hz=venue.device_rate_hz
        )
        return device, venue.record
    except NoDeviceError as fault:
        target = venue.record or venue.stand_in
        if target is None:
            raise DeviceError(f"{fault}; to perform into a file instead, add --record FILE.wav") from None
        return PacedDevice(rate_hz, venue.block_samples), target


def _arrangement(
    performance: Performance | None, inputs: Sequence[str] | None, streams: int | None
) -> Arrangement:
    if performance is None or inputs is not None:
        return live_arrangement()
    return arrange(performance, streams)


def _affordable(
    performance: Performance, bundle: Bundle, stages: Stages, config: EngineConfig, say: Callable[[str], None]
) -> int:
    """As many streams as the performance has parts, or as the machine can take."""
    parts = arrange(performance).streams
    streams = affordable_streams(bundle, stages, parts, config.steps)
    if streams < parts:
        say(f"{parts} parts share {streams} streams: this machine has no time for more (--streams decides)")
    return streams


def _opened(inputs: Sequence[str], say: Callable[[str], None]) -> MidiInput:
    midi = MidiInput(inputs)
    if midi.problem is not None:
        raise DeviceError(midi.problem)
    say(f"listening to {', '.join(midi.ports) or 'no MIDI input yet'}; Ctrl-C ends")
    if midi.missing:
        say(f"waiting for a MIDI input called {', '.join(midi.missing)}")
    return midi


def _until_the_end(
    engine: Engine, recorder: Recorder | None, show: Callable[[EngineSnapshot], None]
) -> NeumeError | None:
    """Play to the end, to Ctrl-C, or to what makes going on pointless, which is returned."""
    shown_s = 0.0
    with contextlib.suppress(KeyboardInterrupt):
        engine.start()
        while not engine.finished:
            time.sleep(LOOK_EVERY_S)
            if time.monotonic() - shown_s > SHOW_EVERY_S:
                shown_s = time.monotonic()
                show(engine.snapshot())
            if recorder is not None and recorder.problem and isinstance(engine.device, PacedDevice):
                return recorder.problem
            try:
                engine.check()
            except DeviceError as problem:
                return problem
    return None


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the playing; further ones must not disturb the closing."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    previous = [signal.signal(number, interrupt) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, previous, strict=True):
            signal.signal(number, handler)


def _title(bundle: Bundle) -> str:
    return f"{bundle.manifest.bundle.id} {bundle.manifest.bundle.version}"
