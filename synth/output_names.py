"""What an audio output is called: its number, its name, its name with its host API, or a part of its name.

Beside the audio device. One card is often there through several host APIs, by the same name; numbers tell
them apart until the next device is plugged in. The panel offers outputs by it, the engine opens them by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar


class Output(Protocol):
    """`number` is PortAudio's."""

    @property
    def number(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def host_api(self) -> str: ...


OutputT = TypeVar("OutputT", bound=Output)


def full_name(output: Output) -> str:
    """`USB card, ALSA`: the same after other devices have come and gone."""
    return f"{output.name}, {output.host_api}"


def output_called(text: str, outputs: Sequence[OutputT]) -> OutputT | None:
    """The output of that number; else of that full name, that name, or the first with that part of a name,
    in any case of letters. None if there is none."""
    asked = text.lower()
    ways: tuple[Callable[[OutputT], bool], ...] = (
        lambda output: str(output.number) == text,
        lambda output: full_name(output).lower() == asked,
        lambda output: output.name.lower() == asked,
        lambda output: asked in output.name.lower(),
    )
    fitting: Iterator[OutputT] = (output for way in ways for output in outputs if way(output))
    return next(fitting, None)


def call_of(output: OutputT, outputs: Sequence[OutputT]) -> str:
    """What to call `output`, one of `outputs`, so that it is the one that is meant: its name if no other one
    has it, else its full name, or its number where that is another one's, too."""
    alike = [other for other in outputs if other.name.lower() == output.name.lower()]
    calls = (output.name, full_name(output)) if len(alike) == 1 else (full_name(output),)
    return next((call for call in calls if output_called(call, outputs) is output), str(output.number))
