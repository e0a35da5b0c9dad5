"""MIDI learn: a controller is touched once and turns a value of the rack from then on, without jumps.

Beside the router: what a controller turns here is a value of the rack, not a controller of a part. A knob
whose position differs from the value does nothing until it has come past it (soft takeover), so no volume
jumps after a change of preset. Buttons act when they go down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import UsageError
from ..events import ControlChange, MidiEvent
from .ranges import MAX_MAPPINGS
from .targets import Kind, parse_target, usual_range

BUTTON_DOWN: Final = 64
# Bank selects, data entry, parameter numbers, channel modes: they mean something else than a knob's position.
NOT_LEARNT: Final = frozenset((0, 6, 32, 38, *range(96, 102), *range(120, 128)))
UNCONFIRMED: Final = 256  # values sent that the rack may still have on its way

CurrentValue = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A controller and what it turns: its 0 is `minimum`, its 127 `maximum`, which may be the smaller one.

    `channel` is 0 to 15, or None for any. Buttons have no use for the range.
    """

    channel: int | None
    controller: int
    target: str
    minimum: float = 0.0
    maximum: float = 1.0

    @property
    def step(self) -> float:
        """How far one step of the controller turns the value."""
        return abs(self.maximum - self.minimum) / 127

    def at(self, position: int) -> float:
        """The value at a controller's position, 0 to 127."""
        return self.minimum + position / 127 * (self.maximum - self.minimum)


@dataclass(frozen=True, slots=True)
class Change:
    """What a controller asks for: a value of the rack (switches 0 or 1), or an action."""

    target: str
    value: float


class Learner:
    """The rack's mappings while they are in use, and where each knob is. Belongs to one thread."""

    def __init__(self, mappings: Sequence[Mapping] = ()) -> None:
        self._hands: dict[Mapping, _Hand] = {}
        self._armed: tuple[str, float, float] | None = None
        self.set_mappings(mappings)

    @property
    def mappings(self) -> tuple[Mapping, ...]:
        """To be put into the rack once a controller has been learnt: `armed` is None again then."""
        return tuple(self._hands)

    @property
    def armed(self) -> str | None:
        """The target that waits for its controller."""
        return None if self._armed is None else self._armed[0]

    def set_mappings(self, mappings: Sequence[Mapping]) -> None:
        """Those of another rack. A mapping that was there before keeps its knob's position."""
        self._hands = {mapping: self._hands.get(mapping) or _Hand(mapping) for mapping in mappings}

    def touch(self, target: str, minimum: float | None = None, maximum: float | None = None) -> None:
        """Let the next controller that moves turn `target`, over its whole range unless told otherwise.

        Give the range of an effect's parameter: without one it is 0 to 1. Raises UsageError for a text that
        is no target.
        """
        if parse_target(target) is None:
            raise UsageError(f"{target!r} names nothing that a controller can turn")
        low, high = usual_range(target)
        self._armed = target, low if minimum is None else minimum, high if maximum is None else maximum

    def cancel(self) -> None:
        """Wait for no controller any more."""
        self._armed = None

    def claims(self, event: MidiEvent) -> bool:
        """Whether `apply` has a use for the event: then it is no controller of the parts."""
        if not isinstance(event, ControlChange):
            return False
        learning = self._armed is not None and event.controller not in NOT_LEARNT
        return learning or self._hand_of(event) is not None

    def apply(self, event: MidiEvent, current_value: CurrentValue) -> Change | None:
        """What an event changes. `current_value` gives a target's value, None if it has none (`value_of`).

        The first controller after `touch` is bound and changes nothing; it replaces the mappings that this
        controller and this target had. The changes asked for may reach the rack late.
        """
        if not isinstance(event, ControlChange):
            return None
        if self._armed is not None and event.controller not in NOT_LEARNT:
            self._bind(event, current_value)
            return None
        hand = self._hand_of(event)
        return None if hand is None else hand.move(event.value, current_value(hand.mapping.target))

    def reset(self) -> None:
        """Forget where the knobs are, and what was touched; the mappings stay."""
        self._hands = {mapping: _Hand(mapping) for mapping in self._hands}
        self._armed = None

    def _hand_of(self, event: ControlChange) -> _Hand | None:
        """The hand on the event's controller; a mapping of its very channel comes before one of any."""
        found = None
        for mapping, hand in self._hands.items():
            if mapping.controller == event.controller and mapping.channel in (event.channel, None):
                if mapping.channel is not None:
                    return hand
                found = hand
        return found

    def _bind(self, event: ControlChange, current_value: CurrentValue) -> None:
        assert self._armed is not None, "there is a target to bind"
        target, minimum, maximum = self._armed
        self._armed = None
        bound = Mapping(event.channel, event.controller, target, minimum, maximum)
        self.set_mappings(with_mapping(self.mappings, bound))
        self._hands[bound] = hand = _Hand(bound)
        hand.move(event.value, current_value(target))


class _Hand:
    """One mapped controller: where it is, and whether it has hold of its value."""

    def __init__(self, mapping: Mapping) -> None:
        target = parse_target(mapping.target)
        assert target is not None, "the preset reader lets no mapping without a target through"
        self.mapping = mapping
        self._kind = target.kind
        self._down = False
        self._position: float | None = None
        self._expected: deque[float] = deque(maxlen=UNCONFIRMED)  # values the rack may have; empty: let go

    def move(self, position: int, current: float | None) -> Change | None:
        if self._kind in (Kind.SWITCH, Kind.TRIGGER):
            return self._press(position, current)
        here = self.mapping.at(position)
        return self._turn(float(round(here)) if self._kind is Kind.WHOLE else here, current)

    def _press(self, position: int, current: float | None) -> Change | None:
        pressed = position >= BUTTON_DOWN and not self._down
        self._down = position >= BUTTON_DOWN
        if not pressed:
            return None
        turned_on = self._kind is Kind.TRIGGER or not current
        return Change(self.mapping.target, float(turned_on))

    def _turn(self, here: float, current: float | None) -> Change | None:
        """Soft takeover. A value that nobody knows cannot jump, so it is taken at once."""
        before, self._position = self._position, here
        if current is None:
            return Change(self.mapping.target, here)
        if not self._holds(current):
            self._expected.clear()
            if not self._reached(current, here if before is None else before, here):
                return None
            self._expected.append(current)
        self._expected.append(here)
        return Change(self.mapping.target, here)

    def _holds(self, current: float) -> bool:
        """Whether the value is still one that this hand gave it; those before it have then arrived."""
        for index, value in enumerate(self._expected):
            if abs(value - current) <= self._slack / 2:
                for _ in range(index):
                    self._expected.popleft()
                return True
        return False

    def _reached(self, current: float, before: float, here: float) -> bool:
        """Whether the way from `before` to `here` comes within a step of the value."""
        low, high = min(before, here), max(before, here)
        return low - self._slack <= current <= high + self._slack

    @property
    def _slack(self) -> float:
        return max(self.mapping.step, 1.0) if self._kind is Kind.WHOLE else self.mapping.step


def with_mapping(mappings: Sequence[Mapping], bound: Mapping) -> tuple[Mapping, ...]:
    """The mappings with one more, which replaces those that its controller and its target had."""
    others = [m for m in mappings if m.target != bound.target and not _same_control(m, bound)]
    return (*others[-MAX_MAPPINGS + 1 :], bound)


def _same_control(one: Mapping, other: Mapping) -> bool:
    return one.controller == other.controller and one.channel in (other.channel, None)
