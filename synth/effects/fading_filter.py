"""A recursive filter whose coefficients change without a click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt  # type: ignore[import-untyped]

from .crossfade import Crossfade, CrossfadeState
from .delay_lines import DelayLines
from .effect import Float32

Float64 = NDArray[np.float64]
Sections: TypeAlias = tuple[tuple[float, ...], ...]  # (b0, b1, b2, 1, a1, a2) each

WARM_UP_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class FadingFilterState:
    fade: CrossfadeState[Sections]
    heard: Float32
    past: Float64
    new_past: Float64


class FadingFilter:
    """Second-order sections over some rows of audio, in float64: in float32, low shelves are noisy.

    A filter with new coefficients hears the last `WARM_UP_S` again and then fades in over the old one: with
    the old one's memory it would begin with a click, and with none it would begin anew.
    """

    def __init__(self, sections: Sections, rows: int, rate_hz: int) -> None:
        self._fade: Crossfade[Sections] = Crossfade(sections, rate_hz)
        self._past = self._new_past = np.zeros((len(sections), rows, 2))
        self._warm_up = (round(WARM_UP_S * rate_hz),) * rows
        self._heard = DelayLines(rows, self._warm_up[0])

    def to(self, sections: Sections) -> None:
        self._fade.to(sections)

    def filter(self, audio: Float32) -> Float32:
        """The next `(rows, samples)`."""
        out = np.empty_like(audio)
        for span in self._fade.take(audio.shape[1]):
            part = audio[:, span.begin : span.end]
            made, past = _run(span.old, part, self._past)
            if span.new is not None:
                if span.starts:
                    self._new_past = self._warmed(span.new)
                new, self._new_past = _run(span.new, part, self._new_past)
                made = span.mix(made, new)
            self._past = self._new_past if span.arrives else past
            self._heard.write(part)
            out[:, span.begin : span.end] = made
        return out

    def clear(self) -> None:
        self._fade.clear()
        self._heard.clear()
        self._past = self._new_past = np.zeros_like(self._past)

    def state(self) -> FadingFilterState:
        return FadingFilterState(self._fade.state(), self._heard.state(), self._past, self._new_past)

    def restore(self, state: FadingFilterState) -> None:
        self._fade.restore(state.fade)
        self._heard.restore(state.heard)
        self._past, self._new_past = state.past, state.new_past

    def _warmed(self, sections: Sections) -> Float64:
        heard = self._heard.read(self._warm_up, self._warm_up[0])
        return _run(sections, heard, np.zeros_like(self._past))[1]


def _run(sections: Sections, audio: Float32, past: Float64) -> tuple[Float32, Float64]:
    """What leaves the sections, and their memory afterwards, `(sections, rows, 2)`."""
    made, past = sosfilt(np.array(sections), audio, axis=1, zi=past)
    return np.asarray(made, np.float32), past
