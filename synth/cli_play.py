"""`neume play`: a MIDI file, the demo or a keyboard through the live engine, to a loudspeaker or a file."""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .errors import UsageError

if TYPE_CHECKING:
    from .engine_snapshot import EngineSnapshot
    from .midi_file import Performance
    from .performance import Played

DEMO: Final = ("neume.presets", "demo.mid")
DEMO_WAV: Final = "neume-demo.wav"
FILE_MARGIN_MS: Final = (
    50.0  # nobody feels the delay of a file, and machines stall for 10 to 50 ms now and then
)


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(play)


def play(
    midi: Annotated[Path | None, typer.Argument(help="A MIDI file to play.", show_default=False)] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Play the built-in piano performance.")] = False,
    midi_in: Annotated[
        list[str] | None,
        typer.Option(help="Part of the name of a MIDI input to play from; may be repeated. Without: all."),
    ] = None,
    audio_out: Annotated[
        str | None, typer.Option(help="Part of the name, or the number, of the audio device.")
    ] = None,
    block: Annotated[int, typer.Option(help="Samples that the audio device takes at a time.")] = 128,
    steps: Annotated[
        int | None, typer.Option(help="Diffusion steps, as the bundle allows; more is better and slower.")
    ] = None,
    streams: Annotated[
        int | None,
        typer.Option(help="Parts rendered apart, 1 to 16. Without: each channel, if the machine can."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the noise: the same seed gives the same samples.")] = 0,
    margin_ms: Annotated[
        float | None,
        typer.Option(
            help="Extra delay, for a machine that stalls. Without: 0 for keyboards, 50 for a file alone.",
            min=0.0,
            max=1000.0,
        ),
    ] = None,
    bundle: Annotated[
        str | None, typer.Option(help="Name or folder of the bundle. Without: the default one.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Also write what is played to this WAV or FLAC file.")
    ] = None,
) -> None:
    """Play live: a MIDI file, the demo (--demo), or your keyboards, until the end or Ctrl-C.

    On a machine without an audio device it performs into a WAV file, by the clock, as if there were one.
    """
    from .engine import EngineConfig
    from .performance import Venue, perform

    if midi is not None and demo:
        raise UsageError("a MIDI file and --demo: choose one of them")
    performance = _performance(midi, demo)
    venue = Venue(bundle, audio_out, block, record, _stand_in(midi, demo))
    inputs = midi_in if performance is not None else midi_in or []
    if margin_ms is None:
        margin_ms = FILE_MARGIN_MS if inputs is None else 0.0
    config = EngineConfig(steps=steps, seed=seed, margin_ms=margin_ms)
    played = perform(performance, inputs, venue, config, streams=streams, say=_say, show=_show)
    _report(played)
    if played.problem is not None:
        raise played.problem


def _performance(midi: Path | None, demo: bool) -> Performance | None:
    from .midi_file import read_performance

    if demo:
        package, name = DEMO
        with importlib.resources.as_file(importlib.resources.files(package) / name) as path:
            return read_performance(path)
    if midi is None:
        return None
    performance = read_performance(midi)
    for warning in performance.warnings:
        _say(f"{midi}: {warning}")
    return performance


def _stand_in(midi: Path | None, demo: bool) -> Path | None:
    """The WAV file to perform into where there is no device and no --record; None for keyboards."""
    if demo:
        return Path(DEMO_WAV)
    return None if midi is None else Path(f"{midi.stem}-neume.wav")


def _say(line: str) -> None:
    print(f"neume: {line}", file=sys.stderr)


def _show(now: EngineSnapshot) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        minutes, seconds = divmod(int(now.played_s), 60)
        print(
            f"\r{minutes}:{seconds:02}  notes {sum(now.sounding):2}  underruns {now.underruns}  "
            f"block {now.times['block'].p99_ms:.1f} ms (p99) ",
            end="",
            file=sys.stderr,
            flush=True,
        )


def _report(played: Played) -> None:
    """What was played, and how it went, for people to read."""
    if sys.stderr.isatty():
        print(file=sys.stderr)
    end, times = played.end, played.end.times["block"]
    print(f"played     {end.played_s:.1f} s through {played.device}, bundle {played.bundle}")
    print(
        f"underruns  {end.underruns} ({end.missing_frames} samples missing, {end.blocks_left_out} blocks "
        f"left out, {end.late_notes} late notes)"
    )
    print(
        f"blocks     {end.blocks}, each {played.block_ms:.1f} ms long, rendered in {times.p50_ms:.1f} ms "
        f"(p50), {times.p99_ms:.1f} ms (p99), {times.max_ms:.1f} ms (max)"
    )
    print(f"latency    {end.latency}")
    if played.recorded is not None:
        print(f"recorded   {played.recorded}")
