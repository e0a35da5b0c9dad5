"""The rack's mixer: streams and guest instruments in, inserts on the way, one stereo block out.

Between the renderer and the ring in live playing. Streams without inserts are one matrix product; a stream
with inserts, or a plug-in instrument, takes a way of its own. Behind the sum come the master's gain and
inserts, then the safety limiter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .events import CHANNELS
from .limiter import Limiter
from .mixer import Meters, Strip, finite

Float32 = NDArray[np.float32]


class Inserts(Protocol):
    """A chain of effects that is ready to play."""

    def process(self, audio: Float32) -> Float32:
        """`(samples, 2)` → the same shape."""
        ...

    def reset(self) -> None:
        """Silence all tails."""
        ...

    @property
    def tail_s(self) -> float:
        """How long it may ring on after its input."""
        ...


class Ramp:
    """Gains that run in straight lines from one block's end to the next one's, `(2,)` left and right."""

    def __init__(self) -> None:
        self._last: Float32 | None = None

    def over(self, samples: int, target: Float32) -> Float32:
        """The gains of each sample of a block, `(samples, 2)`; the first block begins at its own."""
        last = target if self._last is None else self._last
        self._last = target
        way = (np.arange(1, samples + 1, dtype=np.float32) / np.float32(samples))[:, None]
        return np.asarray(last + (target - last) * way, np.float32)


class RackMixer:
    """Mixes `streams` mono streams and a stereo guest for any of sixteen parts.

    The render thread owns it; other threads may read `meters` (streams first, then the guests in order of
    their parts), which is replaced as a whole. `inserts` are keyed by stream, those of guests by part.
    """

    def __init__(self, streams: int, rate_hz: int) -> None:
        self.inserts: dict[int, Inserts] = {}
        self.guest_inserts: dict[int, Inserts] = {}
        self.master_inserts: Inserts | None = None
        self.meters = Meters((0.0,) * streams, (0.0,) * streams)
        self._gains = np.zeros((streams, 2), np.float32)
        self._guest_ramps: dict[int, Ramp] = {}
        self._master = Ramp()
        self._limiter = Limiter(rate_hz)

    @property
    def tail_s(self) -> float:
        """How long the effects may ring on: those of the parts first, then the master's."""
        parts = (chain.tail_s for chain in (*self.inserts.values(), *self.guest_inserts.values()))
        master = self.master_inserts.tail_s if self.master_inserts is not None else 0.0
        return max(parts, default=0.0) + master

    def silence_tails(self) -> None:
        """Of all effects, at once."""
        for chain in (*self.inserts.values(), *self.guest_inserts.values(), self.master_inserts):
            if chain is not None:
                chain.reset()

    def farewell(self, part: int) -> int:
        """The number under which a guest that leaves its part is mixed once more, to fade from its gain."""
        number = part + CHANNELS
        self._guest_ramps[number] = self._guest_ramps.pop(part, Ramp())
        return number

    def mix(
        self,
        audio: Float32,
        gains: Float32,
        guests: Mapping[int, tuple[Float32, Strip]],
        master_gain: float,
    ) -> Float32:
        """One block → `(samples, 2)`. `audio` `(streams, samples)`; `gains` `(streams, 2)` at the block's
        end; `guests` by part: `(samples, 2)` each, and its strip."""
        audio = finite(audio)
        peaks, rms = _levels(audio * np.hypot(gains[:, :1], gains[:, 1:]))
        mixed = self._streams(audio, gains)
        for part, (stereo, strip) in guests.items():
            ramp = self._guest_ramps.setdefault(part, Ramp())
            heard = stereo * ramp.over(len(stereo), balance(strip))
            guest_peak, guest_rms = _levels(heard.T)
            peaks, rms = (*peaks, max(guest_peak)), (*rms, max(guest_rms))
            chain = self.guest_inserts.get(part)
            mixed += heard if chain is None else chain.process(heard)
        mixed *= self._master.over(len(mixed), np.full(2, master_gain, np.float32))
        if self.master_inserts is not None:
            mixed = self.master_inserts.process(mixed)
        limited = self._limiter.limit(finite(np.ascontiguousarray(mixed.T)))
        self.meters = Meters(peaks, rms, float(np.abs(limited).max()), self._limiter.gain)
        return np.ascontiguousarray(limited.T)

    def _streams(self, audio: Float32, gains: Float32) -> Float32:
        """The sum of the streams, each through its inserts, `(samples, 2)`."""
        last, step = self._gains, gains - self._gains
        self._gains = gains
        ramp = (np.arange(1, audio.shape[1] + 1, dtype=np.float32) / np.float32(audio.shape[1]))[:, None]
        plain = np.ones(len(audio), np.float32)
        plain[list(self.inserts)] = 0.0
        mixed = np.asarray(audio.T @ (last * plain[:, None]), np.float32)
        if step.any():
            mixed += audio.T @ (step * plain[:, None]) * ramp
        for stream, chain in self.inserts.items():
            mixed += chain.process(audio[stream, :, None] * (last[stream] + step[stream] * ramp))
        return mixed


def balance(strip: Strip) -> Float32:
    """Gains of a stereo guest's sides: panning turns the other side down."""
    return np.array([min(1.0, 1.0 - strip.pan), min(1.0, 1.0 + strip.pan)], np.float32) * strip.gain


def _levels(rows: Float32) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Peak and RMS of each row."""
    rms = np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1])
    return tuple(np.abs(rows).max(axis=1).tolist()), tuple(rms.tolist())
