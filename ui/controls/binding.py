"""The one adapter between a control and the rack: shows the value there, turns it when a hand does.

A place says where the value is: a `TargetPlace` is a target text, which controllers can learn; an `EditPlace`
reads and changes the rack by functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QWidget

from neume.synth.rack.knobs import value_of
from neume.synth.rack.part import Rack
from neume.synth.rack.targets import parse_target

from ..engine_model import EngineModel
from .following import rack_watch
from .learnable import Learnable, make_learnable
from .turner import Turner


class Control(Protocol):
    """What `Turner` and `Switch` offer."""

    @property
    def turned(self) -> SignalInstance: ...

    @property
    def let_go(self) -> SignalInstance: ...

    def show_amount(self, amount: float) -> None: ...


class Place(Protocol):
    """Where a value of the rack is. `text` names a change of it to the user: "volume of Piano"."""

    @property
    def text(self) -> str: ...

    @property
    def part(self) -> int | None:
        """The number of the part that has the value; None for one of the rack's own."""
        ...

    def read(self, rack: Rack) -> float | None:
        """The value; None if the rack says nothing of it."""
        ...

    def write(self, engine: EngineModel, value: float, gesture: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TargetPlace:
    text: str
    target: str

    @property
    def part(self) -> int | None:
        target = parse_target(self.target)
        return None if target is None else target.part

    def read(self, rack: Rack) -> float | None:
        return value_of(rack, self.target)

    def write(self, engine: EngineModel, value: float, gesture: str) -> None:
        engine.set_value(self.text, self.target, value, gesture)


@dataclass(frozen=True, slots=True)
class EditPlace:
    """`changed` makes the rack with another value; `key` tells the places of one gesture apart."""

    text: str
    key: str
    value: Callable[[Rack], float | None]
    changed: Callable[[Rack, float], Rack]
    part: int | None = None

    def read(self, rack: Rack) -> float | None:
        return self.value(rack)

    def write(self, engine: EngineModel, value: float, gesture: str) -> None:
        engine.edit(self.text, lambda rack: self.changed(rack, value), merge=f"{self.key} {gesture}")


class Binding(QObject):
    """Lives as long as its control. While a hand holds the control, the rack does not move it."""

    def __init__(self, control: QWidget, engine: EngineModel, place: Place, default: float = 0.0) -> None:
        super().__init__(control)
        self.place, self.default = place, default
        self.learnable: Learnable | None = None
        self._control, self._engine = control, engine
        signals: Control = control  # type: ignore[assignment]  # a Turner or a Switch
        self._show = signals.show_amount
        signals.turned.connect(self._turn)
        signals.let_go.connect(self.refresh)
        self._watch = rack_watch(engine)
        self._watch.add(place.part, self)
        self.refresh()

    def move(self, place: Place) -> None:
        """The control stands for another value now."""
        self._watch.move(self.place.part, place.part, self)
        self.place = place
        if self.learnable is not None and isinstance(place, TargetPlace):
            self.learnable.target = place.target
        self.refresh()

    def refresh(self) -> None:
        """Show what the rack has."""
        if self._engine.rack is not None:
            self.follow(self._engine.rack)

    def _turn(self, value: float, gesture: str) -> None:
        self.place.write(self._engine, value, gesture)

    def follow(self, rack: Rack) -> None:
        """Show the value of a rack that may have changed."""
        value = self.place.read(rack)
        self._show(self.default if value is None else value)


def bind(control: QWidget, engine: EngineModel, target: str, text: str) -> Binding:
    """Let a control stand for a target of the rack, and be learnt. `text` names the change for undo."""
    quantity = control.quantity if isinstance(control, Turner) else None
    default = 0.0 if quantity is None else quantity.default
    binding = Binding(control, engine, TargetPlace(text, target), default)
    binding.learnable = make_learnable(control, engine, target, quantity)
    return binding
