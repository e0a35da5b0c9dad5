"""The card of a bundle: what it is, what it learned from, how well it does, where it is weak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Final

from neume.synth.manifest import BundleInfo
from neume.synth.voices import DRUM_PROGRAM

from .programs import NAMES, TRAINED, substitute

ROWS: Final = ("reference", "inverter only", "whole chain", "second SoundFont")
EVERY: Final = "every program"
SCOPES: Final = {"solo": "Solo parts", "drums": "Drums", "song": "Full song, one stream a channel"}
FIGURES: Final = {
    "log_mel_db": "log-mel distance, dB",
    "stft_distance": "STFT distance",
    "tuning_median_cents": "tuning error, median, cents",
    "tuning_p95_cents": "tuning error, 95th percentile, cents",
    "velocity_correlation": "loudness against velocity",
    "onset_error_ms": "onset error, ms",
    "onset_spread_ms": "onset spread, ms",
    "flutter_ratio": "flutter, made / reference",
    "frechet_ratio": "Fréchet distance, in units of the second SoundFont's",
    "onset_f1_ratio": "onset F1, made / reference",
}
WEAKNESSES: Final = """\
- Sound effects and other programs without a steady pitch are the furthest from the reference: see the table.
- Vibrato and beating that the reference's samples carry are smoothed or set elsewhere in time.
- Inharmonic sounds (bells, piano's highest keys) are shaped from a harmonic tone and noise.
- Chords of steady voices (strings, choir, brass) come out about 2 dB quieter than the reference.
- One drum kit. Key pressure and modulation move the pitch as vibrato, not the timbre.
"""


def card_text(info: BundleInfo, data: str, data_licence: str, report: Mapping[str, Any] | None) -> str:
    """Markdown; figures come from a report of `neume eval`, and are left out without one."""
    parts = [
        f"# {info.name} {info.version}\n\n{info.description}\n\nLicence: {info.licence}.\n",
        f"## Data\n\n{data}\n\nLicences of the data: {data_licence}\n",
    ]
    if report:
        parts += [f"## Figures\n\n{_method(report)}\n", *(_scope(report, scope) for scope in SCOPES)]
        parts.append(_programs(report))
    parts.append(f"## Known weaknesses\n\n{WEAKNESSES}")
    if len(TRAINED) <= DRUM_PROGRAM:
        parts.append(_substitutes())
    return "\n".join(parts)


def _method(report: Mapping[str, Any]) -> str:
    second = report["second_soundfont"] or "none"
    return (
        "`neume eval` on MIDI that was not trained on, against FluidSynth playing FluidR3 GM dry. "
        f"Second SoundFont: {second}. Transcriber: {report['transcriber'] or 'none'}."
    )


def _table(header: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    head = list(header)
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _scope(report: Mapping[str, Any], scope: str) -> str:
    rows = [row for row in ROWS if row in report["rows"]]
    lines = [
        [label, *(_number(report["rows"][row][scope].get(name)) for row in rows)]
        for name, label in FIGURES.items()
    ]
    return f"### {SCOPES[scope]}\n\n" + _table(["", *rows], lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _programs(report: Mapping[str, Any]) -> str:
    lines = [
        [number, program["name"], *(_number(program["log_mel_db"].get(row)) for row in ROWS[1:])]
        for number, program in report["programs"].items()
    ]
    made = [program["log_mel_db"]["whole chain"] for program in report["programs"].values()]
    near = sum(distance <= 2.0 * median(made) for distance in made)
    told = f"{near} of {len(made)} lie within twice the median distance, which is {median(made):.1f} dB.\n\n"
    table = _table(["", "program", *ROWS[1:]], lines)
    return f"### Trained programs, log-mel distance in dB\n\n{told}{_recognised(report)}{table}"


def _recognised(report: Mapping[str, Any]) -> str:
    """How often a classifier names the right program, of how often it does for the reference itself."""
    every = {row: report["rows"][row].get(EVERY, {}) for row in ROWS if row in report["rows"]}
    shares = {row: figures.get("recognised") for row, figures in every.items()}
    told = [f"{share:.0%} ({row})" for row, share in shares.items() if share is not None]
    return (
        f"A classifier that learned from the reference names the program: {', '.join(told)}.\n\n"
        if told
        else ""
    )


def _substitutes() -> str:
    lines = [
        [str(number), NAMES[number], NAMES[substitute(number)]]
        for number in range(DRUM_PROGRAM)
        if number not in TRAINED
    ]
    return "## Programs played by a relative\n\n" + _table(["", "program", "sounds as"], lines)
