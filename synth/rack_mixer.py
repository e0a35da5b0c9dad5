"""The rack's mixer: streams and guest instruments in, inserts on the way, one stereo block out.

Between the renderer and the ring in live playing. Streams without inserts are one matrix product, and another
one while parts send more or less than usual to reverb or chorus; a stream with inserts, or a plug-in
instrument, takes a way of its own. Behind the sum come the master's gain and inserts, then the limiter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .effects.sends import Sends
from .events import CHANNELS
from .limiter import Limiter
from .mixer import Meters, Strip, finite, louder_rms, way
from .rack_sends import BlockSends, Depths

Float32 = NDArray[np.float32]


class Inserts(Protocol):
    """A chain of effects that is ready to play."""

    def process(self, audio: Float32, sends: Sends | None = None) -> Float32:
        """`(samples, 2)` → the same shape; `sends` as `InsertChain` takes them."""
        ...

    def reset(self) -> None:
        """Silence all tails."""
        ...

    @property
    def tail_s(self) -> float:
        """How long it may ring on after its input."""
        ...


class RowLevels(NamedTuple):
    """Of the streams, at a block's end."""

    gains: Float32  # left and right, `(streams, 2)`
    depths: Float32  # of sends, `(streams, SENDS)`
    least: Float32  # the least depth of a stream that is played, `(SENDS,)`


class GuestBlock(NamedTuple):
    """Of one guest."""

    audio: Float32  # `(samples, 2)`
    strip: Strip
    depths: Float32  # of sends, `(SENDS,)`, at the block's end


class Ramp:
    """Gains that run in straight lines from one block's end to the next one's, `(2,)` left and right."""

    def __init__(self) -> None:
        self._last: Float32 | None = None

    def over(self, samples: int, target: Float32) -> Float32:
        """The gains of each sample of a block, `(samples, 2)`; the first block begins at its own."""
        last = target if self._last is None else self._last
        self._last = target
        if np.array_equal(last, target):
            return np.broadcast_to(target, (samples, 2))
        return np.asarray(last + (target - last) * way(samples)[:, None], np.float32)


class RackMixer:
    """Mixes `streams` mono streams, or more later, and a stereo guest for any of sixteen parts.

    The render thread owns it; other threads may read `meters` (streams first, then the guests in order of
    their parts), which is replaced as a whole. `inserts` are keyed by stream, those of guests by part.
    """

    def __init__(self, streams: int, rate_hz: int) -> None:
        self.inserts: dict[int, Inserts] = {}
        self.guest_inserts: dict[int, Inserts] = {}
        self.master_inserts: Inserts | None = None
        self.meters = Meters((0.0,) * streams, (0.0,) * streams)
        self._gains = np.zeros((streams, 2), np.float32)
        self._measured = self._both_sides = np.zeros((0, 2), np.float32)
        self._depths: Depths | None = None  # of the last block; None while all are neutral
        self._begun = False
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
        self, audio: Float32, levels: RowLevels, guests: Mapping[int, GuestBlock], master_gain: float
    ) -> Float32:
        """One block → `(samples, 2)`. `audio` `(streams, samples)`; `guests` by part."""
        audio = finite(audio)
        sends = self._sends(levels, guests, audio.shape[1])
        peaks, rms = _levels(audio * self._loudness(levels.gains))
        mixed = self._streams(audio, levels.gains, sends)
        for part, guest in guests.items():
            heard = self._at_strip(part, guest)
            guest_peak, guest_rms = _levels(heard.T)
            peaks, rms = (*peaks, max(guest_peak)), (*rms, max(guest_rms))
            mixed += self._through_inserts(part, heard, sends)
        gain = self._master.over(len(mixed), np.full(2, master_gain, np.float32))
        mixed *= gain
        if self.master_inserts is not None:
            mixed = self.master_inserts.process(mixed, None if sends is None else sends.to_master(gain))
        limited = self._limiter.limit(finite(np.ascontiguousarray(mixed.T)))
        peak = float(np.abs(limited).max())
        self.meters = Meters(peaks, rms, peak, self._limiter.gain, louder_rms(limited))
        return np.ascontiguousarray(limited.T)

    def _sends(self, levels: RowLevels, guests: Mapping[int, GuestBlock], samples: int) -> BlockSends | None:
        """What this block sends, None if all depths are neutral from its begin to its end. The first block
        begins at its own."""
        asked = {part: guest.depths for part, guest in guests.items()}
        least = np.minimum.reduce([levels.least, *asked.values()])
        depths = Depths(levels.depths, asked, least)
        now = None if depths.neutral else depths
        last, self._depths, self._begun = self._depths if self._begun else now, now, True
        if last is None and now is None:
            return None
        return BlockSends(last or depths.neutral_alike(), depths, samples)

    def _loudness(self, gains: Float32) -> Float32:
        """Both sides' gains of each stream together, `(streams, 1)`, worked out once for the same array."""
        if gains is not self._measured:
            self._measured, self._both_sides = gains, np.hypot(gains[:, :1], gains[:, 1:])
        return self._both_sides

    def _plain(self, streams: int) -> Float32:
        """1 for a stream without inserts, 0 for one that has some, `(streams, 1)`."""
        plain = np.ones((streams, 1), np.float32)
        plain[list(self.inserts)] = 0.0
        return plain

    def _at_strip(self, part: int, guest: GuestBlock) -> Float32:
        """A guest at the gains of its strip, `(samples, 2)`."""
        ramp = self._guest_ramps.setdefault(part, Ramp())
        return guest.audio * ramp.over(len(guest.audio), balance(guest.strip))

    def _through_inserts(self, part: int, heard: Float32, sends: BlockSends | None) -> Float32:
        """A guest through its inserts, `(samples, 2)`."""
        chain = self.guest_inserts.get(part)
        if chain is not None:
            heard = chain.process(heard, None if sends is None else sends.of_guest(part))
        if sends is not None:
            sends.add_guest(part, heard)
        return heard

    def _streams(self, audio: Float32, gains: Float32, sends: BlockSends | None) -> Float32:
        """The sum of the streams, each through its inserts, `(samples, 2)`."""
        last = self._gains
        if len(last) < len(gains):  # rows that are new fade in
            last = np.concatenate([last, np.zeros((len(gains) - len(last), 2), np.float32)])
        self._gains, step = gains, gains - last
        ramp, plain = way(audio.shape[1])[:, None], self._plain(len(audio))
        mixed = np.asarray(audio.T @ (last * plain), np.float32)
        if step.any():
            mixed += audio.T @ (step * plain) * ramp
        if sends is not None:
            sends.add_streams(audio, last * plain, gains * plain)
        for stream, chain in self.inserts.items():
            heard = audio[stream, :, None] * (last[stream] + step[stream] * ramp)
            made = chain.process(heard, None if sends is None else sends.of_stream(stream))
            if sends is not None:
                sends.add_stream(stream, made)
            mixed += made
        return mixed


def balance(strip: Strip) -> Float32:
    """Gains of a stereo guest's sides: panning turns the other side down."""
    return np.array([min(1.0, 1.0 - strip.pan), min(1.0, 1.0 + strip.pan)], np.float32) * strip.gain


def _levels(rows: Float32) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Peak and RMS of each row."""
    rms = np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1])
    return tuple(np.abs(rows).max(axis=1).tolist()), tuple(rms.tolist())
