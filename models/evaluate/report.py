"""`evaluate`: every player plays the development set; the report holds their figures, rows by columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from neume.synth.bundle import Bundle, open_named
from neume.synth.mel import MelSpec
from neume.synth.stages import load_stages

from ..fluid import FluidReference, soundfont_sha256
from ..programs import NAMES, TRAINED
from .dev_set import DRUMS, FAMILIES, PERFORMANCES, PROBES, SONG, DevSet, Segment, build_dev_set
from .frechet import EMBEDDING
from .players import Player, chain_player, inverter_player, second_soundfont, soundfont_player
from .recogniser import METHOD, Recogniser
from .scoring import Rendering, Scores, figures, score_segment
from .transcriber import HOW_TO, Transcriber, find_model

Report = dict[str, Any]
Listener = Callable[[Segment, Mapping[str, Rendering]], None]
"""Told after every segment: the segment, and its rendering by each row."""

REFERENCE: Final = "reference"
INVERTER: Final = "inverter only"
CHAIN: Final = "whole chain"
SECOND: Final = "second SoundFont"
ROWS: Final = (REFERENCE, INVERTER, CHAIN, SECOND)
SOLO: Final = "solo"
ALL: Final = "all"
EVERY: Final = "every program"
PERFORMED: Final = "every program, performances"
GROUPS: Final = {  # name → the families pooled in it
    **{family: (family,) for family in (*FAMILIES, DRUMS, SONG)},
    SOLO: tuple(FAMILIES),
    ALL: (*FAMILIES, DRUMS, SONG),
    EVERY: (PROBES,),
    PERFORMED: (PERFORMANCES,),
}
SCHEMA: Final = 1


def evaluate(
    bundle: str | Path,
    corpus: Path,
    *,
    segments: int = 3,
    steps: int | None = None,
    seed: int = 0,
    soundfont: Path | None = None,
    second: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """Play and score the development set: a bundle (name or folder), its inverter alone, two SoundFonts.

    Deterministic for the same bundle, corpus, SoundFonts and numbers. Raises `NeumeError` for a bundle,
    corpus or SoundFont that cannot be had; a missing second SoundFont or transcriber only empties its row or
    columns, and `remarks` says so.
    """
    opened = open_named(bundle)
    dev_set = build_dev_set(corpus, segments)
    stages = load_stages(opened)
    reference = FluidReference(soundfont)
    rows: dict[str, Player] = {
        INVERTER: inverter_player(opened, stages, FluidReference(soundfont), seed),
        CHAIN: chain_player(opened, stages, steps, seed),
    }
    report = compare(dev_set, reference, rows, opened.manifest.mel, second, listener)
    return {"schema": SCHEMA, "bundle": about(opened, steps, seed), **report}


def compare(
    dev_set: DevSet,
    reference: FluidReference,
    rows: Mapping[str, Player],
    spec: MelSpec,
    second: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """Score any rows against the reference; the reference itself and a second SoundFont are added as rows.

    `second`: a SoundFont file to take instead of the one that `second_soundfont` finds.
    """
    remarks = list(dev_set.remarks)
    model, other = find_model(), second_soundfont(second)
    if model is None:
        remarks.append(f"onset F1 is empty: no transcriber; {HOW_TO}")
    if other is None:
        remarks.append("no second SoundFont to compare with: install Debian's musescore-general-soundfont")
    players = {REFERENCE: soundfont_player(reference), **rows}
    if other is not None:
        players[SECOND] = soundfont_player(FluidReference(other))
    transcriber = Transcriber(model) if model else None
    recogniser = _recogniser(dev_set, reference, spec)
    scores: dict[str, dict[str, Scores]] = {row: {} for row in players}
    for segment in dev_set.segments:
        heard = {
            row: Rendering(segment, play(segment.events, segment.samples), spec)
            for row, play in players.items()
        }
        for row, made in heard.items():
            scores[row][segment.name] = score_segment(made, heard[REFERENCE], transcriber, recogniser)
        if listener:
            listener(segment, heard)
    return {
        "reference": {"soundfont": reference.soundfont.name, "sha256": soundfont_sha256(reference.soundfont)},
        "second_soundfont": other.name if other else None,
        "transcriber": "basic-pitch" if model else None,
        "frechet_embedding": EMBEDDING,
        "recogniser": METHOD,
        "set": {"seconds": round(dev_set.seconds, 1), "segments": [s.name for s in dev_set.segments]},
        "remarks": remarks,
        "rows": {row: _groups(dev_set, scores, row) for row in players},
        "programs": _programs(dev_set, scores),
    }


def _recogniser(dev_set: DevSet, reference: FluidReference, spec: MelSpec) -> Recogniser | None:
    """One that knows the programs of the probes, if there are any to tell apart."""
    programs = sorted({segment.program for segment in dev_set.segments if segment.kind == "probe"})
    return Recogniser.trained(reference, spec, programs) if len(programs) > 1 else None


def _groups(dev_set: DevSet, scores: Mapping[str, Mapping[str, Scores]], row: str) -> Report:
    """Group → figures of one row; groups without a segment are left out."""
    result: Report = {}
    for group, families in GROUPS.items():
        names = [s.name for s in dev_set.segments if s.family in families]
        if names:
            pooled = {
                r: Scores.pooled(scores[r][name] for name in names)
                for r in {row, REFERENCE, SECOND} & scores.keys()
            }
            result[group] = figures(pooled[row], pooled[REFERENCE], pooled.get(SECOND))
    return result


def _programs(dev_set: DevSet, scores: Mapping[str, Mapping[str, Scores]]) -> Report:
    """Program number → its name and the log-mel distance in dB of every row but the reference."""
    probes = {s.program: s.name for s in dev_set.segments if s.kind == "probe"}
    return {
        str(program): {
            "name": NAMES[program],
            "log_mel_db": {
                row: figures(by_name[probes[program]], Scores(), None)["log_mel_db"]
                for row, by_name in scores.items()
                if row != REFERENCE
            },
        }
        for program in TRAINED
        if program in probes
    }


def about(bundle: Bundle, steps: int | None, seed: int) -> Report:
    """Which bundle was heard, and how; without `steps`, with its own."""
    info, own = bundle.manifest.bundle, bundle.manifest.sampling.steps_default
    chosen = own if steps is None else steps
    return {"id": info.id, "version": info.version, "digest": bundle.digest, "steps": chosen, "seed": seed}
