"""Several players on one rack: a key or pedal that two of them hold is let go by the last one.

On the render thread, where the events of all sources have been put in order: a MIDI file that plays along
must not end a note or lift a pedal that the performer holds, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from ..events import (
    ChannelPressure,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SystemReset,
)
from ..rack.standing import BEND, LIFTED_BY_PANIC, PRESSURE, RESET_CONTROLLERS, RPN_LSB, RPN_MSB

Player: TypeAlias = int
Taken: TypeAlias = tuple[Player, MidiEvent]
Holders: TypeAlias = dict[tuple[int, int], dict[Player, int]]  # channel and key or pedal → velocity or value

KEYS_UP: Final = (120, 123, 124, 125, 126, 127)
RESET_ALL: Final = 121
NO_PARAMETER: Final = 127


class Sharing:
    """Who holds what. Not thread-safe: the render thread owns it."""

    def __init__(self) -> None:
        self._keys: Holders = {}
        self._pedals: Holders = {}

    def merged(self, taken: Iterable[Taken]) -> list[MidiEvent]:
        """What the rack hears of events in order of their frames, each with its player's number."""
        events: list[MidiEvent] = []
        for player, event in taken:
            pass_on = _RULES.get(type(event))
            if pass_on is None:
                events.append(event)
            else:
                events += pass_on(self, player, event)
        return events

    def _note_on(self, player: Player, event: NoteOn) -> Iterator[MidiEvent]:
        self._keys.setdefault((event.channel, event.key), {})[player] = event.velocity
        yield event

    def _note_off(self, player: Player, event: NoteOff) -> Iterator[MidiEvent]:
        if not self._let_go(player, (event.channel, event.key)):
            yield event

    def _let_go(self, player: Player, key: tuple[int, int]) -> bool:
        """Whether another player holds the key."""
        holders = self._keys.get(key)
        if holders is None:
            return False
        holders.pop(player, None)
        if not holders:
            del self._keys[key]
        return bool(holders)

    def _control(self, player: Player, event: ControlChange) -> Iterator[MidiEvent]:
        if event.controller in LIFTED_BY_PANIC:
            yield self._pedal(player, event)
        elif event.controller in KEYS_UP:
            yield from self._keys_up(player, event)
        elif event.controller == RESET_ALL:
            yield from self._reset_all(player, event)
        else:
            yield event

    def _pedal(self, player: Player, event: ControlChange) -> ControlChange:
        """The pedal as low as the foot that presses it furthest."""
        held = self._pedals.setdefault((event.channel, event.controller), {})
        if event.value:
            held[player] = event.value
        else:
            held.pop(player, None)
        value = max(held.values(), default=0)
        if value == event.value:
            return event
        return ControlChange(event.frame, event.channel, event.controller, value)

    def _keys_up(self, player: Player, event: ControlChange) -> Iterator[MidiEvent]:
        """All keys of the channel, unless another player holds some: then the player's own."""
        channel = event.channel
        shared = _held_by_others(self._keys, player, channel)
        for key in [key for key, held in self._keys.items() if key[0] == channel and player in held]:
            if not self._let_go(player, key) and shared:
                yield NoteOff(event.frame, *key)
        if not shared:
            yield event

    def _reset_all(self, player: Player, event: ControlChange) -> Iterator[MidiEvent]:
        """CC121; where another foot is on a pedal of the channel, what it resets one by one."""
        frame, channel = event.frame, event.channel
        lifted = [self._pedal(player, ControlChange(frame, channel, n, 0)) for n in LIFTED_BY_PANIC]
        if not any(pedal.value for pedal in lifted):
            yield event
            return
        yield from lifted
        for controller, value in RESET_CONTROLLERS.items():
            if controller == BEND:
                yield PitchBend(frame, channel, value)
            elif controller == PRESSURE:
                yield ChannelPressure(frame, channel, value)
            elif controller not in LIFTED_BY_PANIC:
                yield ControlChange(frame, channel, controller, value)
        for controller in (RPN_MSB, RPN_LSB):
            yield ControlChange(frame, channel, controller, NO_PARAMETER)

    def _system_reset(self, player: Player, event: SystemReset) -> Iterator[MidiEvent]:
        """A reset ends everything: what other players hold is begun again."""
        for holders in (self._keys, self._pedals):
            for place in [place for place, held in holders.items() if player in held]:
                del holders[place][player]
                if not holders[place]:
                    del holders[place]
        yield event
        for (channel, pedal), held in self._pedals.items():
            if held:
                yield ControlChange(event.frame, channel, pedal, max(held.values()))
        for (channel, key), held in self._keys.items():
            yield NoteOn(event.frame, channel, key, max(held.values()))

    def _panic(self, player: Player, event: Panic) -> Iterator[MidiEvent]:
        self._keys.clear()
        self._pedals.clear()
        yield event


def _held_by_others(holders: Holders, player: Player, channel: int) -> bool:
    return any(place[0] == channel and held.keys() - {player} for place, held in holders.items())


_RULES: Final[dict[type[Any], Callable[[Sharing, Player, Any], Iterator[MidiEvent]]]] = {
    NoteOn: Sharing._note_on,
    NoteOff: Sharing._note_off,
    ControlChange: Sharing._control,
    SystemReset: Sharing._system_reset,
    Panic: Sharing._panic,
}
