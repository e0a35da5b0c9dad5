"""Measuring the live engine: a steady load of notes, paced by the clock as a sound card paces it.

Back to back, caches are warm and the clock speed is up; blocks that come one at a time with pauses between
them are slower, and those are the ones that a player lives on.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort

from .arrangement import arrange
from .block_timer import STAGES, StageTimes, percentiles
from .bundle import Bundle
from .engine import Engine, EngineConfig, make_chain
from .errors import UsageError
from .events import CHANNELS, DRUM_CHANNEL, MidiEvent, NoteOff, NoteOn, ProgramChange
from .latency import Latency
from .midi_file import Performance
from .paced_device import PacedDevice
from .stages import load_stages

WARM_UP_S: Final = 0.5  # not counted
NOTE_S: Final = 1.0  # each key is struck once in this time
HELD_SHARE: Final = 0.9  # of which it is held this share
PROGRAMS: Final = (0, 48, 33, 24, 73, 56, 16, 4, 11, 66, 40, 60, 19, 105, 81, 0)
LOWEST_KEY, KEYS_USED = 36, 60
NOTE_RANGE: Final = (0, 60)


@dataclass(frozen=True, slots=True)
class Load:
    """What is played: `notes` held keys on each of `streams` streams, for `seconds`."""

    seconds: float = 10.0
    streams: int = 1
    notes: int = 8
    device_block_samples: int = 128


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What came out. `misses` are blocks that took longer than they last."""

    bundle: str
    steps: int
    load: Load
    block_ms: float
    blocks: int
    misses: int
    underruns: int
    times: dict[str, StageTimes]
    latency: Latency
    machine: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """As JSON takes it."""
        latency = {**asdict(self.latency), "total_ms": self.latency.total_ms}
        return {**asdict(self), "latency": latency}


def run_bench(
    bundle: Bundle,
    load: Load,
    config: EngineConfig,
    show: Callable[[float], None] = lambda done: None,
) -> BenchReport:
    """Play `load` through the live engine and a paced device. `show` gets the share that is done.

    Raises UsageError for a load outside its range.
    """
    _check(load)
    manifest = bundle.manifest
    rate_hz = manifest.mel.rate_hz
    machine = {**machine_facts(), "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}
    stages = load_stages(bundle)
    machine["provider"] = stages.spectrogram.get_providers()[0]
    performance = steady_performance(load, rate_hz)
    blocks = int((load.seconds + 2 * WARM_UP_S + NOTE_S) * rate_hz) // manifest.block_samples
    config = replace(config, timed_blocks=blocks)
    device = PacedDevice(rate_hz, load.device_block_samples)
    chain = make_chain(bundle, stages, arrange(performance, load.streams), config)
    with Engine(chain, device, config) as engine:
        engine.play(performance)
        engine.start()
        while not engine.finished and engine.snapshot().played_s < load.seconds + WARM_UP_S:
            time.sleep(0.1)
            engine.check()
            show(min(1.0, engine.outlet.position / rate_hz / (load.seconds + WARM_UP_S)))
    times_ms = engine.chain.timer.times_ms()[int(WARM_UP_S * rate_hz) // manifest.block_samples :]
    block_ms = 1000.0 * manifest.block_samples / rate_hz
    return BenchReport(
        bundle=f"{manifest.bundle.id} {manifest.bundle.version}",
        steps=engine.chain.renderer.steps,
        load=load,
        block_ms=block_ms,
        blocks=len(times_ms),
        misses=int(np.count_nonzero(times_ms[:, STAGES.index("block")] > block_ms)),
        underruns=engine.outlet.underruns,
        times=percentiles(times_ms),
        latency=engine.latency,
        machine=machine,
    )


def steady_performance(load: Load, rate_hz: int) -> Performance:
    """The load as a performance: keys over five octaves, struck one after the other within a second."""
    events: list[MidiEvent] = []
    duration = int((load.seconds + WARM_UP_S) * rate_hz) + rate_hz
    period = int(NOTE_S * rate_hz)
    channels = [*range(DRUM_CHANNEL), *range(DRUM_CHANNEL + 1, CHANNELS), DRUM_CHANNEL]
    for channel, program in zip(channels[: load.streams], PROGRAMS, strict=False):
        events.append(ProgramChange(0, channel, program))
        for note in range(load.notes):
            key = LOWEST_KEY + note * KEYS_USED // max(1, load.notes)
            for start in range(note * period // load.notes, duration, period):
                velocity = 40 + (start // period * 13 + note * 29) % 80
                events.append(NoteOn(start, channel, key, velocity))
                events.append(NoteOff(start + int(HELD_SHARE * period), channel, key))
    events.sort(key=lambda event: event.frame)
    return Performance(tuple(events), duration, (), (), "bench")


def machine_facts() -> dict[str, Any]:
    """The processor, its cores that this process may use, and the versions that decide the speed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores,
        "system": platform.platform(),
        "python": platform.python_version(),
        "onnxruntime": ort.__version__,
    }


def _processor() -> str:
    """The processor's name; /proc/cpuinfo knows it on Linux, where `platform` does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _check(load: Load) -> None:
    low, high = NOTE_RANGE
    if not low <= load.notes <= high:
        raise UsageError(f"{load.notes} notes a stream; allowed are {low} to {high}")
    if not 0 < load.seconds <= 3600:
        raise UsageError(f"{load.seconds:g} seconds; allowed are more than 0 and at most 3600")
