"""One part of the rack as a strip: who plays, what it hears, its effects, its place in the mix."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from neume.synth.engine_snapshot import PartActivity
from neume.synth.rack.part import Part, Rack

from ..browser.drag import dragged_instrument
from ..controls.binding import Binding, TargetPlace, bind
from ..controls.fader import Fader
from ..controls.knob import Knob
from ..controls.meter import Meter
from ..controls.paint import painter_of
from ..controls.quantities import QUANTITIES
from ..controls.switch import Switch
from ..engine_model import EngineModel
from ..theme import TOUCH_PX, theme
from .instrument_names import InstrumentNames
from .strip_header import StripHeader
from .tile import Tile
from .zone import Zone

STRIP_PX: Final = 144
MARGIN_PX: Final = 8
GAP_PX: Final = 4
INSTRUMENT_PX: Final = 40
PAN_PX: Final = 46
ROUND_PX: Final = 9.0
INSTRUMENT, ZONE, EFFECTS, MIX = "instrument", "zone", "effects", "mix"  # sections
ALL: Final = frozenset((INSTRUMENT, ZONE, EFFECTS, MIX))


class PartStrip(QWidget):
    """Stands for the part of `index`; or for another by `show_part`. Belongs to the panel's thread."""

    instrument_wanted = Signal()
    inserts_wanted = Signal()
    instrument_dropped = Signal(str, int)  # a bundle's id, empty for the default one, and the program

    def __init__(self, engine: EngineModel, names: InstrumentNames, index: int) -> None:
        super().__init__()
        self.index, self.selected, self.sounding = index, False, -1
        self._engine, self._names = engine, names
        self._part: Part | None = None
        self.header = StripHeader()
        self.instrument = Tile(self.tr("Instrument"), INSTRUMENT_PX)
        self.instrument.clicked.connect(self.instrument_wanted)
        self.zone = Zone(engine, index)
        self.inserts = Tile(self.tr("Effects"))
        self.inserts.clicked.connect(self.inserts_wanted)
        self.fader = Fader(QUANTITIES["volume_db"], self.tr("Volume"))
        self.meter = Meter(self.tr("Level of the part"))
        self.pan = Knob(QUANTITIES["pan"], self.tr("Pan"), width=PAN_PX)
        self.mute = Switch(self.tr("M"), self.tr("Mute"), "alarm")
        self.solo = Switch(self.tr("S"), self.tr("Solo"), "warning")
        self.mix = self._mix()
        self._lay_out()
        self._bindings: dict[str, Binding] = {
            "volume_db": bind(self.fader, engine, f"part.{index}.volume_db", ""),
            "pan": bind(self.pan, engine, f"part.{index}.pan", ""),
            "muted": bind(self.mute, engine, f"part.{index}.muted", ""),
            "soloed": bind(self.solo, engine, f"part.{index}.soloed", ""),
        }
        self.setFixedWidth(STRIP_PX)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        names.changed.connect(self._show_instrument)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_instrument(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        dropped = dragged_instrument(event.mimeData())
        if dropped is not None:
            event.acceptProposedAction()
            self.instrument_dropped.emit(*dropped)

    def show_part(self, index: int, rack: Rack) -> None:
        """Stand for a part of the rack as it is now."""
        part = rack.parts[index]
        if self._part is None or (index, part.name) != (self.index, self._part.name):
            self._retarget(index, part)
        silent = not rack.audible(index)
        self.header.show_part(index + 1, part.name, silent)
        if part is not self._part:
            self._part = part
            self.zone.show_part(index, part)
            self._show_instrument()
            active = [insert.effect for insert in part.inserts if not insert.bypassed]
            self.inserts.set_texts(self._effects_text(part), lit=bool(active))

    def show_selected(self, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self.header.show_selected(selected)
            self.update()

    def show_sections(self, sections: frozenset[str]) -> None:
        """Those that there is room for."""
        self.instrument.setVisible(INSTRUMENT in sections)
        self.zone.setVisible(ZONE in sections)
        self.inserts.setVisible(EFFECTS in sections)
        self.mix.setVisible(MIX in sections)

    def follow(self, activity: PartActivity | None) -> None:
        """What the part does at this moment."""
        if activity is None:
            self.header.show_sounding(False)
            self.meter.follow(0.0, 0.0)
            return
        self.header.show_sounding(activity.notes > 0)
        self.meter.follow(activity.peak, activity.rms)
        if activity.program != self.sounding:
            self.sounding = activity.program
            self._show_instrument()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.header.pressed.emit()
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, shown = painter_of(self), theme()
        painter.setBrush(shown.colour("surface"))
        painter.setPen(QPen(shown.colour("accent" if self.selected else "edge"), 2 if self.selected else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), ROUND_PX, ROUND_PX)

    def _retarget(self, index: int, part: Part) -> None:
        self.index = index
        words = {
            "volume_db": self.tr("volume of {0}"),
            "pan": self.tr("pan of {0}"),
            "muted": self.tr("mute of {0}"),
            "soloed": self.tr("solo of {0}"),
        }
        for field, binding in self._bindings.items():
            binding.move(TargetPlace(words[field].format(part.name), f"part.{index}.{field}"))

    def _show_instrument(self) -> None:
        part = self._part
        if part is not None:
            sounding = self.sounding if self.sounding >= 0 else None
            self.instrument.set_texts(
                self._names.instrument(part, sounding), self._names.source(part), lit=True
            )

    def _effects_text(self, part: Part) -> str:
        if not part.inserts:
            return self.tr("+ effect")
        names = [insert.effect.replace("-", " ").capitalize() for insert in part.inserts]
        return names[0] if len(names) == 1 else self.tr("{0} effects").format(len(names))

    def _mix(self) -> QWidget:
        mix = QWidget()
        row = QHBoxLayout(mix)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.fader)
        row.addWidget(self.meter)
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(self.pan, 0, Qt.AlignmentFlag.AlignHCenter)
        side.addStretch(1)
        side.addWidget(self.solo, 0, Qt.AlignmentFlag.AlignHCenter)
        side.addWidget(self.mute, 0, Qt.AlignmentFlag.AlignHCenter)
        row.addLayout(side, 1)
        return mix

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 4, MARGIN_PX, MARGIN_PX)
        column.setSpacing(GAP_PX)
        for widget in (self.header, self.instrument, self.zone, self.inserts):
            column.addWidget(widget)
        column.addWidget(self.mix, 1)
        column.addStretch(0)
        self.header.setFixedHeight(TOUCH_PX)
