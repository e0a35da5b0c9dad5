"""The router: which part hears which event, and what a change of the rack means for what is sounding.

Between the events and the note tables. Every part speaks on a channel of its own, the one of its number, so
that parts may share a note table. Keys release what they started, whatever happened to the rack in between.
A note of an MPE zone has its member beside that channel, see `channels.member_channel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..channels import ADDRESSING, DATA_ENTRY, NOTES_OFF, RESET_ALL_CONTROLLERS, home_of
from ..events import (
    CHANNELS,
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SystemReset,
)
from ..mpe import Mpe, MpeState
from ..voices import KEYS
from .channel_memory import ChannelMemory, ChannelMemoryState
from .held_keys import HeldKeys, Key, Note
from .listeners import listeners
from .part import Rack
from .part_channels import copies, parted, releases, with_members
from .rack_change import Routed, part_after, part_places, retold
from .standing import (
    BANK_LSB,
    BANK_MSB,
    BEND,
    DEFAULTS,
    PEDALS,
    PRESSURE,
    RESET_CONTROLLERS,
    Standing,
    at_home,
    events_anew,
    events_between,
    program_events,
)


@dataclass(frozen=True, slots=True)
class RouterState:
    """A copy of everything a `Router` knows."""

    rack: Rack
    held: Mapping[Key, tuple[Note, ...]]
    memory: ChannelMemoryState
    vacated: Mapping[int, Standing]
    mpe: MpeState | None


class Router:
    """Routes events to the parts of one rack after another. Not thread-safe: the render thread owns it.

    A new router takes it that `initial_events` are sent before all else. An event may be for a number past
    the rack's last part: it ends what a part that is gone, or has another number now, had started there.
    """

    def __init__(self, rack: Rack) -> None:
        self._held = HeldKeys()
        self._memory = ChannelMemory()
        self._vacated: dict[int, Standing] = {}  # how channels stand that lost their part
        self._mpe: Mpe | None = None
        self._take(rack)

    def hear_mpe(self) -> None:
        """From now on take channels for those of MPE zones. Before the first event."""
        self._mpe = self._mpe or Mpe()

    @property
    def hears_mpe(self) -> bool:
        return self._mpe is not None

    @property
    def rack(self) -> Rack:
        return self._rack

    @property
    def keys_down(self) -> int:
        """How many keys hold a note."""
        return len(self._held)

    def reset(self) -> None:
        """Forget keys and controllers; the rack stays."""
        self._held.clear()
        self._memory.clear()
        self._vacated.clear()
        if self._mpe is not None:
            self._mpe.reset()

    def state(self) -> RouterState:
        return RouterState(
            self._rack,
            dict(self._held.state()),
            self._memory.state(),
            dict(self._vacated),
            None if self._mpe is None else self._mpe.state(),
        )

    def restore(self, state: RouterState) -> None:
        self._held.restore(state.held)
        self._memory.restore(state.memory)
        self._vacated = dict(state.vacated)
        self._mpe = None
        if state.mpe is not None:
            self._mpe = Mpe()
            self._mpe.restore(state.mpe)
        self._take(state.rack)

    def initial_events(self, frame: int) -> list[Routed]:
        """What tells each part its program and all that its channels have said, from their defaults on."""
        return [
            (part, event)
            for part in range(len(self._rack.parts))
            for event in events_between({}, self._memory.standing(self._rack, part), part, frame)
        ]

    def told_again(self, parts: Iterable[int], frame: int) -> list[Routed]:
        """All that concerns these parts, defaults too: for parts that come to another note table, which may
        have heard other things on their channels."""
        heard = dict.fromkeys((*DEFAULTS, *RESET_CONTROLLERS, *self._memory.controllers()), 0)
        return [
            (part, event)
            for part in parts
            for event in events_anew(heard, self._memory.standing(self._rack, part), part, frame)
        ]

    def route(self, events: Iterable[MidiEvent]) -> list[Routed]:
        """Each event for each part that hears it, on the part's channel: (number of the part, event)."""
        routed: list[Routed] = []
        for event in events if self._mpe is None else self._mpe.translate(events):
            routed += _ROUTES[type(event)](self, event)
        return routed

    def set_rack(self, rack: Rack, frame: int) -> list[Routed]:
        """Play another rack from `frame` on; returns what this sends to the parts.

        Keys that are down go on sounding where their part stays and is audible. Parts are told their program
        and their channels' controllers where these differ from what they were told before.
        """
        places = part_places(self._rack, rack)
        ended = self._held.settle(
            lambda note: part_after(places, rack, note._replace(home=home_of(note.home)))
        )
        routed = releases(ended, frame)
        told, self._vacated = retold(self._memory, self._rack, rack, self._vacated, frame)
        self._take(rack)
        return routed + told

    def _take(self, rack: Rack) -> None:
        self._rack = rack
        self._listeners = listeners(rack)

    def _everyone(self) -> list[int]:
        return [*range(len(self._rack.parts)), *sorted(self._vacated)]

    def _note_on(self, event: NoteOn) -> list[Routed]:
        key, velocity = event.key, event.velocity
        origin, member = parted(event.channel)
        notes: list[Note] = []
        starts: list[Routed] = []
        for part, low, high, softest, loudest, transpose, curve in self._listeners.ears[origin]:
            sounding = key + transpose
            if low <= key <= high and softest <= velocity <= loudest and 0 <= sounding < KEYS:
                notes.append(Note(part + member, sounding, part))
                starts.append((part, NoteOn(event.frame, part + member, sounding, curve[velocity])))
        ended = self._held.press((event.channel, key), notes)
        return [*releases(ended, event.frame), *starts] if ended else starts

    def _note_off(self, event: NoteOff) -> list[Routed]:
        return releases(self._held.release((event.channel, event.key)), event.frame)

    def _poly_pressure(self, event: PolyPressure) -> list[Routed]:
        notes = self._held.notes_of((event.channel, event.key))
        return [(home_of(n.home), PolyPressure(event.frame, n.home, n.key, event.value)) for n in notes]

    def _bend(self, event: PitchBend) -> list[Routed]:
        frame, value = event.frame, event.value
        origin, member = parted(event.channel)
        if not member:
            self._memory.say(origin, BEND, value)
        hearing = self._listeners.hearing[origin]
        return [(i, event if i == origin else PitchBend(frame, i + member, value)) for i in hearing]

    def _pressure(self, event: ChannelPressure) -> list[Routed]:
        origin, member = parted(event.channel)
        if not member:
            self._memory.say(origin, PRESSURE, event.value)
        hearing = self._listeners.hearing[origin]
        return [(i, ChannelPressure(event.frame, i + member, event.value)) for i in hearing]

    def _program(self, event: ProgramChange) -> list[Routed]:
        choice = self._memory.choose_program(event.channel, event.program)
        return [
            (index, told)
            for index in self._listeners.following[event.channel]
            for told in program_events(at_home(choice, event.channel, index), index, event.frame)
        ]

    def _control(self, event: ControlChange) -> list[Routed]:
        special = _CONTROLS.get(event.controller)
        if special is not None:
            return special(self, event)
        if event.channel < CHANNELS:
            self._memory.say(event.channel, event.controller, event.value)
        return copies(event, self._listeners.hearing[home_of(event.channel)])

    def _pedal(self, event: ControlChange) -> list[Routed]:
        self._memory.say(event.channel, event.controller, event.value)
        return copies(event, self._listeners.audible[event.channel])

    def _bank(self, event: ControlChange) -> list[Routed]:
        self._memory.select_bank(event.channel, event.controller, event.value)
        return []

    def _address(self, event: ControlChange) -> list[Routed]:
        self._memory.address(event.channel, event.controller, event.value)
        return []

    def _data(self, event: ControlChange) -> list[Routed]:
        entry = self._memory.enter_data(event.channel, event.controller, event.value)
        return [
            (index, ControlChange(event.frame, index, *pair))
            for index in self._listeners.hearing[event.channel]
            for pair in entry
        ]

    def _reset_controllers(self, event: ControlChange) -> list[Routed]:
        self._memory.reset_controllers(event.channel)
        return copies(event, self._listeners.hearing[event.channel])

    def _notes_off(self, event: ControlChange) -> list[Routed]:
        """The parts end what sounds on their channels; what the keys hold elsewhere is released."""
        origin, member = parted(event.channel)
        hearing = self._listeners.hearing[origin]
        homes: Sequence[int] = [part + member for part in hearing]
        keys: Iterable[int] = (event.channel,)
        if self.hears_mpe and not member:  # the members' notes too
            homes = [*with_members(hearing)]
            keys = with_members((origin,))
        released = [note for channel in keys for note in self._held.release_channel(channel)]
        ended = [note for note in released if note.home not in homes]
        self._held.forget_homes(homes)
        return [*copies(event, hearing), *releases(ended, event.frame)]

    def _system_reset(self, event: SystemReset) -> list[Routed]:
        routed: list[Routed] = [(index, event) for index in self._everyone()]
        self.reset()
        return routed + self.initial_events(event.frame)

    def _panic(self, event: Panic) -> list[Routed]:
        self._held.clear()
        self._memory.lift_pedals()
        return [(index, event) for index in self._everyone()]


_ROUTES: Final[dict[type[Any], Callable[[Router, Any], list[Routed]]]] = {
    NoteOn: Router._note_on,
    NoteOff: Router._note_off,
    PolyPressure: Router._poly_pressure,
    ControlChange: Router._control,
    PitchBend: Router._bend,
    ChannelPressure: Router._pressure,
    ProgramChange: Router._program,
    SystemReset: Router._system_reset,
    Panic: Router._panic,
}
# Controllers that are more than a value for the parts that hear their channel.
_CONTROLS: Final[dict[int, Callable[[Router, ControlChange], list[Routed]]]] = {
    **dict.fromkeys((BANK_MSB, BANK_LSB), Router._bank),
    **dict.fromkeys(ADDRESSING, Router._address),
    **dict.fromkeys(DATA_ENTRY, Router._data),
    **dict.fromkeys(PEDALS, Router._pedal),
    **dict.fromkeys(NOTES_OFF, Router._notes_off),
    RESET_ALL_CONTROLLERS: Router._reset_controllers,
}
