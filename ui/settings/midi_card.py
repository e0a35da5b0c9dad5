"""MIDI inputs: which are listened to, which are played now, and what each said last."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from neume.synth.control.commands import SetMidi
from neume.synth.engine_snapshot import EngineSnapshot, PortActivity

from ..browser.elided_label import ElidedLabel
from ..choices import ChoiceStore
from ..engine_model import EngineModel
from .card import Card, check, tell
from .lamp import Lamp
from .midi_names import is_chosen, lasting_name, with_port, without_port


class MidiRow(QWidget):
    """One input: light, box, what it said last."""

    def __init__(self, name: str, activity_name: str) -> None:
        super().__init__()
        self.name = name
        self.lamp, self.box, self.last = Lamp(), check(name), ElidedLabel()
        self.lamp.setAccessibleName(activity_name)
        self.last.setProperty("look", "dim")
        self._messages: int | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.lamp)
        row.addWidget(self.box)
        row.addSpacing(8)
        row.addWidget(self.last, 1)

    def hear(self, activity: PortActivity | None) -> None:
        """At every snapshot."""
        messages = activity.messages if activity is not None else 0
        if self._messages is not None and messages > self._messages:
            self.lamp.flash()
        else:
            self.lamp.fade()
        if messages != self._messages:
            self._messages = messages
            text = activity.last if activity is not None else ""
            if text != self.last.text():
                self.last.tell(text)


class MidiCard(Card):
    """Belongs to the panel's thread. What is chosen is kept once the engine has taken it."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__(self.tr("MIDI inputs"))
        self._engine, self._choices = engine, choices
        self._available: tuple[str, ...] = ()
        self._shown: tuple[tuple[str, ...], ...] | None = None
        self.rows: dict[str, MidiRow] = {}
        self.all = check(self.tr("All, also those that are plugged in later"))
        self.all.clicked.connect(self._choose_all)
        self.add(self.all)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.column.addLayout(self._list)
        self.problem = self.note()
        self.problem.hide()
        choices.changed.connect(lambda _chosen: self._mark())
        self._mark()

    def follow(self, snapshot: EngineSnapshot) -> None:
        """Rows only change when ports come or go."""
        virtual = tuple(port.name for port in snapshot.ports if port.name not in snapshot.midi_available)
        names = (snapshot.midi_available, virtual, snapshot.midi_missing)
        if names != self._shown:
            self._shown = names
            self._available = snapshot.midi_available
            self._build(virtual, snapshot.midi_missing)
        ports = {port.name: port for port in snapshot.ports}
        for name, row in self.rows.items():
            row.hear(ports.get(name))

    def _build(self, virtual: tuple[str, ...], missing: tuple[str, ...]) -> None:
        for row in self.rows.values():
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = {}
        for name in (*self._available, *virtual, *missing):
            if name not in self.rows:
                self.rows[name] = self._row(name, name in virtual, name in missing)
        nothing = self.tr("No MIDI input is connected. Plug one in: it is found by itself.")
        tell(self.problem, "" if self._available else nothing)
        self._mark()

    def _row(self, name: str, virtual: bool, missing: bool) -> MidiRow:
        row = MidiRow(name, self.tr("Activity of {0}").format(name))
        row.box.setToolTip(name)
        row.box.setText(lasting_name(name, self._available))
        if virtual:
            row.box.setText(self.tr("{0} (for other programs)").format(name))
        if missing:
            row.box.setText(self.tr("{0} (not connected)").format(name))
        row.box.clicked.connect(lambda on: self._toggle(row, on))
        row.setProperty("virtual", virtual)
        self._list.addWidget(row)
        return row

    def _mark(self) -> None:
        """Boxes as the choices are."""
        chosen = self._choices.now.midi_inputs
        self.all.setChecked(not chosen)
        for name, row in self.rows.items():
            virtual = bool(row.property("virtual"))
            row.box.setChecked(virtual or is_chosen(name, chosen))
            row.box.setEnabled(bool(chosen) and not virtual)

    def _choose_all(self, on: bool) -> None:
        if on:
            self._send(())
        elif self._available:
            self._send(tuple(lasting_name(port, self._available) for port in self._available))
        else:
            self._mark()

    def _toggle(self, row: MidiRow, on: bool) -> None:
        chosen = self._choices.now.midi_inputs
        change = with_port if on else without_port
        names = change(chosen, row.name, self._available)
        if names:
            self._send(names)
        else:
            tell(self.problem, self.tr("One input has to stay: none would mean all."), "warning")
            self._mark()

    def _send(self, names: tuple[str, ...]) -> None:
        self._engine.ask(SetMidi(names=names), lambda _text: self._taken(names), self._refused)

    def _taken(self, names: tuple[str, ...]) -> None:
        tell(self.problem, "")
        self._choices.change(midi_inputs=names)
        self._mark()

    def _refused(self, reason: str) -> None:
        tell(self.problem, reason, "warning")
        self._mark()
