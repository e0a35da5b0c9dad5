"""Steps, cost and mixtures as sheets of text, which the terminal and a bundle's card show alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .scoring import COLUMNS, Figures

EMPTY: Final = "–"
SCOPE_NAMES: Final = {"solo": "solo parts", "song": "a song", "drums": "drums"}
CHAIN_STAGES: Final = ("prepare", "spectrogram", "denoiser", "inverter", "mixer", "block")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: what it shows, the heads of its columns, its lines, each as long as the heads, and a note."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    note: str = ""  # a sentence to stand below it


def shown(value: float | None) -> str:
    """A figure with two decimals, a dash for none."""
    return EMPTY if value is None else f"{value:.2f}"


def sheets(report: Mapping[str, Any]) -> list[Sheet]:
    """Whatever the report has of steps, cost and mixtures."""
    made: list[Sheet] = []
    if "steps" in report:
        made += _steps(report["steps"])
    if "cost" in report:
        made.append(_cost(report["cost"]))
    if "mixtures" in report:
        made.append(_mixtures(report["mixtures"]))
    return made


def _steps(steps: Mapping[str, Any]) -> Iterator[Sheet]:
    """For each scope one line a measure and one column a number of steps."""
    for scope, name in SCOPE_NAMES.items():
        columns = {number: scopes[scope] for number, scopes in steps.items() if scope in scopes}
        if columns:
            lines = tuple(
                (COLUMNS[figure], *(shown(figures[figure]) for figures in columns.values()))
                for figure in _measured(list(columns.values()))
            )
            yield Sheet(f"{name} by diffusion steps (0: regression alone)", ("", *columns), lines)


def _cost(cost: Mapping[str, Any]) -> Sheet:
    """One line a stage, one column a number of steps: median and 99th percentile."""
    times, load = cost["times"], cost["load"]
    title = (
        f"milliseconds of a paced block of {cost['block_ms']:.2f} ms with {load['notes']} notes by diffusion "
        "steps, median / 99 %"
    )
    lines = tuple(
        (stage, *(f"{by[stage]['p50_ms']:.2f} / {by[stage]['p99_ms']:.2f}" for by in times.values()))
        for stage in CHAIN_STAGES
    )
    return Sheet(title, ("", *times), lines, _timing(cost))


def _timing(cost: Mapping[str, Any]) -> str:
    """Where the times are from, and how busy the machine was: a load above one core's tells of other work."""
    machine = cost["machine"]
    turns = f", median of {cost['rounds']} rounds by turns" if "rounds" in cost else ""
    told = [load for load in cost["load_average"].values() if load is not None]
    busy = f", load average up to {max(told):.1f}" if told else ""
    return f"Timed on {machine['processor']}, {machine['cores']} cores{turns}{busy}."


def _mixtures(mixtures: Mapping[str, Any]) -> Sheet:
    """One line a number of streams, one column a measure; the second SoundFont below."""
    rows, second = mixtures["rows"], mixtures["second"]
    measures = _measured([row["figures"] for row in rows.values()])
    lines = [
        (count, f"{row['parts_per_stream']:g}", *(shown(row["figures"][m]) for m in measures))
        for count, row in rows.items()
    ]
    if second:
        lines.append(("second SoundFont", EMPTY, *(shown(second[m]) for m in measures)))
    heads = ("streams", "parts a stream", *(COLUMNS[m] for m in measures))
    return Sheet(
        f"a song of {mixtures['parts']} parts by streams (1: all on one, the paper's way)",
        heads,
        tuple(lines),
    )


def _measured(several: list[Figures]) -> list[str]:
    """The measures that any of them has."""
    return [name for name in COLUMNS if any(figures.get(name) is not None for figures in several)]
