"""`neume data import` and `neume data sets`: real recordings as training data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from neume.synth.errors import NeumeError

SHOWN = 10  # skipped performances and warnings that are printed, each


def register(data: typer.Typer) -> None:
    """Add the commands to `neume data`."""
    data.command("import")(data_import)
    data.command("sets")(data_sets)


def data_sets() -> None:
    """Show the data sets that `neume data import` knows, and their licences."""
    from .table import DATA_SETS

    table = Table("id", "data set", "licence", "split")
    for row in DATA_SETS.values():
        table.add_row(row.id, row.title, row.licence, row.splits)
    Console().print(table)


def data_import(
    name: Annotated[str, typer.Argument(metavar="SET", help="A data set's id: see `neume data sets`.")],
    root: Annotated[Path, typer.Option(help="Folder of the data set, unpacked as it was published.")],
    out: Annotated[Path, typer.Option(help="Where the stems go; an unfinished import is continued.")],
    program: Annotated[
        int | None, typer.Option(help="Only performances that play nothing but this program; 128: drums.")
    ] = None,
    as_program: Annotated[
        int | None, typer.Option(help="Take all notes for this program, whatever the files say.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation, test, or all.")] = "train",
    seconds: Annotated[float, typer.Option(help="Length of a stem.")] = 12.0,
    seed: Annotated[int, typer.Option(help="Decides the noise of the excitation.")] = 1,
    voices: Annotated[
        str, typer.Option(help="Bundle or built set whose measured decays and releases are taken.")
    ] = "neume-gm",
    max_offset_ms: Annotated[
        float, typer.Option(help="A recording further than this from its notes is left out.")
    ] = 30.0,
    licence: Annotated[str, typer.Option(help="Licence of your own recordings, for bundles to state.")] = "",
    workers: Annotated[int, typer.Option(help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Cut recordings and their notes into a training set, as `neume data build` makes one."""
    from .importer import ImportPlan, import_dataset

    plan = ImportPlan(name, split, seconds, seed, program, as_program, voices, max_offset_ms, licence)
    report = import_dataset(plan, root, out, workers)
    for title, lines in (("left out", report.skipped), ("warning", report.warnings)):
        for performance, reason in list(lines.items())[:SHOWN]:
            typer.echo(f"{title}: {performance}: {reason}", err=True)
        if len(lines) > SHOWN:
            typer.echo(f"{title}: {len(lines) - SHOWN} more, see dataset.json", err=True)
    typer.echo(
        f"{out}: {report.stems} stems ({report.seconds / 60.0:.1f} min) of {report.performances} "
        f"performances; {len(report.skipped)} left out; licence {plan.stated_licence}"
    )
    if not report.stems:
        raise NeumeError(
            f"no stem came out of {root}; look at --split and --program, and at what was left out"
        )
