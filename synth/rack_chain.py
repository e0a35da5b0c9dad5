"""The rack's chain: events in, a stereo block out; routing, sections, guest instruments, mixer.

What the render thread calls in live playing. A part that plays a bundle is on a stream of that bundle's
section, alone or with parts that play it too; a part that plays a plug-in has a guest of its own. Another
rack, another default bundle and merged streams all come between two blocks, and what sounds rings on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrangement import UNUSED, Arrangement
from .block_timer import BlockTimer
from .bundle import Bundle
from .events import CHANNELS, MidiEvent, Panic
from .instruments.instrument import GuardedInstrument
from .mixer import Meters
from .rack.part import Rack
from .rack.router import Router
from .rack.strips import part_strips
from .rack_guests import Guests
from .rack_mixer import Inserts, RackMixer
from .rack_rows import Rows
from .rack_seats import Routed, Seat, Seats
from .rack_sections import Section, Sections
from .shedding import Load

Float32: TypeAlias = NDArray[np.float32]
HUSH_SAMPLES: Final = 2048  # after a panic: what the models ring out meanwhile must not wake the effects


@dataclass(frozen=True, slots=True)
class ReadyRack:
    """A rack with all that had to be loaded and prepared for it, so that taking it costs no time.

    `guests` and `guest_inserts` are keyed by part, `inserts` by stream.
    """

    rack: Rack
    default: Section  # what the engine plays by default, whether a part uses it or not
    sections: tuple[Section | None, ...]  # of each part, None for a guest
    streams: tuple[int, ...]  # of each part, `UNUSED` for a guest
    merged: tuple[tuple[int, ...], ...]  # `streams` with fewer of them, each entry deeper than the last
    guests: Mapping[int, GuardedInstrument]
    inserts: Mapping[int, Inserts]
    guest_inserts: Mapping[int, Inserts]
    master_inserts: Inserts | None

    def streams_at(self, depth: int) -> tuple[int, ...]:
        """The stream of each part, merged as deep as `Load.merged` says, as far as that goes."""
        return (self.streams, *self.merged)[min(depth, len(self.merged))]


class RackChain:
    """Makes blocks one after the other. Not thread-safe: the render thread owns it once it runs.

    What it will not touch again goes into `departed`, sections and guests: the owner's thread takes it out.
    """

    def __init__(
        self, ready: ReadyRack, *, steps: int | None = None, timer: BlockTimer | None = None
    ) -> None:
        """`steps`: of the default bundle; its own number if None."""
        self.timer = timer or BlockTimer()
        self.departed: deque[object] = deque()
        self.mel_log: Callable[[Float32], object] = _nobody  # gets the loudest of the streams' frames
        self.renderer = renderer = ready.default.renderer  # of the default bundle, which keeps the time
        self._sections = Sections(ready.default, self.timer.lap, self.departed)
        renderer.time_with(self.timer.lap)
        self._load = Load(renderer.steps if steps is None else renderer.checked_steps(steps))
        self._sections.set_load(self._load)
        self.mixer = RackMixer(ready.default.streams, renderer.rate_hz)
        self.router = Router(ready.rack)
        self._capacity = ready.default.streams
        self.seats = Seats()  # where each part plays
        self._rows = Rows(ready.default.streams)
        self._guests = Guests(renderer.lookahead_samples, self.departed)
        self._hushed_from = -HUSH_SAMPLES
        self._tails_end = 0
        self._waiting: list[Routed] = self.router.initial_events(0)
        self._take(ready)
        self._seat(ready.streams, ready.rack)

    @property
    def bundle(self) -> Bundle:
        """The default one."""
        return self._sections.default.bundle

    @property
    def other_bundles(self) -> tuple[Bundle, ...]:
        """Those that parts play beside the default one, by id."""
        used = {section for section in self._ready.sections if section is not None}
        bundles = [section.bundle for section in used if section is not self._sections.default]
        return tuple(sorted(bundles, key=lambda bundle: bundle.manifest.bundle.id))

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
        waiting = bool(self._guests.players) and self.router.keys_down > 0
        guests_quiet = not self._guests.sound and not waiting
        return self._sections.silent and guests_quiet and self.frame >= self._tails_end

    @property
    def arrangement(self) -> Arrangement:
        """Which stream each part plays on while none are merged, by the channel that it speaks on."""
        streams = [min(part, self._capacity - 1) for part in range(CHANNELS)]  # also of those without one
        for part, stream in enumerate(self._ready.streams):
            streams[part] = streams[part] if stream == UNUSED else stream
        return Arrangement(tuple(streams))

    @property
    def sounding(self) -> tuple[int, ...]:
        """Notes of each stream."""
        return self._sections.sounding

    @property
    def rack(self) -> Rack:
        return self.router.rack

    @property
    def merges(self) -> int:
        """How far streams of this rack can be merged."""
        return len(self._ready.merged)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with guests and bundles, one line each."""
        guests = (guest.fault for guest in self._guests.players.values() if guest.fault is not None)
        return (*guests, *self._sections.faults)

    @property
    def plain(self) -> bool:
        """Whether the fallback voice plays instead of the models, from the next block on."""
        return self._sections.plain

    @plain.setter
    def plain(self, plain: bool) -> None:
        self._sections.plain = plain

    def rehearse(self) -> bool:
        """Let the models make the last block for nobody to hear, timed as a block; False if they failed."""
        self.timer.start()
        in_order = self._sections.rehearse()
        self.timer.stop()
        return in_order

    def set_rack(self, ready: ReadyRack) -> None:
        """Play another rack, or the same one with another default bundle, from the next block on; notes of
        parts that stay sound on."""
        before = self.rack
        self._waiting += self.router.set_rack(ready.rack, self.frame)
        self._take(ready)
        untold = self._seat(ready.streams_at(self._load.merged), before)
        self._waiting += self.router.told_again(untold, self.frame)

    def set_load(self, load: Load) -> None:
        """Render with less, or with more again. Notes of parts that are merged ring on where they are."""
        merged, self._load = load.merged != self._load.merged, load
        if merged:
            untold = self._seat(self._ready.streams_at(load.merged), self.rack)
            self._waiting += self.router.told_again(untold, self.frame)
        self._sections.set_load(load)

    def make_block(self, events: Iterable[MidiEvent]) -> Float32:
        """The next block, `(block_samples, 2)`, late by the inverter's look-ahead.

        `events` are in order of their frames and none is past the block's end; late ones take effect at once.
        """
        self.timer.start()
        taken, start_frame = list(events), self.frame
        routed = self._waiting + self.router.route(taken)
        self._waiting = []
        audio = self._sections.render(self.seats.queues(routed, self._sections.all))
        self.timer.lap("prepare")  # what the renderer does after its last lap, or all of a silent block
        guests = self._guests.play(routed, start_frame, self._strips, self.mixer)
        self.timer.lap("guests")
        if any(isinstance(event, Panic) for event in taken):
            self._hushed_from = self.frame
        self._follow_tails()
        self._forget_silent()
        self.mel_log(self._sections.mel)
        stereo = self.mixer.mix(audio, self._rows.gains(), guests, self._master_gain)
        self.timer.lap("mixer")
        self.timer.stop()
        return stereo

    def pass_over(self) -> None:
        """Leave the next block out: time goes on, nothing is rendered. Its events go into the next one."""
        self.renderer.frame += self.block_samples

    def _follow_tails(self) -> None:
        """Silence the effects once nothing can be heard of them, so that all silences are alike, and for a
        moment after a panic."""
        if self.frame < self._hushed_from + HUSH_SAMPLES:
            self._tails_end = self.frame
        elif self._guests.sound or not self._sections.silent:
            self._tails_end = self.frame + round(self.mixer.tail_s * self.renderer.rate_hz)
        if self.frame >= self._tails_end:
            self.mixer.silence_tails()

    def _forget_silent(self) -> None:
        self.seats.forget_silent()
        for section in self._sections.departing():
            self.seats.forget_section(section)

    def _take(self, ready: ReadyRack) -> None:
        self._ready = ready
        self._sections.take(ready.default, (section for section in ready.sections if section is not None))
        self.renderer = ready.default.renderer
        self._load = replace(self._load, steps=self.renderer.steps)
        self._guests.take(ready.guests)
        self._strips = part_strips(ready.rack)
        self._master_gain = float(10.0 ** (ready.rack.gain_db / 20.0))
        self.mixer.inserts = dict(ready.inserts)
        self.mixer.guest_inserts = dict(ready.guest_inserts)
        self.mixer.master_inserts = ready.master_inserts

    def _seat(self, streams: Sequence[int], before: Rack) -> list[int]:
        """Put the parts on streams; returns those that must be told again how their controllers stand. A part
        whose instrument was another one `before` lets go of its notes."""
        rack, frame, untold = self._ready.rack, self.frame, []
        for part, (section, stream) in enumerate(zip(self._ready.sections, streams, strict=True)):
            stays = part < len(before.parts) and (
                before.parts[part].instrument_id == rack.parts[part].instrument_id
            )
            seat = None if section is None else Seat(section, stream)
            if self.seats.move(part, seat, frame, keeps_notes=stays):
                untold.append(part)
        self._rows.settle(rack, streams, self.seats, self._sections.rows)
        return untold


def _nobody(_frames: Float32) -> None:
    """What mel frames go to that nobody looks at."""
