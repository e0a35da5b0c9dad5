"""Quality against cost: the whole chain with every number of diffusion steps that a bundle allows.

0 steps is the regression alone, so that the table is also the comparison of diffusion with regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Final

from neume.synth.bench import BenchReport, Load, run_bench
from neume.synth.block_timer import STAGES
from neume.synth.bundle import Bundle
from neume.synth.engine import EngineConfig
from neume.synth.stages import Stages

from ..fluid import FluidReference
from .dev_set import DRUMS, PERFORMANCES, PROBES, SONG, DevSet
from .players import chain_player
from .report import SOLO, Listener, Report, compare

SCOPES: Final = (SOLO, SONG, DRUMS)
LOAD: Final = Load(seconds=5.0, streams=1, notes=8)
ROUNDS: Final = 4
TIMED_STAGES: Final = tuple(stage for stage in STAGES if stage != "guests")  # no other instruments play here


def steps_quality(
    bundle: Bundle,
    stages: Stages,
    dev_set: DevSet,
    reference: FluidReference,
    *,
    seed: int = 0,
    second: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """Number of steps → scope → figures for solo parts, song and drums; what is of every program is left
    out."""
    music = replace(
        dev_set, segments=tuple(s for s in dev_set.segments if s.family not in (PROBES, PERFORMANCES))
    )
    rows = {
        str(steps): chain_player(bundle, stages, steps, seed)
        for steps in bundle.manifest.sampling.steps_allowed
    }
    heard = compare(music, reference, rows, bundle.manifest.mel, second, listener)["rows"]
    return {
        steps: {scope: heard[steps][scope] for scope in SCOPES if scope in heard[steps]} for steps in rows
    }


def steps_cost(
    bundle: Bundle, load: Load = LOAD, steps: Sequence[int] | None = None, rounds: int = ROUNDS
) -> Report:
    """What a paced block takes on this machine with each number of steps, stage by stage.

    The numbers of steps play `load` by turns, so that a machine that slows down meanwhile slows all of them.
    `times`: number of steps → stage in the chain's order, then "block", the whole → median and 99th
    percentile in milliseconds, each the median of its rounds. Nothing else should run meanwhile;
    `load_average`, the highest of the rounds, tells what did.
    """
    chosen = tuple(bundle.manifest.sampling.steps_allowed if steps is None else steps)
    measured: dict[str, list[BenchReport]] = {str(number): [] for number in chosen}
    for turn in range(rounds):
        for number in chosen[::-1] if turn % 2 else chosen:  # there and back: a steady drift cancels out
            measured[str(number)].append(run_bench(bundle, load, EngineConfig(steps=number)))
    last = next(reversed(measured.values()))[-1]
    return {
        "load": asdict(load),
        "rounds": rounds,
        "block_ms": round(last.block_ms, 3),
        "machine": {name: value for name, value in last.machine.items() if name != "load_average"},
        "load_average": {number: _busiest(reports) for number, reports in measured.items()},
        "misses": {number: sum(report.misses for report in reports) for number, reports in measured.items()},
        "times": {number: median_times(reports) for number, reports in measured.items()},
    }


def median_times(reports: Sequence[BenchReport]) -> Report:
    """Stage → median over the rounds of each round's median and 99th percentile, in milliseconds."""
    return {
        stage: {
            "p50_ms": round(median(report.times[stage].p50_ms for report in reports), 3),
            "p99_ms": round(median(report.times[stage].p99_ms for report in reports), 3),
        }
        for stage in TIMED_STAGES
    }


def _busiest(reports: Sequence[BenchReport]) -> float | None:
    """The highest load average at which a round began; None on a system that does not tell."""
    told = [report.machine["load_average"] for report in reports]
    return max((value for value in told if value is not None), default=None)
