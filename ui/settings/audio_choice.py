"""Which audio outputs there are to choose from, and how the engine is told of one. No widgets.

The engine takes part of a device's name, or its number, and of several that fit it takes the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from neume.synth.device_list import AudioOutput

USUAL_RATES_HZ: Final = (44_100, 48_000, 88_200, 96_000)
BLOCKS_SAMPLES: Final = (32, 64, 128, 256, 512, 1024)


def named(outputs: Sequence[AudioOutput], text: str) -> AudioOutput | None:
    """The output that the engine takes for `text`."""
    for output in outputs:
        if text.lower() in output.name.lower() or text == str(output.number):
            return output
    return None


def name_for(output: AudioOutput, outputs: Sequence[AudioOutput]) -> str:
    """What to call `output` so that the engine takes that one: its name, its number where the name is that of
    another one too, such as the same card through another host API."""
    return output.name if named(outputs, output.name) is output else str(output.number)


def host_apis(outputs: Sequence[AudioOutput]) -> tuple[str, ...]:
    """Those that have an output, in their order."""
    return tuple(dict.fromkeys(output.host_api for output in outputs))


def of_host_api(outputs: Sequence[AudioOutput], host_api: str) -> tuple[AudioOutput, ...]:
    """All of them for an empty name."""
    return tuple(output for output in outputs if host_api in ("", output.host_api))


def rates_of(output: AudioOutput | None, also_hz: int = 0) -> tuple[int, ...]:
    """The rates to offer, with `also_hz` in any case if it is not 0."""
    rates_hz = output.rates_hz if output is not None and output.rates_hz else USUAL_RATES_HZ
    return tuple(sorted({*rates_hz, also_hz} - {0}))


def blocks_with(also_samples: int) -> tuple[int, ...]:
    """The block sizes to offer, with this one in any case."""
    return tuple(sorted({*BLOCKS_SAMPLES, also_samples} - {0}))
