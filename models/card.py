"""The card of a bundle: what it is, what it learned from, how well it does, where it is weak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any, Final

from neume.synth.manifest import BundleInfo
from neume.synth.voices import DRUM_PROGRAM

from .evaluate.dev_set import FAMILIES
from .evaluate.further_tables import sheets, shown
from .evaluate.report import EVERY, PERFORMED
from .programs import NAMES, TRAINED, substitute

ROWS: Final = ("reference", "inverter only", "whole chain", "second SoundFont")
RECOGNISED: Final = {
    EVERY: "of the probes above (14 notes and a chord each)",
    PERFORMED: "of two performances of 40 other notes each",
}
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
- Held notes of steady voices (strings, choir, brass, organ) come out 1 to 4 dB quieter than the reference.
- One drum kit. Key pressure and modulation move the pitch as vibrato, not the timbre.
- Single onsets below C3 lie up to a period of the note early or late.
- The development set is small, and was looked at while building: expect a little less elsewhere.
"""
TUNED_CENTS: Final = 10.0  # families with held notes further off at the 95th percentile are named
FURTHEST: Final = 5  # programs named


def card_text(info: BundleInfo, data: str, data_licence: str, report: Mapping[str, Any] | None) -> str:
    """Markdown; figures come from a report of `neume eval`, and are left out without one."""
    parts = [
        f"# {info.name} {info.version}\n\n{info.description}\n\nLicence: {info.licence}.\n",
        f"## Data\n\n{data}\n\nLicences of the data: {data_licence}\n",
    ]
    report = report or {}
    if report.get("pictures"):
        parts.append(_pictures(report))
    if "rows" in report:
        scopes = [scope for scope in SCOPES if scope in report["rows"]["whole chain"]]
        parts += [f"## Figures\n\n{_method(report)}\n", *(_scope(report, scope) for scope in scopes)]
    parts += _further(report)
    if "rows" in report:
        parts.append(_programs(report))
    parts.append(f"## Known weaknesses\n\n{WEAKNESSES}{_measured_weaknesses(report)}")
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


def _pictures(report: Mapping[str, Any]) -> str:
    """Links to the files that `carried_pictures` has for the export to write beside the card."""
    links = [
        f"{picture['caption']}:\n\n![{picture['caption']}]({picture['file']})\n"
        for picture in report["pictures"]
    ]
    return "\n".join(["## Spectrograms, reference and generated\n", *links])


def _further(report: Mapping[str, Any]) -> list[str]:
    """Diffusion steps, their cost, and mixtures, as far as they were measured; on which version, if a report
    says that it was another one."""
    version = report.get("further_version")
    heading = f"### Measured with version {version}\n\nThe tables from here to the programs'.\n"
    return [heading] * (version is not None) + [
        f"### {sheet.title[0].upper()}{sheet.title[1:]}\n\n{_table(sheet.heads, sheet.lines)}"
        + (f"\n{sheet.note}\n" if sheet.note else "")
        for sheet in sheets(report)
    ]


def _scope(report: Mapping[str, Any], scope: str) -> str:
    rows = [row for row in ROWS if row in report["rows"]]
    lines = [
        [label, *(shown(report["rows"][row][scope].get(name)) for row in rows)]
        for name, label in FIGURES.items()
    ]
    return f"### {SCOPES[scope]}\n\n" + _table(["", *rows], lines)


def _programs(report: Mapping[str, Any]) -> str:
    lines = [
        [number, program["name"], *(shown(program["log_mel_db"].get(row)) for row in ROWS[1:])]
        for number, program in report["programs"].items()
    ]
    made = [program["log_mel_db"]["whole chain"] for program in report["programs"].values()]
    near = sum(distance <= 2.0 * median(made) for distance in made)
    told = f"{near} of {len(made)} lie within twice the median distance, which is {median(made):.1f} dB.\n\n"
    table = _table(["", "program", *ROWS[1:]], lines)
    return f"### Trained programs, log-mel distance in dB\n\n{told}{_recognised(report)}{table}"


def _recognised(report: Mapping[str, Any]) -> str:
    """How often a classifier names the right program, for each row."""
    told = [
        f"A classifier that learned from the reference names the program {of_what}: {', '.join(shares)}.\n\n"
        for group, of_what in RECOGNISED.items()
        if (shares := list(_shares(report, group)))
    ]
    return "".join(told)


def _shares(report: Mapping[str, Any], group: str) -> Iterator[str]:
    for row in ROWS:
        share = report["rows"].get(row, {}).get(group, {}).get("recognised")
        if share is not None:
            yield f"{share:.0%} ({row})"


def _measured_weaknesses(report: Mapping[str, Any]) -> str:
    """Weaknesses that this report's own figures show, one line each."""
    told = [*(_weak_figures(report) if "rows" in report else ()), *_weak_mixtures(report)]
    return "".join(f"- {line}.\n" for line in told)


def _weak_figures(report: Mapping[str, Any]) -> Iterator[str]:
    chain = report["rows"]["whole chain"]
    distances = {p["name"]: p["log_mel_db"]["whole chain"] for p in report["programs"].values()}
    furthest = sorted(distances, key=lambda name: -distances[name])[:FURTHEST]
    if furthest:
        named = [f"{name} ({distances[name]:.1f} dB)" for name in furthest]
        yield f"Furthest from the reference: {', '.join(named)}"
    off_cents = {family: chain.get(family, {}).get("tuning_p95_cents") or 0.0 for family in FAMILIES}
    if named := [f"{family} ({off:.0f} cents)" for family, off in off_cents.items() if off > TUNED_CENTS]:
        yield f"Some held notes are out of tune (95th percentile): {', '.join(named)}"


def _weak_mixtures(report: Mapping[str, Any]) -> Iterator[str]:
    if mixtures := report.get("mixtures"):
        rows = list(mixtures["rows"].values())
        one, apart = (row["figures"]["log_mel_db"] for row in (rows[0], rows[-1]))
        yield (
            f"A song of {mixtures['parts']} parts lies {one:.2f} dB from the reference with all of them on "
            f"one stream, {apart:.2f} dB with a stream for each"
        )


def _substitutes() -> str:
    lines = [
        [str(number), NAMES[number], NAMES[substitute(number)]]
        for number in range(DRUM_PROGRAM)
        if number not in TRAINED
    ]
    return "## Programs played by a relative\n\n" + _table(["", "program", "sounds as"], lines)
