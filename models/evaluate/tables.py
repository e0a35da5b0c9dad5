"""The report as tables for people, and as spectrogram pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from neume.synth.errors import OutputError

from ..pictures import require_matplotlib, spectrogram_pairs
from .card_pictures import carried_pictures
from .dev_set import DRUMS, FAMILIES, SONG, Segment
from .further_tables import sheets, shown
from .report import CHAIN, INVERTER, REFERENCE, ROWS, SOLO, Listener, Report
from .scoring import COLUMNS, Rendering

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
    """Whatever is in the report: figures first, then steps, cost and mixtures."""
    bundle = report["bundle"]
    console.print(f"{bundle['id']} {bundle['version']}, {bundle['steps']} steps")
    if "rows" in report:
        _print_figures(report, console)
    for sheet in sheets(report):
        table = Table(*sheet.heads, title=sheet.title)
        for line in sheet.lines:
            table.add_row(*line)
        console.print(table)
        if sheet.note:
            console.print(sheet.note, highlight=False)
    for name, content in carried_pictures(report).items():
        console.print(f"{name}: {len(content)} bytes, in the report that --json prints", highlight=False)


def _print_figures(report: Report, console: Console) -> None:
    """Every figure of every row for the solo parts, the song and the drums; then families and programs."""
    console.print(f"against {report['reference']['soundfont']}")
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
        table.add_row(name, *(shown(report["rows"][row][group][column]) for row in rows))
    return table


def _families_table(report: Report) -> Table:
    table = Table(Column(no_wrap=True), *FAMILY_COLUMNS.values(), title=f"{CHAIN} by family")
    chain = report["rows"][CHAIN]
    for family in (*FAMILIES, DRUMS, SONG):
        if family in chain:
            table.add_row(family, *(shown(chain[family][column]) for column in FAMILY_COLUMNS))
    return table


def _programs_table(report: Report) -> Table:
    rows = [row for row in ROWS[1:] if row in report["rows"]]
    table = Table("program", "", *rows, title="log-mel distance of each trained program, dB")
    for number, entry in report["programs"].items():
        table.add_row(number, entry["name"], *(shown(entry["log_mel_db"][row]) for row in rows))
    return table


def write_pictures(report: Report, folder: Path) -> None:
    """The pictures that a report carries, as files in a folder that is there."""
    for name, content in carried_pictures(report).items():
        (folder / name).write_bytes(content)


def make_folder(folder: Path) -> None:
    """Raises `OutputError` where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: no folder for pictures ({error.strerror}); choose another") from error


def picture_listener(folder: Path, following: Listener | None = None) -> Listener:
    """Writes a PNG for every piece of music: reference above, inverter only and whole chain below."""
    require_matplotlib()
    make_folder(folder)

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
