"""What an engine says to its clients: who it is, replies, faults, snapshots, mel frames, waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from ..engine_snapshot import EngineSnapshot
from .commands import Command
from .errors import ControlError
from .rules import Between
from .snapshots import MelChunk, WaveChunk
from .vocabulary import COMMANDS, KIND, Vocabulary, json_object

PROTOCOL: Final = 2  # of all that this package puts on a line
REQUEST: Final = "request"
MAX_REQUEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Hello:
    """The first line of every connection."""

    protocol: int
    engine: str  # its name
    process_id: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request: `text` says why it failed, or what came of it where that is worth a line."""

    request: Annotated[int, Between(0, MAX_REQUEST)]
    done: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that nobody waits for a reply to has failed: a posted command, a line that is none."""

    text: str


Message: TypeAlias = Hello | Reply | Fault | EngineSnapshot | MelChunk | WaveChunk
MESSAGES: Final = Vocabulary(
    {
        "hello": Hello,
        "reply": Reply,
        "fault": Fault,
        "snapshot": EngineSnapshot,
        "mels": MelChunk,
        "waves": WaveChunk,
    }
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One line from a client: a command or the fault that kept it from being one, and the number it wants
    a reply to, if any."""

    request: int | None
    command: Command | None
    fault: str = ""


def command_line(command: Command, request: int | None = None) -> bytes:
    """The line of a command. Raises ControlError for one that the engine would refuse unseen."""
    line = COMMANDS.line(command) if request is None else COMMANDS.line(command, request=request)
    fault = hear(line[:-1]).fault
    if fault:
        raise ControlError(fault)
    return line


def hear(line: bytes) -> Heard:
    """What a client says. Never raises."""
    request = None
    try:
        plain = json_object(line)
        request = _request(plain)
        return Heard(request, COMMANDS.read(plain))
    except ControlError as error:
        return Heard(request, None, str(error))


def _request(plain: dict[str, Any]) -> int | None:
    number = plain.pop(REQUEST, None)
    if number is None or (type(number) is int and 0 <= number <= MAX_REQUEST):
        return number
    raise ControlError(f"{KIND} {plain.get(KIND)!r}: request must be a whole number, 0 to {MAX_REQUEST}")


def read_message(line: bytes) -> Message:
    """What an engine says. Raises ControlError."""
    message: Message = MESSAGES.read(json_object(line))
    return message
