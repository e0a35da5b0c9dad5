"""Which audio outputs there are to choose from, and what they are called in the list. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from neume.synth.device_list import AudioOutput

USUAL_RATES_HZ: Final = (44_100, 48_000, 88_200, 96_000)
BLOCKS_SAMPLES: Final = (32, 64, 128, 256, 512, 1024)


def label_of(output: AudioOutput, listed: Sequence[AudioOutput]) -> str:
    """Its name; with its host API where another one that is listed has the same, and with its number where
    that one is of the same host API, too."""
    alike = [other for other in listed if other.name == output.name and other is not output]
    if not alike:
        return output.name
    twins = any(other.host_api == output.host_api for other in alike)
    return f"{output.name} ({output.host_api}{f', {output.number}' if twins else ''})"


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
