"""The parts of a report, each measured only when asked for: figures, steps, cost, mixtures, pictures.

They take a while, so a report can be made piece by piece: `joined` adds what was measured to an earlier one.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from neume.synth.bundle import open_named
from neume.synth.errors import NeumeError, UsageError
from neume.synth.stages import load_stages

from ..fluid import FluidReference
from ..pictures import require_matplotlib
from .card_pictures import card_pictures
from .dev_set import build_dev_set
from .measures import Measure
from .mixtures import mixture_curve, songs_of
from .report import SCHEMA, Listener, Report, about, evaluate
from .steps_table import steps_cost, steps_quality


def identified(bundle: str | Path, steps: int | None, seed: int) -> Report:
    """A report of which nothing is measured yet: which bundle it is of, and how that is heard."""
    return {"schema": SCHEMA, "bundle": about(open_named(bundle), steps, seed)}


def measured(
    bundle: str | Path,
    corpus: Path,
    wanted: Collection[Measure],
    *,
    segments: int = 3,
    steps: int | None = None,
    seed: int = 0,
    soundfont: Path | None = None,
    second: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """The wanted parts of a report, the cost before all others; which bundle they are of is always in it.

    Raises `NeumeError` as `evaluate` does, and at once for pictures without matplotlib and for mixtures
    without a song.
    """
    opened, dev_set = open_named(bundle), build_dev_set(corpus, segments)
    if Measure.PICTURES in wanted:
        require_matplotlib()
    if Measure.MIXTURES in wanted:
        songs_of(dev_set)
    report = identified(bundle, steps, seed)
    if Measure.COST in wanted:
        report["cost"] = steps_cost(opened)
    if Measure.FIGURES in wanted:
        report |= evaluate(
            bundle,
            corpus,
            segments=segments,
            steps=steps,
            seed=seed,
            soundfont=soundfont,
            second=second,
            listener=listener,
        )
    if not set(wanted) & {Measure.STEPS, Measure.MIXTURES, Measure.PICTURES}:
        return report
    stages = load_stages(opened)

    def reference() -> FluidReference:
        """A new one each time: what an instance played before is in the first milliseconds of its notes."""
        return FluidReference(soundfont)

    if Measure.STEPS in wanted:
        report["steps"] = steps_quality(
            opened, stages, dev_set, reference(), seed=seed, second=second, listener=listener
        )
    if Measure.MIXTURES in wanted:
        report["mixtures"] = mixture_curve(
            opened, stages, dev_set, reference(), steps=steps, seed=seed, second=second, listener=listener
        )
    if Measure.PICTURES in wanted:
        report["pictures"] = card_pictures(
            opened, stages, dev_set, reference(), steps=steps, seed=seed, listener=listener
        )
    return report


def read_report(path: Path) -> Report:
    """What `neume eval --json` printed into a file. Raises `NeumeError` for anything else."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NeumeError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise NeumeError(f"{path}: is not JSON ({error})") from error
    if not isinstance(report, dict) or not {"schema", "bundle"} <= report.keys():
        raise NeumeError(f"{path}: is not a report of `neume eval --json`")
    return report


def joined(earlier: Report, later: Report) -> Report:
    """Both reports in one; what is in both is the later one's.

    Raises `UsageError` unless both are of the same bundle, heard with the same steps and seed.
    """
    if earlier["bundle"] != later["bundle"]:
        raise UsageError(
            f"the report to add to is of {_named(earlier)}, this is {_named(later)}: measure all of it anew"
        )
    return {**earlier, **later}


def _named(report: Report) -> str:
    bundle = report["bundle"]
    told = [f"{name} {bundle.get(name)}" for name in ("id", "version", "steps", "seed")]
    return f"{', '.join(told)}, digest {str(bundle.get('digest'))[:12]}"
