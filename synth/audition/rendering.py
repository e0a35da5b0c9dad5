"""One clip rendered: a bundle's program plays its phrase, at a level that suits an audition.

In the worker's process; the offline renderer does the work.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ..arrangement import arrange
from ..bundle import Bundle, open_named
from ..errors import UsageError
from ..mixer import Mixer
from ..renderer import StreamRenderer
from ..song_render import SongRender, Span
from ..stages import Stages, load_stages
from .clips import LONGEST_CLIP_S, ClipCache, ClipKey, longest_samples
from .phrases import phrase_performance

Float32 = NDArray[np.float32]
MAX_BUNDLES: Final = 2  # kept loaded
TARGET_DBFS: Final = -24.0  # of the loudest 0.4 s: beside a performance, not above it
LOUDEST_S: Final = 0.4
LOUDEST_PEAK_DBFS: Final = -9.0
QUIETEST_PEAK: Final = 1e-4  # below, there is nothing to hear
MOST_GAIN_DB: Final = 24.0
FADE_S: Final = 0.2  # of a clip that still sounds where it is cut


@dataclass(frozen=True, slots=True)
class _Loaded:
    bundle: Bundle
    stages: Stages


class ClipRenderer:
    """Keeps the bundles that were asked for last. Not thread-safe."""

    def __init__(self, cache: ClipCache) -> None:
        self._cache = cache
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()

    def clip(self, bundle: str, program: int, rate_hz: int) -> Float32:
        """The clip, `(samples, 2)`, which is in the cache then too.

        Raises BundleError for a bundle that cannot be played, UsageError for a program without a sound.
        """
        loaded = self._opened(bundle)
        audio = _rendered(loaded, program)
        own_hz = loaded.bundle.manifest.mel.rate_hz
        if own_hz != rate_hz:
            audio = soxr.resample(audio, own_hz, rate_hz)[: longest_samples(rate_hz)]
        self._cache.store(ClipKey(loaded.bundle.digest, program, rate_hz), audio)
        return audio

    def _opened(self, name: str) -> _Loaded:
        """A bundle that has been changed on the disk since is another one."""
        bundle = open_named(name)
        loaded = self._loaded.pop(bundle.digest, None) or _Loaded(bundle, load_stages(bundle))
        self._loaded[bundle.digest] = loaded
        while len(self._loaded) > MAX_BUNDLES:
            self._loaded.popitem(last=False)
        return loaded


def _rendered(loaded: _Loaded, program: int) -> Float32:
    rate_hz = loaded.bundle.manifest.mel.rate_hz
    performance = phrase_performance(program, rate_hz)
    arrangement = arrange(performance, 1)
    span = Span(0, performance.duration_frames, round(LONGEST_CLIP_S * rate_hz), auto=True)
    renderer = StreamRenderer(loaded.bundle, loaded.stages, arrangement.streams)
    song = SongRender(renderer, performance, arrangement, span, Mixer(arrangement.streams, rate_hz))
    audio = np.concatenate(list(song))
    peak = float(np.abs(audio).max())
    if peak < QUIETEST_PEAK:
        name = loaded.bundle.manifest.programs[program].name
        raise UsageError(f"program {program} ({name}) of {loaded.bundle.manifest.bundle.id} makes no sound")
    return levelled(audio, rate_hz)


def levelled(audio: Float32, rate_hz: int) -> Float32:
    """The audio, `(samples, 2)` and not silent, at the level of an audition, its end faded.

    The loudest stretch tells the level: instruments that decay are heard by their attack. Loudness as
    `loudness` measures it would need a library that takes longer to load than the bundle.
    """
    peak_db = 20.0 * np.log10(float(np.abs(audio).max()))
    level_db = 10.0 * np.log10(_loudest_power(audio, round(LOUDEST_S * rate_hz)))
    gain_db = min(TARGET_DBFS - level_db, LOUDEST_PEAK_DBFS - peak_db, MOST_GAIN_DB)
    fade = min(len(audio), round(FADE_S * rate_hz))
    shaped = audio * np.float32(10.0 ** (gain_db / 20.0))
    shaped[len(shaped) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, None]
    return np.asarray(shaped, np.float32)


def _loudest_power(audio: Float32, samples: int) -> float:
    """The highest mean square of `samples` in a row, of both sides."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64).mean(axis=1))])
    length = min(samples, len(audio))
    return float((energy[length:] - energy[:-length]).max()) / length
