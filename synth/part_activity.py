"""What each part of a rack does at this moment, for the strips of a panel.

Beside the rack's chain: called on the thread that takes snapshots, while the render thread goes on, so what
it tells may be of two blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

from .arrangement import UNUSED
from .engine_snapshot import PartActivity
from .events import CHANNELS
from .mixer import Meters
from .rack.part import Part, Rack
from .rack_seats import Seat, Seats
from .voices import KEYS


def parts_activity(
    rack: Rack, seats: Seats, meters: Meters, keys_down: Sequence[int]
) -> tuple[PartActivity, ...]:
    """One for each part. Parts on one stream share its level; `keys_down` are those of `KeysDown`.

    Of a plug-in nobody knows what it plays: its notes are the keys that it hears, its program is the part's
    own or 0.
    """
    guests = [seats[number] is None for number in range(len(rack.parts))]  # absent bundles among them
    levels = list(zip(meters.peak, meters.rms, strict=True))
    of_guests = iter(levels[len(levels) - sum(guests) :])  # behind those of streams
    told = []
    for number, (part, guest) in enumerate(zip(rack.parts, guests, strict=True)):
        seat = seats[number]
        if guest:
            told.append(_guest(part, next(of_guests, (0.0, 0.0)), keys_down))
        elif seat is None or seat.stream >= len(levels):  # it is about to be seated
            told.append(PartActivity(UNUSED, part.program or 0, 0, 0.0, 0.0))
        else:
            told.append(_seated(number, seat, levels[seat.stream]))
    return tuple(told)


def _guest(part: Part, level: tuple[float, float], keys_down: Sequence[int]) -> PartActivity:
    places = (divmod(key_down, KEYS) for key_down in keys_down)
    notes = sum(channel in part.channels and part.low_key <= key <= part.high_key for channel, key in places)
    return PartActivity(UNUSED, part.program or 0, notes, *level)


def _seated(number: int, seat: Seat, level: tuple[float, float]) -> PartActivity:
    slots = seat.notes.slots
    homes = slots["channel"][slots["active"]] % CHANNELS  # of members of MPE zones too
    notes = homes.tolist().count(number)
    return PartActivity(seat.stream, seat.notes.channels[number].sounding_program, notes, *level)
