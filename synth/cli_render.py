"""`neume render`: MIDI files to audio files."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_errors import error_line
from .errors import NeumeError

if TYPE_CHECKING:
    from .render_file import Player


class FileFormat(StrEnum):
    wav = "wav"
    flac = "flac"
    ogg = "ogg"


class Normalise(StrEnum):
    peak = "peak"
    lufs = "lufs"


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(render)


def render(
    songs: Annotated[
        list[str], typer.Argument(metavar="SONG...", help="MIDI files, folders of them, patterns.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The audio file; .wav, .flac or .ogg. For one song.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="Folder for the audio files; without it, each is beside its song.")
    ] = None,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="Format of files that -o does not name.")
    ] = FileFormat.wav,
    bundle: Annotated[
        str | None, typer.Option("--bundle", "-b", help="A bundle's name, or its folder (with a / in it).")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Diffusion steps; 0 is fastest. The bundle's own.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all noise. The same seed gives the same samples.")] = 0,
    stems: Annotated[
        bool, typer.Option("--stems", help="Also each part on its own; they sum to the mix.")
    ] = False,
    streams: Annotated[
        int | None, typer.Option(help="Merge the channels into so many parts: faster, less clear.")
    ] = None,
    from_s: Annotated[float, typer.Option("--from", metavar="SECONDS", help="Start there.")] = 0.0,
    to_s: Annotated[
        float | None, typer.Option("--to", metavar="SECONDS", help="Let go of all notes there.")
    ] = None,
    tail: Annotated[
        str,
        typer.Option(
            metavar="auto|exact|SECONDS", help="What rings on after the end: to silence, nothing, so long."
        ),
    ] = "auto",
    gain: Annotated[
        float, typer.Option(metavar="DB", help="Gain before the safety limiter (-1 dBFS).")
    ] = 0.0,
    normalise: Annotated[
        Normalise | None, typer.Option(help="Bring peak or loudness to the target; no limiter then.")
    ] = None,
    ceiling: Annotated[float, typer.Option(metavar="DBTP", help="True peak of normalised files.")] = -1.0,
    lufs: Annotated[float, typer.Option(metavar="LUFS", help="Loudness for --normalise lufs.")] = -16.0,
    bits: Annotated[
        int | None, typer.Option(help="16 (dithered), 24, or 32 for floating point (WAV). 24 if not given.")
    ] = None,
    rate: Annotated[int | None, typer.Option(metavar="HZ", help="Sample rate. The bundle's own.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    progress_json: Annotated[
        bool,
        typer.Option("--progress-json", help="Tell the progress on standard error, one JSON object a line."),
    ] = False,
) -> None:
    """Render MIDI files to audio, faster than real time.

    Beside each audio file a side-car (.json) says how it was made. Files that were finished with the same
    options are skipped, so an interrupted batch goes on where it stopped. A broken song gets one line, the
    others are rendered, and the exit code is 1.
    """
    from .audio_file import audio_format
    from .render_file import open_player
    from .render_options import RenderOptions, parse_tail
    from .song_paths import find_songs, place_outputs

    options = RenderOptions(
        bits=bits,
        rate_hz=rate,
        stems=stems,
        streams=streams,
        from_s=from_s,
        to_s=to_s,
        tail=parse_tail(tail),
        gain_db=gain,
        normalise=None if normalise is None else normalise.value,
        ceiling_dbtp=ceiling,
        target_lufs=lufs,
        seed=seed,
        steps=steps,
        overwrite=overwrite,
    )
    found, faults = find_songs(songs)
    placed, clashes = place_outputs(found, output, out_dir, f".{file_format.value}")
    for target in {target.suffix: target for _, target in placed}.values():
        audio_format(target, bits)
    _tell(faults + clashes)
    failed = bool(faults or clashes)
    if placed:
        player = open_player(bundle, options)
        with _termination_as_interrupt():
            results = _render_all(placed, player, quiet=as_json, progress_json=progress_json)
        failed |= any("error" in result for result in results)
        if as_json:
            print(json.dumps(results, indent=2, ensure_ascii=False))
    if failed:
        raise typer.Exit(1)


def _render_all(
    placed: list[tuple[Path, Path]], player: Player, *, quiet: bool, progress_json: bool
) -> list[dict[str, Any]]:
    """Render one song after another; the side-car of each, or its error."""
    from .render_file import render_file
    from .render_progress import ProgressLines, RenderProgress
    from .song_paths import make_folder

    results: list[dict[str, Any]] = []
    with (ProgressLines if progress_json else RenderProgress)(len(placed)) as progress:
        for song, output in placed:
            named = {"song": str(song), "output": str(output)}
            try:
                make_folder(output.parent)
                with progress.song(song.name) as report:
                    side_car, skipped = render_file(song, output, player, report)
            except NeumeError as error:
                _tell([error])
                results.append({**named, "error": error_line(error)})
                continue
            results.append({**side_car, **named, "skipped": skipped})
            if not quiet:
                print(_summary(output, side_car, skipped), flush=True)
                for warning in side_car.get("warnings", ()):
                    print(f"neume: {song}: {warning}", file=sys.stderr)
    return results


def _summary(output: Path, side_car: dict[str, Any], skipped: bool) -> str:
    if skipped:
        return f"{output}: finished already"
    loudness, peak = side_car["loudness_lufs"], side_car["true_peak_dbtp"]
    levels = [f"{loudness} LUFS"] * (loudness is not None) + [f"{peak} dBTP"] * (peak is not None)
    speed = f"{side_car['times_real_time']}× real time"
    return ", ".join([f"{output}: {side_car['duration_s']:.1f} s", *levels, speed])


def _tell(errors: Iterable[NeumeError]) -> None:
    for error in errors:
        print(f"neume: {error_line(error)}", file=sys.stderr)


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """Treat a request to end like Ctrl-C, so that nothing half-written stays."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
