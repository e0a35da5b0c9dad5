"""What a live engine tells about itself: one frozen record, for the panel, the command line and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .block_timer import StageTimes
from .latency import Latency
from .mixer import Meters
from .underrun import Underrun


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """The engine at one moment. Counters are since its start; times are of the last few thousand blocks."""

    played_frames: int
    ring_frames: int  # waiting to be played
    latency: Latency
    underruns: int  # times that the ring ran dry
    missing_frames: int  # padded with silence, fades included
    blocks_left_out: int  # too late to be played, so not rendered
    late_notes: int  # came after their block had been begun
    blocks: int  # rendered
    times: Mapping[str, StageTimes]  # stage → percentiles, `block` is the sum
    sounding: tuple[int, ...]  # notes of each stream
    meters: Meters
    steps: int  # of the sampler, now
    shed: str | None = None  # what is played with while the machine is too slow, None if all is as chosen
    underrun: Underrun | None = None  # the last one
    faults: tuple[str, ...] = ()  # of plug-ins and inserts, one line each
    rack: str = ""  # its name, where one is played
    device: str = ""
    device_state: str = "playing"  # or lost, waiting, back
    midi_ports: tuple[str, ...] = ()
    midi_missing: tuple[str, ...] = ()  # asked for by name and not there
    learning: str | None = None  # the target that waits for its controller

    @property
    def played_s(self) -> float:
        return self.played_frames / self.latency.rate_hz
