"""`neume data`, `neume train` and `neume export`: the training room's commands."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from neume.synth.errors import NeumeError, UsageError
from neume.synth.manifest import BundleInfo

from .datasets import cli as import_cli

if TYPE_CHECKING:  # torch is imported only by the commands that need it
    from .batches import StemSet
    from .loop import Task

DEFAULT_STEPS: Final = {"spectrogram": 20_000, "inverter": 10_000, "distillation": 3_000}

DataFolders = Annotated[list[Path], typer.Option("--data", help="Folder of a training set; repeatable.")]
RunFolder = Annotated[
    Path, typer.Option("--run", help="Folder of checkpoints, log and pictures; resumed if it exists.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `neume` app."""
    data = typer.Typer(no_args_is_help=True, help="Build and import training sets.")
    data.command("build")(data_build)
    import_cli.register(data)
    app.add_typer(data, name="data")
    app.command("train")(train)
    app.command("export")(export)


def data_build(
    folder: Annotated[Path, typer.Argument(help="Where the set goes; an unfinished build is continued.")],
    stems: Annotated[int, typer.Option(help="How many stems.")] = 1200,
    seconds: Annotated[float, typer.Option(help="Length of a stem.")] = 12.0,
    seed: Annotated[int, typer.Option(help="Decides every note.")] = 1,
    corpus: Annotated[
        str, typer.Option(help="Folder of MIDI files with an index.csv; without it, procedural notes only.")
    ] = "",
    corpus_share: Annotated[float, typer.Option(help="Share of stems taken from the corpus.")] = 0.5,
    split: Annotated[str, typer.Option(help="Split of the corpus: train or dev.")] = "train",
    soundfont: Annotated[str, typer.Option(help="The .sf2 to learn; FluidR3 GM if not given.")] = "",
    workers: Annotated[int, typer.Option(help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Render MIDI and procedural notes with a SoundFont into dry stems and features."""
    from .build import BuildPlan, build_dataset

    plan = BuildPlan(seed, stems, seconds, corpus_share if corpus else 0.0, corpus, split, soundfont)
    build_dataset(plan, folder, workers)


def train(
    stage: Annotated[str, typer.Argument(help="spectrogram, inverter or distillation")],
    data: DataFolders,
    run: RunFolder,
    steps: Annotated[int, typer.Option(help="Steps in all; 0 takes the stage's default.")] = 0,
    batch: Annotated[int, typer.Option(help="Crops a step and process.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="At its highest.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Decides weights, batches and noise.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads of this process.")] = 1,
    adversarial_from: Annotated[int, typer.Option(help="Inverter: step at which the jury joins.")] = 3200,
    start: Annotated[
        str,
        typer.Option("--from", help="A bundle whose weights a new run starts with, to tune them further."),
    ] = "",
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="Run folder of the spectrogram stage: distillation learns from it; the inverter, if it is "
            "given a distilled one, has half of its frames made by it."
        ),
    ] = None,
    texture: Annotated[
        float, typer.Option(help="Inverter: of the spread of made frames, as in export.", min=0.1, max=2.0)
    ] = 1.0,
    temperature: Annotated[
        float,
        typer.Option(
            help="Of the mixture of several sets: one of n stems is drawn in proportion to n^(1/temperature)."
        ),
    ] = 1.0,
    minutes: Annotated[
        float, typer.Option(help="Stop with a checkpoint after this long; 0: no limit.")
    ] = 0.0,
) -> None:
    """Train a stage, or go on with a run. Start it under `torchrun` to use several processes or devices."""
    import torch

    from neume.synth.bundle import open_named

    from . import loop
    from .batches import StemSet

    if stage not in DEFAULT_STEPS:
        raise UsageError(f"stage {stage!r}: give {', '.join(DEFAULT_STEPS)}")
    if stage == "distillation" and teacher is None:
        raise UsageError("distillation needs --teacher, the run folder to learn from")
    if stage == "spectrogram" and teacher is not None:
        raise UsageError("--teacher goes with distillation and inverter")
    torch.set_num_threads(threads)
    with loop.process_group(device) as chosen:
        stems = StemSet.open(data, temperature)
        if len(stems.sets) > 1 and loop.rank() == 0:
            shares = zip(stems.names, stems.shares, strict=True)
            typer.echo("crops from " + ", ".join(f"{name}: {share:.0%}" for name, share in shares))
        task = _task(stage, stems, seed, batch, chosen, adversarial_from, teacher, texture)
        if start and not (run / loop.CHECKPOINT).exists():
            task.start_from(open_named(start))
        config = loop.LoopConfig(steps=steps or DEFAULT_STEPS[stage], learning_rate=learning_rate)
        if minutes > 0:
            config = replace(config, time_limit_s=minutes * 60.0)
        loop.run(task, config, run)


def _task(
    stage: str,
    stems: StemSet,
    seed: int,
    batch: int,
    device: str,
    adversarial_from: int,
    teacher: Path | None,
    texture: float,
) -> Task:
    from .train_distillation import DistillationTask, DistillationTraining
    from .train_inverter import InverterTask, InverterTraining
    from .train_spectrogram import SpectrogramTask, SpectrogramTraining

    spectrogram = SpectrogramTraining(seed=seed, batch=batch, device=device)
    if stage == "spectrogram":
        return SpectrogramTask(spectrogram, stems)
    if stage == "distillation":
        assert teacher is not None
        return DistillationTask(DistillationTraining(teacher, spectrogram), stems)
    inverter = InverterTraining(
        seed=seed,
        batch=batch,
        device=device,
        adversarial_from=adversarial_from,
        frames_by=teacher,
        texture=texture,
    )
    return InverterTask(inverter, stems)


def export(
    folder: Annotated[Path, typer.Argument(help="The bundle's folder; its name is the bundle's id.")],
    spectrogram: Annotated[Path, typer.Option(help="Run folder of the spectrogram stage.")],
    inverter: Annotated[Path, typer.Option(help="Run folder of the inverter.")],
    data: DataFolders,
    golden: Annotated[Path, typer.Option(help="A short MIDI file whose rendering goes into the bundle.")],
    licence_file: Annotated[Path, typer.Option(help="Licence text of the bundle.")],
    name: Annotated[str, typer.Option(help="Name shown to players.")] = "Neume GM",
    version: Annotated[str, typer.Option(help="Semantic version of the bundle.")] = "0.1.0",
    licence: Annotated[str, typer.Option(help="SPDX expression.")] = "Apache-2.0",
    description: Annotated[str, typer.Option(help="One line.")] = "",
    trained_on: Annotated[
        str, typer.Option(help="What the data is, for the manifest; else as the sets' own manifests say.")
    ] = "",
    data_licence: Annotated[str, typer.Option(help="Its licences; else as the sets' manifests say.")] = "",
    evaluation: Annotated[
        Path | None, typer.Option(help="JSON of `neume eval`, for the manifest's figures.")
    ] = None,
    texture: Annotated[
        float,
        typer.Option(help="Of the spread that training found: less than 1 is smoother.", min=0.1, max=2.0),
    ] = 1.0,
    steps_texture: Annotated[
        list[float] | None,
        typer.Option(
            help="Five times: texture with 0, 1, 2, 4 and 8 steps, times --texture. A sampler that was "
            "distilled to one step is rougher with more: 1 1 0.65 0.5 0.45.",
            min=0.0,
            max=4.0,
        ),
    ] = None,
    steps_default: Annotated[int, typer.Option(help="DDPM steps that players start with.")] = 2,
) -> None:
    """Turn two training runs into a bundle; refuses when ONNX Runtime and torch disagree."""
    from importlib.metadata import version as installed

    from .datasets.provenance import provenance
    from .export import ExportPlan, export_bundle

    for path in (golden, licence_file, *([evaluation] if evaluation else [])):
        if not path.is_file():
            raise NeumeError(f"{path}: no such file")
    trained_on, data_licence = provenance(data, trained_on, data_licence)
    plan = ExportPlan(
        info=BundleInfo(folder.resolve().name, name, version, licence, description or name),
        data=trained_on,
        data_licence=data_licence,
        golden_midi=golden,
        licence_file=licence_file,
        steps_default=steps_default,
        texture=texture,
        steps_texture=_steps_texture(steps_texture or []),
        report=_report(evaluation) if evaluation else None,
        code_version=installed("neume"),
    )
    error = export_bundle(spectrogram, inverter, data, plan, folder)
    typer.echo(f"{folder}: written, parity error {error:.1e}")


def _steps_texture(given: Sequence[float]) -> tuple[float, ...]:
    from .export import STEPS_ALLOWED

    if given and len(given) != len(STEPS_ALLOWED):
        numbers = ", ".join(map(str, STEPS_ALLOWED))
        raise UsageError(
            f"--steps-texture came {len(given)} times; give one for each of {numbers} steps, or none"
        )
    return tuple(given)


def _report(path: Path) -> dict[str, Any]:
    """The report of `neume eval --json` in a file."""
    try:
        report: dict[str, Any] = json.loads(path.read_text())
        figures = {name: report[name] for name in ("rows", "programs", "second_soundfont", "transcriber")}
        further = ("steps", "cost", "mixtures", "further_version", "pictures")
        return figures | {name: report[name] for name in further if name in report}
    except (ValueError, KeyError, TypeError) as error:
        raise NeumeError(f"{path}: is not a report of `neume eval --json`") from error
