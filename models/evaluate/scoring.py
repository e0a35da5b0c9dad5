"""From a rendered segment to figures: what is measured on which kind of segment, and how sets are pooled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.events import DRUM_CHANNEL
from neume.synth.mel import MelSpec

from .detune import detune_cents
from .dev_set import RATE_HZ, Segment
from .frechet import embed, frechet_distance
from .metrics import flutter_db, held_mel, log_mel_errors, stft_distance, velocity_correlation
from .onset_timing import onset_error_ms
from .recogniser import Recogniser
from .spans import held_regions, isolated_onsets, note_spans
from .transcriber import Transcriber, count_matches, f1_score

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Figures = dict[str, float | None]

COLUMNS: Final = {  # figure → what tables call it
    "log_mel_db": "log-mel distance, dB",
    "stft_distance": "STFT distance",
    "tuning_median_cents": "tuning, median cents",
    "tuning_p95_cents": "tuning, 95 % cents",
    "velocity_correlation": "loudness by velocity",
    "onset_error_ms": "onset error, ms",
    "onset_spread_ms": "onset spread, ± ms",
    "flutter_ratio": "flutter ratio",
    "frechet": "Fréchet distance",
    "frechet_ratio": "Fréchet, of second's",
    "onset_f1": "onset F1",
    "onset_f1_ratio": "onset F1 ratio",
    "recognised": "program recognised",
    "recognised_ratio": "recognised, ratio",
}


@dataclass(frozen=True)
class Rendering:
    """One segment as one player played it. `audio` `(samples,)`."""

    segment: Segment
    audio: Float32
    spec: MelSpec

    @cached_property
    def mel(self) -> Float32:
        return self.spec.analyse(self.audio)


@dataclass
class Scores:
    """Raw results of any number of segments, so that pooling them weighs every note and frame alike."""

    mel_errors_db: list[Float64] = field(default_factory=list)
    stft: list[float] = field(default_factory=list)
    cents: list[float] = field(default_factory=list)
    correlations: list[float] = field(default_factory=list)
    onset_ms: list[float] = field(default_factory=list)
    flutter: list[tuple[float, float]] = field(default_factory=list)
    patches: list[Float64] = field(default_factory=list)
    matched: int = 0
    heard: int = 0
    played: int = 0
    recognised: int = 0
    judged: int = 0

    def add(self, other: Scores) -> None:
        for name in ("mel_errors_db", "stft", "cents", "correlations", "onset_ms", "flutter", "patches"):
            getattr(self, name).extend(getattr(other, name))
        self.matched += other.matched
        self.heard += other.heard
        self.played += other.played
        self.recognised += other.recognised
        self.judged += other.judged

    @staticmethod
    def pooled(several: Iterable[Scores]) -> Scores:
        total = Scores()
        for scores in several:
            total.add(scores)
        return total


def score_segment(
    made: Rendering,
    reference: Rendering,
    transcriber: Transcriber | None,
    recogniser: Recogniser | None = None,
) -> Scores:
    """Everything that the segment's kind lets one measure.

    Music: all but the velocity correlation. Ladders: velocity correlation and onset times. Scales: tuning,
    flutter and onset times. Probes: log-mel distance, and whether the program is recognised. Performances:
    that alone.
    """
    scores, segment = Scores(), made.segment
    if segment.kind in ("music", "probe"):
        scores.mel_errors_db.append(log_mel_errors(made.mel, reference.mel))
    if segment.kind == "music":
        scores.stft.append(stft_distance(made.audio, reference.audio))
        scores.patches.append(embed(made.mel, reference.mel))
    if segment.kind in ("probe", "performance"):
        if recogniser is not None:
            found = recogniser.program_of(made.mel, reference.mel)
            scores.recognised, scores.judged = int(found == segment.program), int(found is not None)
        return scores
    spans = note_spans(segment.events, segment.samples)
    for onset in isolated_onsets(spans):
        scores.onset_ms.append(onset_error_ms(made.audio, reference.audio, onset, RATE_HZ))
    if segment.kind == "ladder":
        onsets, velocities = zip(*((span.onset, span.velocity) for span in spans), strict=True)
        scores.correlations.append(velocity_correlation(made.audio, onsets, velocities, RATE_HZ))
        return scores
    for region in held_regions(segment.events, spans):
        stretch = slice(region.start, region.end)
        scores.cents.append(detune_cents(made.audio[stretch], reference.audio[stretch], region.key, RATE_HZ))
        mels = (held_mel(r.mel, region.start, region.end, made.spec) for r in (made, reference))
        scores.flutter.append(flutter_db(*mels))
    melodic = [(span.onset / RATE_HZ, span.key) for span in spans if span.channel != DRUM_CHANNEL]
    if transcriber and melodic and segment.kind == "music":
        heard = transcriber.notes(made.audio, RATE_HZ)
        scores.matched, scores.heard, scores.played = count_matches(heard, melodic), len(heard), len(melodic)
    return scores


def figures(scores: Scores, reference: Scores, second: Scores | None) -> Figures:
    """The pooled figures in the order of `COLUMNS`, then how many frames and notes they come from.

    None where nothing was measured. `reference` and `second` are the pooled scores of the reference row and
    of the second SoundFont's on the same segments. Tuning: median and 95th percentile of the absolute errors.
    Onsets: median, and half the distance from the 16th to the 84th percentile, which is the standard
    deviation of a normal distribution but is not carried away by a single attack of another shape.
    """
    errors = np.concatenate([*scores.mel_errors_db, np.zeros(0)])
    cents = np.abs(_measured(scores.cents))
    onsets = _measured(scores.onset_ms)
    flutter = np.array(scores.flutter).reshape(-1, 2).sum(axis=0)
    frechet = _frechet(scores, reference)
    f1, own_f1 = (f1_score(s.matched, s.heard, s.played) if s.played else np.nan for s in (scores, reference))
    recognised, own_recognised = (
        s.recognised / s.judged if s.judged else np.nan for s in (scores, reference)
    )
    values: dict[str, float] = {
        "log_mel_db": _mean(errors),
        "stft_distance": _mean(np.array(scores.stft)),
        "tuning_median_cents": float(np.median(cents)) if cents.size else np.nan,
        "tuning_p95_cents": float(np.percentile(cents, 95)) if cents.size else np.nan,
        "velocity_correlation": _mean(_measured(scores.correlations)),
        "onset_error_ms": float(np.median(onsets)) if onsets.size else np.nan,
        "onset_spread_ms": float(np.ptp(np.percentile(onsets, [16, 84])) / 2.0) if onsets.size else np.nan,
        "flutter_ratio": float(flutter[0] / flutter[1]) if flutter[1] > 0.0 else np.nan,
        "frechet": frechet,
        "frechet_ratio": frechet / _frechet(second, reference) if second else np.nan,
        "onset_f1": f1,
        "onset_f1_ratio": f1 / own_f1 if own_f1 else np.nan,
        "recognised": recognised,
        "recognised_ratio": recognised / own_recognised if own_recognised else np.nan,
        "sounding_frames": errors.size,
        "held_notes": cents.size,
        "isolated_onsets": onsets.size,
        "played_notes": scores.played,
    }
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: float) -> float | None:
    """A number for JSON: counts stay whole, NaN is nothing."""
    if isinstance(value, int):
        return value
    return None if np.isnan(value) else round(float(value), 4)


def _measured(values: list[float]) -> Float64:
    array = np.array(values, np.float64)
    return np.asarray(array[~np.isnan(array)])


def _mean(values: Float64) -> float:
    return float(values.mean()) if values.size else float("nan")


def _frechet(scores: Scores, reference: Scores) -> float:
    if not scores.patches:
        return float("nan")
    return frechet_distance(np.concatenate(scores.patches), np.concatenate(reference.patches))
