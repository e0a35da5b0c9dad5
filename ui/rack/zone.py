"""What a part hears: channels, keys, velocities, and how it takes them; the middle of a strip."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QGridLayout, QWidget

from neume.synth.rack.curves import FIXED, VelocityCurve
from neume.synth.rack.part import Part, Rack

from ..controls.binding import Binding, EditPlace, TargetPlace, bind
from ..controls.quantities import QUANTITIES
from ..controls.value_box import ValueBox
from ..engine_model import EngineModel
from .channels_popup import ChannelsPopup
from .edits import part_at, with_curve, with_fields, with_high, with_low
from .key_range import KeyRange
from .next_key import NextKey
from .tile import Tile
from .velocity import CurvePopup, CurveTile
from .wordings import channels_text

GAP_PX: Final = 3
LONGEST_CHANNELS: Final = 4  # characters of a list


class Zone(QWidget):
    """Stands for the part of `index`, which `show_part` may change. Belongs to the panel's thread."""

    def __init__(self, engine: EngineModel, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine, self.index, self._name = engine, index, ""
        self.channels = Tile(self.tr("MIDI channels"))
        self.channels.clicked.connect(self._open_channels)
        self.transpose = self._box("transpose_semitones", self.tr("Transpose"), self.tr("transpose"))
        self.keys = KeyRange(self.tr("Keys that the part plays: drag the ends"))
        self.keys.ranged.connect(self._range_keys)
        self.low_key = self._box("low_key", self.tr("Lowest key"), self.tr("from key"))
        self.high_key = self._box("high_key", self.tr("Highest key"), self.tr("to key"))
        self.curve = CurveTile(self.tr("Velocity curve"))
        self.curve.clicked.connect(self._open_curves)
        self.low_velocity = self._box("low_velocity", self.tr("Lowest velocity"), self.tr("vel."))
        self.high_velocity = self._box("high_velocity", self.tr("Highest velocity"), self.tr("to"))
        self._lay_out()
        self._transposing = bind(self.transpose, engine, f"part.{index}.transpose_semitones", "")
        self._ends = {
            ("key", "low"): self._bound(self.low_key, "key", "low"),
            ("key", "high"): self._bound(self.high_key, "key", "high"),
            ("velocity", "low"): self._bound(self.low_velocity, "velocity", "low"),
            ("velocity", "high"): self._bound(self.high_velocity, "velocity", "high"),
        }
        self.next_low = NextKey(self.low_key, engine, partial(self._learn_key, "low"))
        self.next_high = NextKey(self.high_key, engine, partial(self._learn_key, "high"))

    def show_part(self, index: int, part: Part) -> None:
        """Stand for a part as it is now."""
        if (index, part.name) != (self.index, self._name):
            self.index, self._name = index, part.name
            target = TargetPlace(
                self.tr("transpose of {0}").format(part.name), f"part.{index}.transpose_semitones"
            )
            self._transposing.move(target)
            for (kind, end), binding in self._ends.items():
                binding.move(self._place(kind, end))
        self.channels.set_texts(self._channels_text(part), lit=True)
        self.keys.show_range(index, part.low_key, part.high_key)
        self.curve.show_curve(part.curve, part.low_velocity, part.high_velocity)

    def _channels_text(self, part: Part) -> str:
        """In full if it is short, else how many there are."""
        omni = self.tr("Omni")
        text = channels_text(part.channels, omni)
        if text == omni:
            return omni
        if len(text) > LONGEST_CHANNELS:
            return self.tr("{0} ch.").format(len(part.channels))
        return self.tr("Ch {0}").format(text)

    def _box(self, field: str, name: str, caption: str) -> ValueBox:
        return ValueBox(QUANTITIES[field], name, caption)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.channels, 0, 0, 1, 3)
        grid.addWidget(self.transpose, 0, 3, 1, 3)
        grid.addWidget(self.keys, 1, 0, 1, 6)
        grid.addWidget(self.low_key, 2, 0, 1, 3)
        grid.addWidget(self.high_key, 2, 3, 1, 3)
        grid.addWidget(self.curve, 3, 0, 1, 2)
        grid.addWidget(self.low_velocity, 3, 2, 1, 2)
        grid.addWidget(self.high_velocity, 3, 4, 1, 2)

    def _bound(self, box: ValueBox, kind: str, end: str) -> Binding:
        return Binding(box, self._engine, self._place(kind, end), box.quantity.default)

    def _place(self, kind: str, end: str) -> EditPlace:
        index, field = self.index, f"{end}_{kind}"
        change = with_low if end == "low" else with_high
        words = {"key": self.tr("keys of {0}"), "velocity": self.tr("velocities of {0}")}

        def value(rack: Rack) -> float | None:
            return float(getattr(rack.parts[index], field)) if index < len(rack.parts) else None

        return EditPlace(
            words[kind].format(self._name),
            f"part.{index}.{field}",
            value,
            lambda rack, value: change(rack, index, kind, round(value)),
            part=index,
        )

    def _range_keys(self, low: int, high: int, gesture: str) -> None:
        index = self.index
        self._engine.edit(
            self.tr("keys of {0}").format(self._name),
            lambda rack: with_fields(rack, index, low_key=low, high_key=high),
            merge=f"part.{index}.keys {gesture}",
        )

    def _learn_key(self, end: str, key: int) -> None:
        index, change = self.index, with_low if end == "low" else with_high
        self._engine.edit(
            self.tr("keys of {0}").format(self._name), lambda rack: change(rack, index, "key", key)
        )

    def _part(self) -> Part | None:
        rack = self._engine.rack
        return rack.parts[self.index] if rack is not None and self.index < len(rack.parts) else None

    def _open_channels(self) -> None:
        part, index = self._part(), self.index
        if part is None:
            return
        popup = ChannelsPopup(self.channels)
        popup.show_channels(part.channels)
        text = self.tr("channels of {0}").format(part.name)
        popup.chosen.connect(
            lambda channels: self._engine.edit(text, lambda rack: with_fields(rack, index, channels=channels))
        )
        popup.open_at(self.channels)

    def _open_curves(self) -> None:
        part, index = self._part(), self.index
        if part is None:
            return
        popup = CurvePopup(self.curve)
        text = self.tr("velocity curve of {0}").format(part.name)

        def curve(rack: Rack) -> VelocityCurve:
            return part_at(rack, index).curve

        def choose(shape: str) -> None:
            self._engine.edit(text, lambda rack: with_curve(rack, index, shape))
            if self._engine.rack is not None:
                popup.show_curve(curve(self._engine.rack))

        place = EditPlace(
            text,
            f"part.{index}.curve",
            lambda rack: float(curve(rack).fixed_velocity or 0) or None,
            lambda rack, value: with_fields(rack, index, curve=VelocityCurve(FIXED, round(value))),
            part=index,
        )
        Binding(popup.fixed, self._engine, place, popup.fixed.quantity.default)
        popup.shape_chosen.connect(choose)
        popup.show_curve(part.curve)
        popup.open_at(self.curve)
