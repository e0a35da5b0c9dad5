"""Which keys and pedals are down, over all sources: what a panel lights on its keyboard.

Beside the render thread, which shows it every block's events.
"""

from __future__ import annotations

from collections.abc import Sequence

from .channels import NOTES_OFF, RESET_ALL_CONTROLLERS, SUSTAIN
from .events import CHANNELS, ControlChange, MidiEvent, NoteOff, NoteOn, Panic, SystemReset
from .voices import KEYS


class KeysDown:
    """Follows all events. Threads: the render thread calls `follow`; any thread reads the properties."""

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._sustain = bytearray(CHANNELS)

    @property
    def keys(self) -> tuple[int, ...]:
        """`KEYS` * channel + key of each, from the lowest on."""
        return tuple(sorted(self._down.copy()))  # the copy is one step: nobody changes it meanwhile

    @property
    def sustain(self) -> int:
        """0 to 127, that of the channel whose pedal is down furthest."""
        return max(self._sustain)

    def follow(self, events: Sequence[MidiEvent]) -> None:
        for event in events:
            match event:
                case NoteOn():
                    self._down.add(KEYS * event.channel + event.key)
                case NoteOff():
                    self._down.discard(KEYS * event.channel + event.key)
                case ControlChange():
                    self._control(event)
                case Panic() | SystemReset():
                    self._down.clear()
                    self._sustain = bytearray(CHANNELS)

    def _control(self, event: ControlChange) -> None:
        if event.controller == SUSTAIN:
            self._sustain[event.channel] = event.value
        elif event.controller == RESET_ALL_CONTROLLERS:
            self._sustain[event.channel] = 0
        elif event.controller in NOTES_OFF:
            first = KEYS * event.channel
            self._down.difference_update(range(first, first + KEYS))
