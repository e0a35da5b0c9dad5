"""What engine and audio process say to each other through pipes: settings, commands and one-line reports."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Final, Self

from ..audio_out import NoDeviceError
from ..errors import DeviceError, NeumeError, UsageError
from .shared import Sizes

START: Final = "start"  # commands, a line each; the end of the pipe is one too: the engine has ended
REST: Final = "rest"  # fade out and take nothing more until another start
STOP: Final = "stop"
STARTED: Final = "started"  # reports that are one word
RESTING: Final = "resting"
LOST: Final = "lost"
FAULTS: Final = {kind.__name__: kind for kind in (DeviceError, NoDeviceError, UsageError)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the audio process is started with. `rate_hz` is the ring's; `device_rate_hz` None: as it can."""

    descriptor: int  # of the shared memory, inherited
    ring_frames: int
    played_frames: int
    rate_hz: int
    block_samples: int  # of the device, at its own rate; 0 leaves it to the device, call by call
    name: str | None
    device_rate_hz: int | None

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.ring_frames, self.played_frames)

    def text(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Opened:
    """The device that the audio process has opened; samples are at the ring's rate unless said otherwise."""

    name: str
    host_api: str
    device_rate_hz: int
    device_block_samples: int  # as `block_samples`, at the device's rate
    block_samples: int  # the most that it takes at once
    latency_samples: int  # from the callback to the loudspeaker, the resampler included


Report = Opened | NeumeError | str


def report_line(report: Report) -> str:
    """One line for the pipe."""
    content: dict[str, Any]
    if isinstance(report, Opened):
        content = {"opened": dataclasses.asdict(report)}
    elif isinstance(report, NeumeError):
        content = {"fault": type(report).__name__, "text": str(report)}
    else:
        content = {"said": report}
    return json.dumps(content) + "\n"


def parse_report(line: str) -> Report:
    """What `report_line` made; a fault comes back as the same kind of error with the same text."""
    content = json.loads(line)
    if "opened" in content:
        return Opened(**content["opened"])
    if "fault" in content:
        return FAULTS.get(content["fault"], DeviceError)(content["text"])
    return str(content["said"])
