"""Every command that an engine takes from other processes: one frozen record each.

A command is made in the panel, a script or a test, travels as one line of JSON (`vocabulary`), and reaches
the engine's owner as a `Request`, or the engine's ear if it is played. The type hints are the table of what
is allowed, and both ends read it. What a target, a name or a device means is the engine's to say.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from ..events import CHANNELS
from .errors import ControlError
from .rules import Absolute, AtMost, Between, Line, Text

PARTS: Final = 16
LONGEST_RACK: Final = 65_536  # characters of a preset's TOML; sixteen full parts take a quarter of it
MOST_MIDI_NAMES: Final = 64
FASTEST_HZ: Final = 120.0

Channel: TypeAlias = Annotated[int, Between(0, CHANNELS - 1)]
Part: TypeAlias = Annotated[int, Between(0, PARTS - 1)]
Seven: TypeAlias = Annotated[int, Between(0, 127)]
Velocity: TypeAlias = Annotated[int, Between(1, 127)]
Bend: TypeAlias = Annotated[int, Between(-8192, 8191)]
StampNs: TypeAlias = Annotated[int, Between(0, 2**63 - 1)]
Value: TypeAlias = Annotated[float, Between(-1e9, 1e9)]
Steps: TypeAlias = Annotated[int, Between(0, 1000)]
RateHz: TypeAlias = Annotated[int, Between(4000, 768_000)]
BlockSamples: TypeAlias = Annotated[int, Between(8, 16_384)]
PositionS: TypeAlias = Annotated[float, Between(0.0, 1e6)]
UpdatesHz: TypeAlias = Annotated[float, Between(0.0, FASTEST_HZ)]
DeviceName: TypeAlias = Annotated[str, Line(400)]
File: TypeAlias = Annotated[Path, Absolute()]
PresetName: TypeAlias = Annotated[
    str, Line(100, re.compile(r"[^./\\][^/\\]*"), "no slash in it and no dot before it")
]
PresetOrNone: TypeAlias = Annotated[str, Text(100)]
BundleName: TypeAlias = Annotated[str, Line(4096)]
Program: TypeAlias = Annotated[int, Between(0, 128)]
RackText: TypeAlias = Annotated[str, Text(LONGEST_RACK)]
Target: TypeAlias = Annotated[
    str, Line(128, re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"), "such as part.2.volume_db")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Played by hand, on one channel or straight on one part. `stamp_ns` of `time.monotonic_ns`, which all
    processes share, makes it sound at stamp + D like a key of a keyboard."""

    kind: ClassVar[str] = "played"
    channel: Channel | None = None
    part: Part | None = None
    stamp_ns: StampNs = field(default_factory=time.monotonic_ns)

    def __post_init__(self) -> None:
        if (self.channel is None) == (self.part is None):
            raise ControlError(
                f"{self.kind} is for channel {self.channel} and part {self.part}; allowed: one of the two"
            )


@dataclass(frozen=True, slots=True)
class NoteOn(Played):
    kind: ClassVar[str] = "note_on"
    key: Seven
    velocity: Velocity


@dataclass(frozen=True, slots=True)
class NoteOff(Played):
    kind: ClassVar[str] = "note_off"
    key: Seven


@dataclass(frozen=True, slots=True)
class ControlChange(Played):
    kind: ClassVar[str] = "control_change"
    controller: Seven
    value: Seven


@dataclass(frozen=True, slots=True)
class PitchBend(Played):
    kind: ClassVar[str] = "pitch_bend"
    value: Bend


@dataclass(frozen=True, slots=True)
class Panic:
    """Silence at once, tails included. It keeps its place among what is played."""

    kind: ClassVar[str] = "panic"
    stamp_ns: StampNs = field(default_factory=time.monotonic_ns)


@dataclass(frozen=True, slots=True)
class SetRack:
    """The whole rack, as the TOML text of a preset. `name` is that of the preset that it came from, empty for
    none, from which next and previous are counted; None leaves that as it was."""

    kind: ClassVar[str] = "set_rack"
    preset: RackText
    name: PresetOrNone | None = None


@dataclass(frozen=True, slots=True)
class GetRack:
    """The reply's text is the rack that is played, see `rack_told`."""

    kind: ClassVar[str] = "get_rack"


