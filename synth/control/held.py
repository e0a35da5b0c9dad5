"""What a client holds down: keys and pedals to be let go when it leaves, as of a keyboard unplugged."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from ..rack.standing import PEDALS
from .commands import ControlChange, NoteOff, NoteOn, Panic, PitchBend, PlayedCommand

_Place: TypeAlias = tuple[str, int | None, int | None, int]  # what is held, channel, part, its number


class Held:
    """Follows one client's playing. The server's thread owns it."""

    def __init__(self) -> None:
        self._releases: dict[_Place, PlayedCommand] = {}

    def follow(self, command: PlayedCommand) -> None:
        """Note what this command presses or lets go."""
        match command:
            case Panic():
                self._releases.clear()
            case NoteOn(key=key, channel=channel, part=part):
                release = NoteOff(key, channel=channel, part=part)
                self._releases["key", channel, part, key] = release
            case NoteOff(key=key, channel=channel, part=part):
                self._releases.pop(("key", channel, part, key), None)
            case ControlChange(controller=number, channel=channel, part=part) if number in PEDALS:
                self._hold(
                    ("pedal", channel, part, number),
                    ControlChange(number, 0, channel=channel, part=part),
                    command.value,
                )
            case PitchBend(channel=channel, part=part):
                self._hold(
                    ("bend", channel, part, 0), PitchBend(0, channel=channel, part=part), command.value
                )

    def let_go(self, stamp_ns: int) -> list[PlayedCommand]:
        """The commands that release all, once."""
        releases = [replace(release, stamp_ns=stamp_ns) for release in self._releases.values()]
        self._releases.clear()
        return releases

    def _hold(self, place: _Place, release: PlayedCommand, value: int) -> None:
        if value:
            self._releases[place] = release
        else:
            self._releases.pop(place, None)
