"""`neume devices`: the audio outputs and MIDI inputs that `neume play` can be told to use."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .device_list import AudioOutput, DeviceList


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(devices)


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    timeout_s: Annotated[
        float, typer.Option(help="How long to wait for a system that does not answer.", min=0.1, max=60.0)
    ] = 8.0,
) -> None:
    """List audio outputs and MIDI inputs: `neume play --audio-out` and `--midi-in` take a part of a name.

    Each output with its number, host API, the rates that it takes, and the latency it says it has; * is the
    default one. Exits with 1 if there is neither an output nor an input.
    """
    from .device_list import list_devices

    found = list_devices(timeout_s)
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print("\n".join(_lines(found)))
    for problem in (found.audio_problem, found.midi_problem):
        if problem is not None and not as_json:
            print(f"neume: {problem}", file=sys.stderr)
    if not found.audio_outputs and not found.midi_inputs:
        raise typer.Exit(1)


def _lines(found: DeviceList) -> Iterator[str]:
    yield f"audio outputs ({', '.join(found.host_apis) or 'no host API'})"
    for output in found.audio_outputs:
        yield _line(output)
    if not found.audio_outputs:
        yield "  none"
    yield f"MIDI inputs ({found.midi_api or 'no MIDI system'})"
    for name in found.midi_inputs or ("none",):
        yield f"  {name}"


def _line(output: AudioOutput) -> str:
    mark = "*" if output.default else " "
    rates = " ".join(f"{rate_hz / 1000:g}" for rate_hz in output.rates_hz) or "none of the usual rates"
    return (
        f"{mark} {output.number}  {output.host_api}: {output.name}, {output.channels} channels, {rates} kHz, "
        f"latency {output.latency_ms:.1f} ms"
    )
