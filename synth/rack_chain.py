"""The rack's chain: events in, a stereo block out; routing, streams, guest instruments, mixer.

What the render thread calls in live playing. A part that plays the bundle is a stream of the renderer, alone
or with parts that share its instrument; a part that plays a plug-in has a guest of its own, held back by the
renderer's look-ahead so that both sound together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arrangement import UNUSED, Arrangement
from .block_timer import BlockTimer
from .bundle import Bundle
from .events import CHANNELS, ControlChange, MidiEvent, Panic
from .instruments.instrument import GuardedInstrument
from .mixer import Meters, Strip, strip_gains
from .rack.part import Rack
from .rack.router import Router
from .rack.strips import part_strips, stream_strips
from .rack_mixer import Inserts, RackMixer
from .renderer import StreamRenderer
from .shedding import Load
from .stages import Stages

Float32 = NDArray[np.float32]
Routed = tuple[int, MidiEvent]  # the part it is for, and what happened
PAN_CENTRE, PAN_STEPS = 64, 63.0  # of CC10
HOLDING: Final = (64, 66)  # sustain and sostenuto
ALL_NOTES_OFF: Final = 123
HUSH_SAMPLES: Final = 2048  # after a panic: what the models ring out meanwhile must not wake the effects


@dataclass(frozen=True, slots=True)
class ReadyRack:
    """A rack with all that had to be loaded and prepared for it, so that taking it costs no time.

    `guests` and `guest_inserts` are keyed by part, `inserts` by stream.
    """

    rack: Rack
    streams: tuple[int, ...]  # of each part, `UNUSED` for a guest
    guests: Mapping[int, GuardedInstrument]
    inserts: Mapping[int, Inserts]
    guest_inserts: Mapping[int, Inserts]
    master_inserts: Inserts | None


class RackChain:
    """Makes blocks one after the other. Not thread-safe: the render thread owns it once it runs."""

    def __init__(
        self,
        bundle: Bundle,
        stages: Stages,
        ready: ReadyRack,
        *,
        streams: int = CHANNELS,
        steps: int | None = None,
        seed: int = 0,
        block_hops: int | None = None,
        timer: BlockTimer | None = None,
    ) -> None:
        self.renderer = StreamRenderer(bundle, stages, streams, steps=steps, seed=seed, block_hops=block_hops)
        self.mixer = RackMixer(streams, self.renderer.rate_hz)
        self.timer = timer or BlockTimer()
        self.renderer.time_with(self.timer.lap)
        self.router = Router(ready.rack)
        self._stream_of = [min(part, streams - 1) for part in range(CHANNELS)]  # also of parts that are gone
        self._ready = ready
        self._leaving: dict[int, GuardedInstrument] = {}
        self._delays: dict[int, Float32] = {}
        self._hushed_from = -HUSH_SAMPLES
        self.mel_log: Callable[[Float32], object] = _nobody  # gets the loudest of the streams' frames
        self._tails_end = 0
        self._guests_sound = False
        self._pans: tuple[int, ...] = ()
        self._base = [Strip()] * streams
        self._waiting = self.router.initial_events(0)
        self._take(ready)

    @property
    def frame(self) -> int:
        """The first sample of the next block."""
        return self.renderer.frame

    @property
    def block_samples(self) -> int:
        return self.renderer.block_samples

    @property
    def meters(self) -> Meters:
        return self.mixer.meters

    @property
    def silent(self) -> bool:
        """Whether nothing sounds: no stream, no guest, no tail of an effect. A key that is down may wake a
        guest."""
        waiting = bool(self._ready.guests) and self.router.keys_down > 0
        guests_quiet = not self._guests_sound and not waiting
        return self.renderer.silent and guests_quiet and self.frame >= self._tails_end

    @property
    def arrangement(self) -> Arrangement:
        """Which stream each part plays on, by the channel that it speaks on."""
        return Arrangement(tuple(self._stream_of))

    @property
    def sounding(self) -> tuple[int, ...]:
        """Notes of each stream."""
        return tuple(table.sounding for table in self.renderer.notes)

    @property
    def rack(self) -> Rack:
        return self.router.rack

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with guests, one line each."""
        return tuple(guest.fault for guest in self._ready.guests.values() if guest.fault is not None)

    def set_rack(self, ready: ReadyRack) -> None:
        """Play another rack from the next block on; notes of parts that stay sound on."""
        frame = self.frame
        before = list(self._stream_of)
        self._waiting += self.router.set_rack(ready.rack, frame)
        self._take(ready)
        moved = [part for part, stream in enumerate(before) if self._stream_of[part] != stream]
        for part in {*moved, *ready.guests}:
            self._leave(part, before[part], frame)
        self._waiting += self.router.told_again(moved, frame)

    def set_load(self, load: Load) -> None:
        """Render with less, or with more again."""
        self.renderer.set_load(load)

    def make_block(self, events: Iterable[MidiEvent]) -> Float32:
        """The next block, `(block_samples, 2)`, late by the inverter's look-ahead.

        `events` are in order of their frames and none is past the block's end; late ones take effect at once.
        """
        self.timer.start()
        taken = list(events)
        routed = self._waiting + self.router.route(taken)
        self._waiting = []
        playing = self._ready.guests
        audio = self.renderer.render_block(list(self._for_streams(routed)))
        self.timer.lap("prepare")  # what the renderer does after its last lap, or all of a silent block
        guests = self._farewells()
        for part, guest in playing.items():
            guests[part] = self._guest(part, guest, routed), self._strips[part]
        self._guests_sound = any(audio.any() for audio, _ in guests.values()) or any(
            delayed.any() for delayed in self._delays.values()
        )
        self.timer.lap("guests")
        if any(isinstance(event, Panic) for event in taken):
            self._hushed_from = self.frame
        self._follow_tails()
        self.mel_log(self.renderer.mel.max(axis=0))
        stereo = self.mixer.mix(audio, self._gains(), guests, self._master_gain)
        self.timer.lap("mixer")
        self.timer.stop()
        return stereo

    def _for_streams(self, routed: Sequence[Routed]) -> Iterator[tuple[int, MidiEvent]]:
        """Each event for the stream of its part; a panic for every stream: parts that have gone or moved
        may have left something ringing there."""
        told: MidiEvent | None = None
        for part, event in routed:
            if isinstance(event, Panic):
                if event is not told:
                    yield from ((stream, event) for stream in range(len(self.renderer.notes)))
                told = event
            elif part not in self._ready.guests:
                yield self._stream_of[part], event

    def _follow_tails(self) -> None:
        """Silence the effects once nothing can be heard of them, so that all silences are alike, and for a
        moment after a panic."""
        if self.frame < self._hushed_from + HUSH_SAMPLES:
            self._tails_end = self.frame
        elif self._guests_sound or not self.renderer.silent:
            self._tails_end = self.frame + round(self.mixer.tail_s * self.renderer.rate_hz)
        if self.frame >= self._tails_end:
            self.mixer.silence_tails()

    def pass_over(self) -> None:
        """Leave the next block out: time goes on, nothing is rendered. Its events go into the next one."""
        self.renderer.frame += self.block_samples

    def _take(self, ready: ReadyRack) -> None:
        rack, known = ready.rack, self._ready.guests
        self._leaving |= {part: guest for part, guest in known.items() if ready.guests.get(part) is not guest}
        self._ready = ready
        for part, stream in enumerate(ready.streams):
            if stream != UNUSED:
                self._stream_of[part] = stream
        self._strips = part_strips(rack)
        before, self._base = self._base, [Strip(muted=True)] * len(self.renderer.notes)
        self._base[: max(ready.streams) + 1] = stream_strips(rack, ready.streams)
        for part in range(len(rack.parts), CHANNELS):  # notes of parts that are gone ring on
            stream = self._stream_of[part]
            if stream > max(ready.streams):
                self._base[stream] = before[stream]
        self._master_gain = float(10.0 ** (rack.gain_db / 20.0))
        self._pans = ()
        self.mixer.inserts = dict(ready.inserts)
        self.mixer.guest_inserts = dict(ready.guest_inserts)
        self.mixer.master_inserts = ready.master_inserts

    def _leave(self, part: int, stream: int, frame: int) -> None:
        """Let go of what a part holds on the stream that it has left."""
        table = self.renderer.notes[stream]
        for controller in (*HOLDING, ALL_NOTES_OFF):
            table.apply(ControlChange(frame, part, controller, 0))

    def _gains(self) -> Float32:
        """Of each stream, left and right: the rack's strips, moved by the pan that a channel asks for."""
        tables, streams = self.renderer.notes, self._ready.streams
        pans = tuple(tables[stream].channels[part].pan for part, stream in enumerate(streams))
        if pans != self._pans:
            self._pans = pans
            self._gains_now = strip_gains(list(self._panned(pans)))
        return self._gains_now

    def _panned(self, pans: Sequence[int]) -> Iterable[Strip]:
        for stream, strip in enumerate(self._base):
            own = [
                (pan - PAN_CENTRE) / PAN_STEPS
                for pan, s in zip(pans, self._ready.streams, strict=True)
                if s == stream
            ]
            moved = sum(own) / len(own) if own else 0.0
            yield Strip(strip.gain_db, min(1.0, max(-1.0, strip.pan + moved)), strip.muted)

    def _farewells(self) -> dict[int, tuple[Float32, Strip]]:
        """The last block of each guest that has left, to be faded out."""
        leaving, self._leaving = self._leaving, {}
        last = {
            self.mixer.farewell(part): (self._guest(part, guest, ()), Strip(muted=True))
            for part, guest in leaving.items()
        }
        for part in leaving:
            del self._delays[part]
        return last

    def _guest(self, part: int, guest: GuardedInstrument, routed: Sequence[Routed]) -> Float32:
        """A guest's next block, held back by the look-ahead: `(block_samples, 2)`."""
        events = [event for number, event in routed if number == part]
        panics = [index for index, event in enumerate(events) if isinstance(event, Panic)]
        if panics:  # no plug-in is trusted to know that event
            guest.reset()
            self._delays.pop(part, None)
            events = events[panics[-1] + 1 :]
        fresh = guest.render(events, self.frame - self.block_samples)
        late = self.renderer.lookahead_samples
        longer = np.concatenate([self._delays.get(part, np.zeros((late, 2), np.float32)), fresh])
        self._delays[part] = longer[len(fresh) :]
        return longer[: len(fresh)]


def _nobody(_frames: Float32) -> None:
    """What mel frames go to that nobody looks at."""
