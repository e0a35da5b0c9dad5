"""The mixer: streams in, one stereo block out. Gain and pan of each stream, sum, safety limiter.

Between the renderer and the ring (live) or the file. Gains run in straight lines over a block, so nothing
clicks. The render thread owns it; other threads may read `meters`, which is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .limiter import Limiter, held

Float32 = NDArray[np.float32]
SIDES: Final = 2


@dataclass(frozen=True, slots=True)
class Strip:
    """How one stream enters the mix. `pan` is -1 (left) to 1 (right) at equal power: -3 dB a side at 0."""

    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False

    @property
    def gain(self) -> float:
        """Linear, pan left out."""
        return 0.0 if self.muted else float(10.0 ** (self.gain_db / 20.0))


@dataclass(frozen=True, slots=True)
class Meters:
    """Levels of the last block, linear; `peak` and `rms` of each stream after its gain and before its pan."""

    peak: tuple[float, ...]
    rms: tuple[float, ...]
    master_peak: float = 0.0  # after the limiter
    limiter_gain: float = 1.0  # at the block's end
    master_rms: float = 0.0  # after the limiter, of the louder side


@dataclass(frozen=True, slots=True)
class MixerState:
    """What the next block depends on; `gains` is None before the first block."""

    gains: Float32 | None
    limiter_gain: float


class Mixer:
    """Mixes `streams` mono streams.

    `gain_db` is the master gain, smoothed like the strips'. Without `limiting` the sum leaves as it is.
    """

    def __init__(self, streams: int, rate_hz: int, *, limiting: bool = True) -> None:
        self.streams = streams
        self.gain_db = 0.0
        self.limiting = limiting
        self._limiter = Limiter(rate_hz)
        self._asked: tuple[tuple[Strip, ...], float] | None = None  # strips and master gain
        self._target = np.zeros((streams, SIDES), np.float32)
        self._strip_gains = np.zeros(streams)
        self.reset()

    def reset(self) -> None:
        """Back to before the first block, which then starts at its own gains."""
        self._gains: Float32 | None = None
        self._limiter.reset()
        self.meters = Meters((0.0,) * self.streams, (0.0,) * self.streams)

    def state(self) -> MixerState:
        return MixerState(None if self._gains is None else self._gains.copy(), self._limiter.gain)

    def restore(self, state: MixerState) -> None:
        self._gains = None if state.gains is None else state.gains.copy()
        self._limiter.gain = state.limiter_gain

    def mix(self, audio: Float32, strips: Sequence[Strip]) -> Float32:
        """One block: `audio` `(streams, samples)` float32 → `(samples, 2)` float32 within the ceiling.

        The block's gains run from the last block's to those of `strips`, one for each stream. Values that
        are not finite become zeros.
        """
        audio = finite(audio)
        last, target, ramp = self._advance(audio.shape[1], strips)
        mixed = np.asarray(last.T @ audio, np.float32)
        if last is not target:
            mixed += (target - last).T @ audio * ramp
        if self.limiting:
            mixed = self._limiter.limit(mixed)
        self.meters = self._measured(audio, mixed)
        return np.ascontiguousarray(mixed.T)

    def split(self, audio: Float32, strips: Sequence[Strip]) -> Float32:
        """One block as its parts, `(samples, streams, 2)`: what `mix` makes of each stream.

        The limiter's gain is on every part, so the parts sum to the mix.
        """
        audio = finite(audio)
        last, target, ramp = self._advance(audio.shape[1], strips)
        gains = last[:, :, None] + (target - last)[:, :, None] * ramp
        parts = np.asarray(audio[:, None, :] * gains, np.float32)
        mixed = parts.sum(axis=0)
        limits = self._limiter.gains(mixed) if self.limiting else None
        if limits is not None:
            parts, mixed = parts * limits, held(mixed * limits)
        self.meters = self._measured(audio, mixed)
        return np.ascontiguousarray(parts.transpose(2, 0, 1))

    def _advance(self, samples: int, strips: Sequence[Strip]) -> tuple[Float32, Float32, Float32]:
        """Gains at the block's start and end, `(streams, 2)` each, the same object if they are equal, and
        the way between them, `(samples,)` from 1 / samples to 1."""
        asked = tuple(strips), self.gain_db
        if asked != self._asked:
            self._asked = asked
            self._target = strip_gains(strips) * np.float32(10.0 ** (self.gain_db / 20.0))
            self._strip_gains = np.array([strip.gain for strip in strips])
        last, self._gains = self._gains, self._target
        if last is None or (last is not self._target and np.array_equal(last, self._target)):
            last = self._target
        return last, self._target, way(samples)

    def _measured(self, audio: Float32, mixed: Float32) -> Meters:
        if not audio.size:
            return self.meters
        peak = np.abs(audio).max(axis=1) * self._strip_gains
        rms = np.sqrt(np.einsum("ij,ij->i", audio, audio) / audio.shape[1]) * self._strip_gains
        return Meters(
            tuple(peak.tolist()),
            tuple(rms.tolist()),
            float(np.abs(mixed).max()),
            self._limiter.gain,
            louder_rms(mixed),
        )


@lru_cache(maxsize=8)
def way(samples: int) -> Float32:
    """From a block's begin to its end, `(samples,)` from 1 / samples to 1."""
    return np.arange(1, samples + 1, dtype=np.float32) / np.float32(max(1, samples))


def strip_gains(strips: Sequence[Strip]) -> Float32:
    """Linear gains of the left and right side, `(streams, 2)` float32."""
    gains = np.empty((len(strips), SIDES), np.float32)
    for row, strip in enumerate(strips):
        angle = (min(1.0, max(-1.0, strip.pan)) + 1.0) * np.pi / 4
        gains[row] = strip.gain * np.cos(angle), strip.gain * np.sin(angle)
    return gains


def louder_rms(mixed: Float32) -> float:
    """RMS of the louder side of a block, shape `(2, samples)`, at least one sample."""
    return float(np.sqrt(np.einsum("ij,ij->i", mixed, mixed).max() / mixed.shape[1]))


def finite(audio: Float32) -> Float32:
    """The audio, with zeros for values that are not finite."""
    if np.isfinite(audio).all():
        return audio
    return np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
