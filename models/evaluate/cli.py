"""`neume eval`: the development set played by a bundle, scored beside its reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .measures import Measure

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
    soundfont: Annotated[
        Path | None, typer.Option(help="The .sf2 that the bundle has learned; FluidR3 GM if not given.")
    ] = None,
    second: Annotated[
        Path | None,
        typer.Option(help="A SoundFont to compare with; MuseScore_General where it is installed."),
    ] = None,
    measure: Annotated[
        list[Measure] | None,
        typer.Option(
            help="Repeatable. figures: the rows below, which is what is measured without this option. steps: "
            "the whole chain with every number of diffusion steps that the bundle allows; cost: what a block "
            "takes with each, on this machine, which should do nothing else. mixtures: a song with all parts "
            "on one stream, on two, four, ... on one each. pictures: spectrograms for the card."
        ),
    ] = None,
    onto: Annotated[
        Path | None, typer.Option(help="JSON of an earlier report of the same bundle, to add this to.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for PNG spectrograms, reference and made.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure how close a bundle comes to its reference, FluidSynth playing the same MIDI.

    Rows: the reference itself, the inverter fed with the reference's own spectrogram, the whole chain, and a
    second SoundFont where Debian's musescore-general-soundfont is installed. A transcriber scores note onsets
    where basic-pitch is installed (pip install --no-deps basic-pitch). Takes some minutes, and so does each
    further thing that --measure names.
    """
    from rich.console import Console
    from rich.progress import Progress

    from .dev_set import corpus_folder
    from .further import identified, joined, measured, read_report
    from .tables import make_folder, picture_listener, print_report, write_pictures

    folder, wanted = corpus_folder(corpus), set(measure or [Measure.FIGURES])
    report = identified(bundle, steps, seed)
    if out:
        make_folder(out)
    if onto:
        report = joined(read_report(onto), report)
    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task("segments", total=None)

    def tick(segment: Segment, heard: Mapping[str, Rendering]) -> None:
        progress.start()  # not before: while the cost is measured, a bar would take time of its own
        progress.update(task, advance=1, description=segment.name)

    listener = picture_listener(out, tick) if out and Measure.FIGURES in wanted else tick
    try:
        report |= measured(
            bundle,
            folder,
            wanted,
            segments=segments,
            steps=steps,
            seed=seed,
            soundfont=soundfont,
            second=second,
            listener=listener,
        )
    finally:
        progress.stop()
    if out:
        write_pictures(report, out)
    if as_json:
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        print_report(report, Console())
