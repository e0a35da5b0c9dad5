"""`neume doctor`: what this machine offers for playing, and what is in the way of low latency."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .findings import Finding


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Look at all that playing needs: libraries, audio, MIDI, models, priorities, files.

    One line for each finding: ok, note (it plays, but something is in the way of low latency, or missing) or
    problem (no playing like this), with what to do about it. Changes nothing. Exits with 1 for a problem.
    """
    from .device_list import list_devices
    from .doctor import diagnosis
    from .findings import Verdict

    findings = diagnosis(list_devices())
    if as_json:
        print(json.dumps([_record(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(_line(finding))
    if any(finding.verdict is Verdict.PROBLEM for finding in findings):
        raise typer.Exit(1)


def _record(finding: Finding) -> dict[str, str]:
    return {
        "topic": finding.topic,
        "verdict": finding.verdict.value,
        "text": finding.text,
        "advice": finding.advice,
    }


def _line(finding: Finding) -> str:
    advice = f" → {finding.advice}" if finding.advice else ""
    return f"{finding.verdict.value:7}  {finding.topic}: {finding.text}{advice}"
