"""`neume bench`: how long the blocks of a bundle take on this machine, stage by stage."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .bench import BenchReport


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(bench)


def bench(
    seconds: Annotated[float, typer.Option(help="How long to play.")] = 10.0,
    streams: Annotated[int, typer.Option(help="Parts rendered apart, 1 to 16.")] = 1,
    notes: Annotated[int, typer.Option(help="Held keys on each stream, up to 60.")] = 8,
    steps: Annotated[int | None, typer.Option(help="Diffusion steps. Without: the bundle's own.")] = None,
    block: Annotated[int, typer.Option(help="Samples that the pretended device takes at a time.")] = 128,
    bundle: Annotated[
        str | None, typer.Option("--bundle", "-b", help="Name or folder of the bundle. Without: the default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Measure the live engine on this machine: blocks paced by the clock, as a sound card would pace them.

    A miss is a block that took longer to render than it lasts. Close other programs first: what they take is
    in the figures, and the load average that is printed tells of them.
    """
    from .bench import Load, run_bench
    from .bundle import open_named
    from .engine import EngineConfig

    report = run_bench(
        open_named(bundle), Load(seconds, streams, notes, block), EngineConfig(steps=steps), show=_show
    )
    if as_json:
        print(json.dumps(report.record(), indent=2))
    else:
        print("\n".join(_lines(report)))


def _show(done: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:4.0%} ", end="" if done < 1.0 else "\n", file=sys.stderr, flush=True)


def _lines(report: BenchReport) -> list[str]:
    """The report for people to read."""
    machine, load = report.machine, report.load
    rows = [
        f"{stage:<12}{times.p50_ms:9.2f}{times.p99_ms:9.2f}{times.p999_ms:9.2f}{times.max_ms:9.2f}"
        for stage, times in report.times.items()
    ]
    half = report.times["block"].p99_ms / report.block_ms
    return [
        f"{report.bundle}, {report.steps} steps, {load.streams} streams of {load.notes} notes, "
        f"device blocks of {load.device_block_samples} samples",
        f"{machine['processor']}, {machine['cores']} cores, load average {machine['load_average']}",
        f"onnxruntime {machine['onnxruntime']}, {machine['provider']}, Python {machine['python']}",
        "",
        f"{'ms':<12}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}",
        *rows,
        "",
        f"{report.blocks} blocks of {report.block_ms:.2f} ms: {report.misses} misses, "
        f"{report.underruns} underruns; p99 takes {half:.0%} of a block",
        f"latency {report.latency}",
    ]