@dataclass(frozen=True, slots=True)
class LoadBundle:
    """Another default bundle, by name or absolute folder, while playing: checked first, no gap."""

    kind: ClassVar[str] = "load_bundle"
    bundle: BundleName


@dataclass(frozen=True, slots=True)
class Audition:
    """Let a short phrase be heard beside what is played; program 128 is the drum kit. None ends one.

    Not recorded, and nothing of it stays.
    """

    kind: ClassVar[str] = "audition"
    program: Program | None = None
    bundle: BundleName | None = None  # None: the default one


@dataclass(frozen=True, slots=True)
class LoadPreset:
    kind: ClassVar[str] = "load_preset"
    name: PresetName


@dataclass(frozen=True, slots=True)
class SavePreset:
    kind: ClassVar[str] = "save_preset"
    name: PresetName


@dataclass(frozen=True, slots=True)
class SetValue:
    """One value of the rack, in the unit that its target names: `part.0.insert.1.mix`, `gain_db`."""

    kind: ClassVar[str] = "set_value"
    target: Target
    value: Value


@dataclass(frozen=True, slots=True)
class SetSteps:
    """Diffusion steps, of those that the bundle allows."""

    kind: ClassVar[str] = "set_steps"
    steps: Steps


@dataclass(frozen=True, slots=True)
class SetAudio:
    """Another audio device; None leaves the choice to the engine."""

    kind: ClassVar[str] = "set_audio"
    device: DeviceName | None = None
    rate_hz: RateHz | None = None
    block_samples: BlockSamples | None = None


@dataclass(frozen=True, slots=True)
class SetMidi:
    """MIDI inputs by parts of their names; none means all."""

    kind: ClassVar[str] = "set_midi"
    names: Annotated[tuple[DeviceName, ...], AtMost(MOST_MIDI_NAMES)] = ()


@dataclass(frozen=True, slots=True)
class Learn:
    """The next controller that moves turns this target; None stops waiting for one."""

    kind: ClassVar[str] = "learn"
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class RecordStart:
    kind: ClassVar[str] = "record_start"
    path: File


@dataclass(frozen=True, slots=True)
class RecordStop:
    kind: ClassVar[str] = "record_stop"


@dataclass(frozen=True, slots=True)
class KeepLast:
    """Write what was played lately, kept in memory until now, to a file."""

    kind: ClassVar[str] = "keep_last"
    path: File


@dataclass(frozen=True, slots=True)
class PlayFile:
    """Load a MIDI file into the transport."""

    kind: ClassVar[str] = "play_file"
    path: File


@dataclass(frozen=True, slots=True)
class Transport:
    """`position_s` None stays where it is, `loop` None as it is."""

    kind: ClassVar[str] = "transport"
    action: Literal["play", "pause", "stop"]
    position_s: PositionS | None = None
    loop: bool | None = None


@dataclass(frozen=True, slots=True)
class ResetCounters:
    kind: ClassVar[str] = "reset_counters"


@dataclass(frozen=True, slots=True)
class SaveTrace:
    """Write the times of the last blocks to a file."""

    kind: ClassVar[str] = "save_trace"
    path: File


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Snapshots at this rate from now on, with mel frames, meters and the waveform if they are wanted; 0 Hz
    ends them."""

    kind: ClassVar[str] = "subscribe"
    hz: UpdatesHz
    mel: bool = False
    meters: bool = True
    wave: bool = False


@dataclass(frozen=True, slots=True)
class Quit:
    """The engine ends, with a reply before it does."""

    kind: ClassVar[str] = "quit"


PlayedCommand: TypeAlias = NoteOn | NoteOff | ControlChange | PitchBend | Panic
EngineCommand: TypeAlias = (
    SetRack
    | GetRack
    | LoadBundle
    | Audition
    | LoadPreset
    | SavePreset
    | SetValue
    | SetSteps
    | SetAudio
    | SetMidi
    | Learn
    | RecordStart
    | RecordStop
    | KeepLast
    | PlayFile
    | Transport
    | ResetCounters
    | SaveTrace
    | Quit
)
Command: TypeAlias = PlayedCommand | EngineCommand | Subscribe
