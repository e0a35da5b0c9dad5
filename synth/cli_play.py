"""`neume play`: a MIDI file, the demo or a keyboard through the live engine, to a loudspeaker or a file."""

from __future__ import annotations

import importlib.resources
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer

from .errors import UsageError
from .fallback_choice import Fallback

if TYPE_CHECKING:
    from .engine_snapshot import EngineSnapshot
    from .live import LiveRack
    from .midi_file import Performance
    from .performance import Played
    from .rack.part import Rack

DEMO: Final = ("neume.presets", "demo.mid")
DEMO_WAV: Final = "neume-demo.wav"
DEVICE_BLOCK: Final = 128
LOW_LATENCY_BLOCK: Final = 64
FILE_MARGIN_MS: Final = (
    50.0  # nobody feels the delay of a file, and machines stall for 10 to 50 ms now and then
)


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(play)


def device_block(block: int | None) -> int | None:
    """What --block says. Raises UsageError for what no device is asked for over the control link either."""
    from .control.commands import BlockSamples

    _, limits = get_args(BlockSamples)
    if block is not None and not limits.accepts(block):
        raise UsageError(f"--block {block}: allowed are {limits} samples")
    return block


def chosen_block(block: int | None, low_latency: bool) -> int:
    """What a device is asked to take at a time, in samples, if --block says nothing."""
    return block or (LOW_LATENCY_BLOCK if low_latency else DEVICE_BLOCK)


def stream_count(streams: int | None) -> int | None:
    """What --streams says. Raises UsageError for what no rack and no file is played on."""
    from .events import CHANNELS

    if streams is not None and not 1 <= streams <= CHANNELS:
        raise UsageError(f"--streams {streams}: allowed are 1 to {CHANNELS}")
    return streams


def play(
    midi: Annotated[Path | None, typer.Argument(help="A MIDI file to play.", show_default=False)] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Play the built-in piano performance.")] = False,
    midi_in: Annotated[
        list[str] | None,
        typer.Option(help="Part of the name of a MIDI input to play from; may be repeated. Without: all."),
    ] = None,
    audio_out: Annotated[
        str | None,
        typer.Option(help="The audio device: part of its name, its number, or 'NAME, HOST API' in full."),
    ] = None,
    block: Annotated[
        int | None,
        typer.Option(
            callback=device_block,
            help="Samples that the audio device takes at a time. Without: 128, or 64 with --low-latency.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Diffusion steps, as the bundle allows; more is better and slower.")
    ] = None,
    streams: Annotated[
        int | None,
        typer.Option(
            callback=stream_count,
            help="Parts rendered apart, 1 to 16. Without: each channel, if the machine can.",
        ),
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
    preset: Annotated[
        str | None,
        typer.Option(help="Name or file of the rack to play. Without: the last one, or a grand piano."),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(help="Rate of the audio device in Hz. Without: 48000 if it can, else its own."),
    ] = None,
    low_latency: Annotated[
        bool, typer.Option("--low-latency", help="Shorter blocks: less delay, nearly twice the work.")
    ] = False,
    mpe: Annotated[
        bool,
        typer.Option(
            "--mpe", help="Hear MPE controllers: a channel for each note. For a file, with --preset."
        ),
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Also write what is played to this WAV or FLAC file.")
    ] = None,
    fallback: Annotated[
        Fallback, typer.Option(help="What is heard while the machine is too slow for the models.")
    ] = Fallback.SILENCE,
    realtime: Annotated[
        bool, typer.Option("--realtime/--no-realtime", help="Real-time priority, where the system allows it.")
    ] = True,
) -> None:
    """Play live: a MIDI file, the demo (--demo), or your keyboards through a rack, until the end or Ctrl-C.

    A file is played as it is, or through a rack with --preset. On a machine without an audio device it is
    performed into a WAV file, by the clock, as if there were one.
    """
    from .engine import EngineConfig
    from .live_session import play_rack
    from .live_settings import LiveSettings
    from .performance import Venue, perform

    if midi is not None and demo:
        raise UsageError("a MIDI file and --demo: choose one of them")
    performance = _performance(midi, demo)
    block = chosen_block(block, low_latency)
    through_rack = performance is None or preset is not None
    if mpe and not through_rack:
        raise UsageError("--mpe is heard by a rack: name the one to play the file through, --preset NAME")
    if margin_ms is None:
        margin_ms = 0.0 if midi_in is not None or performance is None else FILE_MARGIN_MS
    config = EngineConfig(
        steps=steps,
        seed=seed,
        margin_ms=margin_ms,
        block_hops=1 if low_latency else None,
        sheds_load=through_rack,
        fallback=fallback,
        realtime=realtime,
    )
    if through_rack:
        stand_in = _stand_in(midi, demo)
        settings = LiveSettings(
            bundle=bundle,
            preset=preset,
            audio_out=audio_out,
            device_rate_hz=rate,
            device_block_samples=block,
            midi_in=midi_in or (),
            streams=streams,
            mpe=mpe,
            needs_device=record is None and stand_in is None,
            engine=config,
        )
        played = play_rack(
            rack_to_play(preset, _say),
            performance,
            settings,
            record,
            stand_in=stand_in,
            say=_say,
            show=_show_rack,
        )
    else:
        venue = Venue(bundle, audio_out, block, record, _stand_in(midi, demo), rate)
        played = perform(performance, midi_in, venue, config, streams=streams, say=_say, show=_show)
    _report(played)
    if played.problem is not None:
        raise played.problem


def rack_to_play(preset: str | None, say: Callable[[str], None]) -> Rack:
    """The preset asked for, or the rack of the last evening, or the default one."""
    from .rack.preset_search import open_preset
    from .rack.session import load_session

    if preset is None:
        session = load_session()
        if session.problem is not None:
            say(session.problem)
        if session.rack is not None:
            return session.rack
    return open_preset(preset)


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


def _show(now: EngineSnapshot, more: str = "") -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        minutes, seconds = divmod(int(now.played_s), 60)
        print(
            f"\r{minutes}:{seconds:02}  notes {sum(now.sounding):2}  underruns {now.underruns}  "
            f"block {now.times['block'].p99_ms:.1f} ms (p99){more} ",
            end="",
            file=sys.stderr,
            flush=True,
        )


def _show_rack(live: LiveRack) -> None:
    from .live_session import rack_told

    now = live.snapshot()
    _show(now, rack_told(now))


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
    if end.fallback_blocks:
        print(f"fallback   {end.fallback_blocks} blocks by the {end.fallback} voice")
    print(f"priority   {end.render_priority}")
    if played.recorded is not None:
        print(f"recorded   {played.recorded}")
