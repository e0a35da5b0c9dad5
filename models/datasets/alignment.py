"""How well notes and recording agree in time: measured, told, never mended by force.

The model learns onsets to the sample, so a recording that lags behind its MIDI teaches a wrong attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.events import MidiEvent, NoteOn
from neume.synth.mel import MelSpec

from .performance import RATE_HZ, Performance
from .recording import Float32, length_s, read_span

SPANS: Final = 8  # spread evenly over a performance
SPAN_S: Final = 10.0
LEAST_ONSETS: Final = 4  # in a span
LARGEST_S: Final = 0.3  # offset that is looked for
LAG_S: Final = 0.001
RANGE_DB: Final = 50.0  # below a span's loudest band, where room and tape noise flutter
LEAST_CREST: Final = 1.5  # correlation at its highest over its mean: less is no agreement at all
LEAST_STRENGTH: Final = 0.02  # mean over the onsets there, natural-log units
CHORD_S: Final = 0.02  # onsets closer than this are one
SPEC: Final = MelSpec(hop_samples=192)
# A rise shows in the frame whose window's steep end has just passed it: half that end and half a hop before.
FRAME_LAG_SAMPLES: Final = (SPEC.fall_samples + SPEC.hop_samples) / 2


@dataclass(frozen=True, slots=True)
class Offset:
    """How much later than its notes a recording sounds: median over spans, and the spans' spread (median
    absolute deviation from it); `spans` had clear enough attacks to tell, 0 if none had."""

    median_ms: float
    spread_ms: float
    spans: int


def measure_offset(performance: Performance) -> Offset:
    """Correlate the notes' onsets with the recording's onset strength, in some spans of the performance."""
    onsets_s = _onsets_s(performance.events)
    last_s = max(0.0, length_s(performance.audio) - SPAN_S)
    starts_s = np.unique(np.linspace(0.0, last_s, SPANS).round(3))
    found = []
    for start_s in starts_s:
        inside = onsets_s[(onsets_s >= start_s) & (onsets_s < start_s + SPAN_S)] - start_s
        if len(inside) >= LEAST_ONSETS:
            offset_s = span_offset_s(read_span(performance.audio, start_s, SPAN_S), inside)
            if offset_s is not None:
                found.append(1000.0 * offset_s)
    if not found:
        return Offset(0.0, 0.0, 0)
    median = float(np.median(found))
    return Offset(median, float(np.median(np.abs(np.array(found) - median))), len(found))


def _onsets_s(events: Sequence[MidiEvent]) -> NDArray[np.float64]:
    """Moments at which notes begin, chords once."""
    times = np.array([event.frame / RATE_HZ for event in events if isinstance(event, NoteOn)])
    return times[np.diff(times, prepend=-1.0) > CHORD_S]


def span_offset_s(audio: Float32, onsets_s: NDArray[np.float64]) -> float | None:
    """The lag at which the recording's onset strength, summed over the onsets, is highest; None if at no lag
    it stands out."""
    strength = onset_strength(audio)
    times_s = ((np.arange(len(strength)) + 1) * SPEC.hop_samples - FRAME_LAG_SAMPLES) / RATE_HZ
    lags_s = np.arange(-LARGEST_S, LARGEST_S + LAG_S / 2, LAG_S)
    moments = onsets_s[None, :] + lags_s[:, None]
    score = np.interp(moments, times_s, strength, left=0.0, right=0.0).sum(axis=1)
    if score.max() <= max(LEAST_CREST * score.mean(), LEAST_STRENGTH * len(onsets_s)):
        return None
    return float(lags_s[score.argmax()])


def onset_strength(audio: Float32) -> NDArray[np.float64]:
    """Mean rise of the log-mel bands from one frame of 4 ms to the next, `(frames,)`.

    Zero in the first frames, whose windows reach back beyond the audio's begin.
    """
    mel = SPEC.analyse(audio)
    floor = mel.max(initial=SPEC.log_floor) - RANGE_DB * np.log(10.0) / 20.0
    rise = np.diff(np.maximum(mel, floor), axis=0, prepend=np.float32(floor))
    rise[: SPEC.window_samples // SPEC.hop_samples + 1] = 0.0
    return np.asarray(np.maximum(rise, 0.0).mean(axis=1), np.float64)
