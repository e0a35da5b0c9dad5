"""What a live engine tells about itself: one frozen record, for the panel, the command line and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .block_timer import StageTimes
from .latency import Latency
from .mixer import Meters
from .shedding import Load
from .underrun import Underrun


@dataclass(frozen=True, slots=True)
class PortActivity:
    """What one MIDI input has said: how many messages, and the last of them in words."""

    name: str
    messages: int
    last: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The audio device as it runs, which need not be what was asked for."""

    name: str = ""
    host_api: str = ""
    rate_hz: int = 0
    block_samples: int = 0


@dataclass(frozen=True, slots=True)
class RecordingState:
    """A recording that goes on. `problem` says why it has stopped by itself, a full disk for instance."""

    path: str
    seconds: float
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TransportState:
    """The MIDI file in the transport."""

    path: str
    length_s: float
    position_s: float
    playing: bool
    loop: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PartActivity:
    """One part of the rack at this moment: its stream (-1: a plug-in of its own), the program that sounds,
    its notes, and its level after volume and before pan, linear."""

    stream: int
    program: int
    notes: int
    peak: float
    rms: float


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
    shed: Load | None = None  # what is played with while the machine is too slow, None if all is as chosen
    underrun: Underrun | None = None  # the last one
    faults: tuple[str, ...] = ()  # of plug-ins and inserts, one line each
    rack: str = ""  # its name, where one is played
    device: str = ""
    device_state: str = "playing"  # or lost, waiting, back
    midi_ports: tuple[str, ...] = ()
    midi_missing: tuple[str, ...] = ()  # asked for by name and not there
    learning: str | None = None  # the target that waits for its controller
    rack_revision: int = 0  # another number with every change of the rack; `get_rack` has its text
    preset: str = ""  # the one loaded last, by name
    bundle: str = ""  # the default one: id and version
    provider: str = ""  # of ONNX Runtime, the one that really runs
    allowed_steps: tuple[int, ...] = ()
    chosen_steps: int = 0  # what the user wants; `steps` is what runs
    parts: tuple[PartActivity, ...] = ()  # one for each part of the rack
    device_facts: DeviceFacts = DeviceFacts()
    ports: tuple[PortActivity, ...] = ()  # the MIDI inputs that are open, and the virtual one
    midi_available: tuple[str, ...] = ()  # all MIDI inputs of the system
    keys_down: tuple[int, ...] = ()  # 128 * channel + key, held on inputs, by clients or the transport
    sustain: int = 0  # 0 to 127, the furthest of all channels
    recent_ms: tuple[float, ...] = ()  # whole times of the last blocks, the newest last
    recording: RecordingState | None = None
    remembered_s: float = 0.0  # what `keep_last` would write
    transport: TransportState | None = None
    fallback: str = "silence"  # what is heard instead of blocks that are too late: silence or additive
    fallback_blocks: int = 0  # made by the additive voice
    fallback_plays: bool = False  # at this moment
    render_priority: str = ""  # of the render thread, and why not more

    @property
    def played_s(self) -> float:
        return self.played_frames / self.latency.rate_hz
