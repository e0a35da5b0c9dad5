"""The guests of a rack: plug-in instruments, a part each, held back so that they sound with the streams.

In the rack's chain beside the sections. A stream is late by the inverter's look-ahead, so a guest is delayed
by as much. One that the rack drops is heard for one block more, fading out. What its channel sends to reverb
and chorus is followed here, since nobody knows what a guest makes of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .channels import CHORUS_SEND, REVERB_SEND, ChannelState
from .events import ControlChange, MidiEvent, Panic, SystemReset
from .instruments.instrument import GuardedInstrument
from .mixer import Strip
from .rack_mixer import GuestBlock, RackMixer
from .rack_sends import NEUTRAL

Float32: TypeAlias = NDArray[np.float32]
Heard: TypeAlias = dict[int, GuestBlock]  # by part, as the mixer takes them
SEND_CONTROLLERS: Final = (REVERB_SEND, CHORUS_SEND)
FADING: Final = Strip(muted=True)


class Guests:
    """Plays the guests of one rack after another.

    The render thread owns it. A guest that it will not call again goes into `departed`, for the owner's
    thread to close.
    """

    def __init__(self, delay_samples: int, departed: deque[object]) -> None:
        self.players: Mapping[int, GuardedInstrument] = {}  # by part
        self.sound = False  # whether the last block was not silent, or the next one will not be
        self._delay_samples, self._departed = delay_samples, departed
        self._delayed: dict[int, Float32] = {}
        self._sends: dict[int, ChannelState] = {}  # of parts that have been told of any, with guests or not
        self._leaving: dict[int, GuardedInstrument] = {}

    def take(self, players: Mapping[int, GuardedInstrument]) -> None:
        """Play these from the next block on."""
        for part, guest in self.players.items():
            if players.get(part) is guest:
                continue
            if part in self._leaving:  # two racks in one block: this one has not played yet
                self._departed.append(guest)
            else:
                self._leaving[part] = guest
        self.players = players

    def play(
        self,
        routed: Sequence[tuple[int, MidiEvent]],
        start_frame: int,
        strips: Sequence[Strip],
        mixer: RackMixer,
    ) -> Heard:
        """The block of every guest from `start_frame` on; `routed` has events by part, `strips` all parts."""
        self._follow(routed)
        if not self.players and not self._leaving:
            self.sound = False
            return {}
        heard = self._farewells(start_frame, mixer)
        for part, guest in self.players.items():
            audio = self._block(part, guest, routed, start_frame)
            heard[part] = GuestBlock(audio, strips[part], self._depths(part))
        self.sound = any(block.audio.any() for block in heard.values()) or any(
            delayed.any() for delayed in self._delayed.values()
        )
        return heard

    def _follow(self, routed: Sequence[tuple[int, MidiEvent]]) -> None:
        for part, event in routed:
            match event:
                case ControlChange() if event.channel == part and event.controller in SEND_CONTROLLERS:
                    state = self._sends.setdefault(part, ChannelState())
                    state.control(event.controller, event.value)
                case SystemReset():
                    self._sends.pop(part, None)

    def _depths(self, part: int) -> Float32:
        """Of the part's sends, `(SENDS,)`."""
        state = self._sends.get(part)
        return NEUTRAL if state is None else np.array(state.send_depths, np.float32)

    def _farewells(self, start_frame: int, mixer: RackMixer) -> Heard:
        """The last block of each guest that has left, to be faded out."""
        if not self._leaving:
            return {}
        leaving, self._leaving = self._leaving, {}
        last: Heard = {
            mixer.farewell(part): GuestBlock(
                self._block(part, guest, (), start_frame), FADING, self._depths(part)
            )
            for part, guest in leaving.items()
        }
        for part in leaving:
            del self._delayed[part]
        self._departed.extend(leaving.values())
        return last

    def _block(
        self,
        part: int,
        guest: GuardedInstrument,
        routed: Sequence[tuple[int, MidiEvent]],
        start_frame: int,
    ) -> Float32:
        """A guest's next block, held back: `(block_samples, 2)`."""
        events = [event for number, event in routed if number == part]
        panics = [index for index, event in enumerate(events) if isinstance(event, Panic)]
        if panics:  # no plug-in is trusted to know that event
            guest.reset()
            self._delayed.pop(part, None)
            events = events[panics[-1] + 1 :]
        fresh = guest.render(events, start_frame)
        before = self._delayed.get(part)
        if before is None:
            before = np.zeros((self._delay_samples, 2), np.float32)
        longer = np.concatenate([before, fresh])
        self._delayed[part] = longer[len(fresh) :]
        return longer[: len(fresh)]
