"""`neume eval`: the development set played by a bundle, scored beside its reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .dev_set import Segment
    from .scoring import Rendering


def register(app: typer.Typer) -> None:
    """Add the command. What it needs is imported when it runs, to keep the command line quick."""
    app.command("eval")(eval_bundle)


def eval_bundle(
    bundle: Annotated[str, typer.Argument(help="Name of a bundle, or the path of its folder.")],
    corpus: Annotated[
        Path | None,
        typer.Option(
            envvar="NEUME_CORPUS", help="Folder of a MIDI corpus with an index.csv and a dev split."
        ),
    ] = None,
    segments: Annotated[int, typer.Option(help="Solo parts of 12 s for each family of instruments.")] = 3,
    steps: Annotated[
        int | None, typer.Option(help="Diffusion steps; the bundle's default without it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the chain's noise.")] = 0,
    second: Annotated[
        Path | None,
        typer.Option(help="A SoundFont to compare with; MuseScore_General where it is installed."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for PNG spectrograms, reference and made.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure how close a bundle comes to its reference, FluidSynth playing the same MIDI.

    Rows: the reference itself, the inverter fed with the reference's own spectrogram, the whole chain, and a
    second SoundFont where Debian's musescore-general-soundfont is installed. A transcriber scores note onsets
    where basic-pitch is installed (pip install --no-deps basic-pitch). Takes some minutes.
    """
    from rich.console import Console
    from rich.progress import Progress

    from .dev_set import corpus_folder
    from .report import evaluate
    from .tables import picture_listener, print_report

    folder = corpus_folder(corpus)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("segments", total=None)

        def tick(segment: Segment, heard: Mapping[str, Rendering]) -> None:
            progress.update(task, advance=1, description=segment.name)

        listener = picture_listener(out, tick) if out else tick
        report = evaluate(
            bundle, folder, segments=segments, steps=steps, seed=seed, second=second, listener=listener
        )
    if as_json:
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        print_report(report, Console())
