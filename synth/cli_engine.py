"""`neume engine`: plays a rack without a terminal of its own, told what to do over the control link."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import typer

from .cli_play import chosen_block, device_block, rack_to_play, stream_count
from .fallback_choice import Fallback


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(engine)


def engine(
    name: Annotated[str, typer.Option(help="Under which clients find it.")] = "main",
    preset: Annotated[
        str | None, typer.Option(help="Name or file of the rack. Without: the last one, or a grand piano.")
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="Name or folder of the bundle.")] = None,
    midi_in: Annotated[
        list[str] | None, typer.Option(help="Part of the name of a MIDI input; repeatable. Without: all.")
    ] = None,
    audio_out: Annotated[
        str | None,
        typer.Option(help="The audio device: part of its name, its number, or 'NAME, HOST API' in full."),
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Rate of the audio device in Hz.")] = None,
    block: Annotated[
        int | None,
        typer.Option(
            callback=device_block,
            help="Samples that the audio device takes at a time. Without: 128, or 64 with --low-latency.",
        ),
    ] = None,
    streams: Annotated[
        int | None, typer.Option(callback=stream_count, help="Parts rendered apart, 1 to 16.")
    ] = None,
    mpe: Annotated[
        bool, typer.Option("--mpe", help="Hear MPE controllers: a channel for each note, zones as they say.")
    ] = False,
    silent: Annotated[
        bool, typer.Option("--silent", help="Without an audio device, play on by the clock.")
    ] = False,
    fallback: Annotated[
        Fallback, typer.Option(help="What is heard while the machine is too slow for the models.")
    ] = Fallback.SILENCE,
    low_latency: Annotated[
        bool, typer.Option("--low-latency", help="Shorter blocks: less delay, nearly twice the work.")
    ] = False,
    margin_ms: Annotated[
        float, typer.Option(help="Extra delay, for a machine that stalls.", min=0.0, max=1000.0)
    ] = 0.0,
    realtime: Annotated[
        bool, typer.Option("--realtime/--no-realtime", help="Real-time priority, where the system allows it.")
    ] = True,
) -> None:
    """Play a rack for a panel or a script, until it is told to quit."""
    from .control.address import own_address
    from .control.door import Door
    from .control.log_file import log_path
    from .control.server import ControlServer
    from .engine import EngineConfig
    from .engine_service import EngineService
    from .live import LiveRack
    from .live_settings import LiveSettings
    from .performance import interruptible

    settings = LiveSettings(
        bundle=bundle,
        preset=preset,
        audio_out=audio_out,
        device_rate_hz=rate,
        device_block_samples=chosen_block(block, low_latency),
        midi_in=midi_in or (),
        streams=streams,
        mpe=mpe,
        needs_device=not silent,
        device_may_come=silent,
        remembers=True,
        engine=EngineConfig(
            margin_ms=margin_ms,
            block_hops=1 if low_latency else None,
            sheds_load=True,
            fallback=fallback,
            realtime=realtime,
        ),
    )
    with interruptible(), contextlib.ExitStack() as closing:
        door = Door(own_address(name))
        closing.callback(door.close)
        live = LiveRack(rack_to_play(preset, _say), settings, _say)
        closing.callback(live.keep_session)
        closing.callback(live.stop)
        service = EngineService(live)
        with contextlib.suppress(KeyboardInterrupt):
            live.start()
            with ControlServer(door, service.feed, service.ear) as server:
                service.serve(server, log_path(name))


def _say(line: str) -> None:
    print(f"neume: {line}", file=sys.stderr, flush=True)
