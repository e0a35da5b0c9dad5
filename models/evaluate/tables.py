"""The report as tables for people, and as spectrogram pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from neume.synth.errors import NeumeError, OutputError

from .dev_set import DRUMS, FAMILIES, SONG, Segment
from .report import CHAIN, INVERTER, REFERENCE, ROWS, SOLO, Listener, Report
from .scoring import COLUMNS, Rendering

EMPTY: Final = "–"
FAMILY_COLUMNS: Final = {  # figure → a heading short enough for a narrow terminal
    "log_mel_db": "log-mel dB",
    "tuning_median_cents": "tuning cents",
    "velocity_correlation": "loud by vel.",
    "onset_error_ms": "onset ms",
    "flutter_ratio": "flutter ratio",
    "frechet_ratio": "FD ratio",
    "onset_f1_ratio": "F1 ratio",
}


def print_report(report: Report, console: Console) -> None:
    """Every figure of every row for the solo parts, the song and the drums; then families and programs."""
    bundle, against = report["bundle"], report["reference"]["soundfont"]
    console.print(f"{bundle['id']} {bundle['version']}, {bundle['steps']} steps, against {against}")
    for group in (SOLO, SONG, DRUMS):
        columns = [row for row in ROWS if group in report["rows"].get(row, {})]
        if columns:
            console.print(_group_table(report, group, columns))
    console.print(_families_table(report))
    console.print(_programs_table(report))
    console.print(f"Fréchet distance in: {report['frechet_embedding']}.", highlight=False)
    for remark in report["remarks"]:
        console.print(f"Note: {remark}", highlight=False)


def _group_table(report: Report, group: str, rows: list[str]) -> Table:
    table = Table("", *rows, title=f"{group} parts" if group == SOLO else group)
    for column, name in COLUMNS.items():
        table.add_row(name, *(_shown(report["rows"][row][group][column]) for row in rows))
    return table


def _families_table(report: Report) -> Table:
    table = Table(Column(no_wrap=True), *FAMILY_COLUMNS.values(), title=f"{CHAIN} by family")
    chain = report["rows"][CHAIN]
    for family in (*FAMILIES, DRUMS, SONG):
        if family in chain:
            table.add_row(family, *(_shown(chain[family][column]) for column in FAMILY_COLUMNS))
    return table


def _programs_table(report: Report) -> Table:
    rows = [row for row in ROWS[1:] if row in report["rows"]]
    table = Table("program", "", *rows, title="log-mel distance of each trained program, dB")
    for number, entry in report["programs"].items():
        table.add_row(number, entry["name"], *(_shown(entry["log_mel_db"][row]) for row in rows))
    return table


def _shown(value: float | None) -> str:
    return EMPTY if value is None else f"{value:.2f}"


def picture_listener(folder: Path, following: Listener | None = None) -> Listener:
    """Writes a PNG for every piece of music: reference above, inverter only and whole chain below."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise NeumeError(f"pictures need matplotlib ({error}): pip install neume[eval]") from error
    from ..pictures import spectrogram_pairs

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: no folder for pictures ({error.strerror}); choose another") from error

    def draw(segment: Segment, heard: Mapping[str, Rendering]) -> None:
        if following:
            following(segment, heard)
        rows = [row for row in (INVERTER, CHAIN) if row in heard]
        if segment.kind == "music" and rows:
            path = folder / f"{re.sub('[^a-z0-9]+', '-', segment.name.lower()).strip('-')}.png"
            wanted = [heard[REFERENCE].mel] * len(rows)
            title = f"{segment.name}: {' | '.join(rows)}"
            spectrogram_pairs(path, wanted, [heard[row].mel for row in rows], title)

    return draw
