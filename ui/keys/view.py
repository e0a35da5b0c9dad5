"""The keyboard: 88 keys, wheels and pedal, played by mouse, touch and the computer keyboard.

piano, wheels, pedal, computer keys ─▶ Hands ─ NoteOn, NoteOff, … ─▶ EngineModel ─▶ engine
engine ─ keys_down, sustain ─▶ lights
"""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QShowEvent, QWindow
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import Rack

from ..choices import Choices, ChoiceStore
from ..engine_model import PLAYING, EngineModel
from ..theme import theme
from .band_strip import BandStrip
from .bands import part_playing
from .computer_keys import ComputerKeys
from .hands import KEYS, Hands
from .incoming import Incoming
from .key_bar import USUAL_VELOCITY, KeyBar, stepped_velocity
from .key_range import HIGHEST_OCTAVE, LOWEST_OCTAVE, OCTAVE_WHITES, first_key_of
from .part_colours import part_colour
from .piano import Piano
from .positions import SPAN_SEMITONES
from .wheel import BEND_RANGE, Wheel

GUARD_MS: Final = 50  # while something is held: how often to look whether an open menu takes the releases
PEDAL_BUTTON: Final = "pedal button"


class KeyboardView(QWidget):
    """Belongs to the panel's thread. Lets go of everything when its window is left, hidden or closed, when a
    menu opens, and when the engine goes."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.hands = Hands(engine.post)
        self.piano = Piano(self.hands, lambda hit: self._choices.now.fixed_velocity or hit)
        self.bands, self.bar = BandStrip(self.piano), KeyBar()
        self.bend, self.modulation = Wheel(*BEND_RANGE, springs=True), Wheel(0, 127, springs=False)
        self.computer = ComputerKeys(self.hands, self._note_of, self.isVisible, self)
        self._incoming = Incoming()
        self._lit: tuple[object, ...] = ()  # what the lights were made from
        self._octave = self._chosen_octave
        self._guard = QTimer(self)
        self._guard.setInterval(GUARD_MS)
        self._guard.timeout.connect(self._watch)
        self.setAccessibleName(self.tr("Keyboard"))
        self.setAccessibleDescription(self.bar.hint.text())
        self._arrange()
        self._connect()
        self._show_choices(choices.now)
        self._show_rack(engine.rack)

    @property
    def first_key(self) -> int:
        """The lowest key of the computer keyboard."""
        return first_key_of(self._octave)

    def step_octave(self, steps: int) -> None:
        octave = min(HIGHEST_OCTAVE, max(LOWEST_OCTAVE, self._octave + steps))
        self._choices.change(octave=octave)

    def step_velocity(self, steps: int) -> None:
        self._choices.change(fixed_velocity=stepped_velocity(self._choices.now.fixed_velocity, steps))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hands.release_all()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._meet(self.window().windowHandle())
        if not event.spontaneous():
            self.piano.setFocus()  # not a text field: whoever types now wants to play
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.hands.release_all()
        super().hideEvent(event)

    def _meet(self, window: QWindow | None) -> None:
        """The window that it is shown in, another one perhaps than the last time."""
        if window is not None and self.computer.listen(window):
            window.heightChanged.connect(self.piano.fit_window)
            self.piano.fit_window(window.height())

    def _arrange(self) -> None:
        wheels = QGridLayout()
        wheels.setSpacing(4)
        for column, (wheel, title, name) in enumerate(
            (
                (self.bend, self.tr("Bend"), self.tr("Pitch bend")),
                (self.modulation, self.tr("Mod"), self.tr("Modulation")),
            )
        ):
            wheel.setAccessibleName(name)
            wheel.setToolTip(name)
            caption = QLabel(title)
            caption.setProperty("look", "dim")
            wheels.addWidget(wheel, 0, column)
            wheels.addWidget(caption, 1, column, Qt.AlignmentFlag.AlignHCenter)
        keys = QVBoxLayout()
        keys.setSpacing(0)
        keys.addWidget(self.bands)
        keys.addWidget(self.piano, 1)
        lower = QHBoxLayout()
        lower.setSpacing(8)
        lower.addLayout(wheels)
        lower.addLayout(keys, 1)
        column_of_all = QVBoxLayout(self)
        column_of_all.setContentsMargins(0, 6, 0, 0)
        column_of_all.setSpacing(4)
        column_of_all.addWidget(self.bar)
        column_of_all.addLayout(lower, 1)

    def _connect(self) -> None:
        self.hands.on_key, self.hands.on_pedal = self._show_key, self._show_pedal
        self.hands.on_bend = lambda _value: self.bend.let_go()
        self.bend.valueChanged.connect(self._bend)
        self.modulation.valueChanged.connect(self.hands.modulate)
        self.computer.octave_wanted.connect(self.step_octave)
        self.computer.velocity_wanted.connect(self.step_velocity)
        self.computer.letters_changed.connect(self._show_letters)
        bar = self.bar
        bar.octave_wanted.connect(self.step_octave)
        bar.velocity_wanted.connect(self.step_velocity)
        bar.velocity_turned.connect(self._turn_velocity)
        bar.channel_wanted.connect(self._choose_channel)
        bar.zoom_wanted.connect(lambda steps: self.piano.show_range(self.piano.shown.zoomed(steps)))
        bar.scroll_wanted.connect(
            lambda octaves: self.piano.show_range(self.piano.shown.scrolled(OCTAVE_WHITES * octaves))
        )
        bar.pedal.clicked.connect(self._press_pedal)
        self._engine.rack_changed.connect(self._show_rack)
        self._engine.snapshot_came.connect(self._follow)
        self._engine.state_changed.connect(self._show_state)
        self._choices.changed.connect(self._show_choices)

    def _note_of(self, offset_semitones: int) -> tuple[int, int]:
        """Key and velocity of a computer keyboard's key."""
        return self.first_key + offset_semitones, self._choices.now.fixed_velocity or USUAL_VELOCITY

    def _bend(self, value: int) -> None:
        self.hands.bend(value)
        self._guard.start()

    def _press_pedal(self, down: bool) -> None:
        change = self.hands.press_pedal if down else self.hands.release_pedal
        change(PEDAL_BUTTON)
        self.bar.pedal.setChecked(self.hands.pedal_down)

    def _turn_velocity(self, fixed: bool) -> None:
        self._choices.change(fixed_velocity=USUAL_VELOCITY if fixed else 0)

    def _choose_channel(self, channel: int) -> None:
        self.hands.choose_channel(channel)
        self._show_rack(self._engine.rack)

    def _show_key(self, key: int) -> None:
        if key not in self.hands.keys:
            self._incoming.let_go(KEYS * self.hands.channel + key, time.monotonic())
        self.piano.repaint_key(key)
        self._guard.start()

    def _show_pedal(self, down: bool) -> None:
        self.bar.pedal.setChecked(down)
        self._guard.start()

    def _show_choices(self, chosen: Choices) -> None:
        self.bar.show_velocity(chosen.fixed_velocity)
        self.bar.show_octave(self._chosen_octave)
        if self._octave != self._chosen_octave:
            self.hands.release_keys()
            self._octave = self._chosen_octave
        low, high = self.first_key, min(KEYS - 1, self.first_key + SPAN_SEMITONES)
        self.bands.show_reach(low, high)
        self.piano.show_range(self.piano.shown.showing(low, high))
        self._show_letters()

    def _show_letters(self) -> None:
        letters = {
            self.first_key + offset: letter
            for offset, letter in self.computer.letters.items()
            if offset is not None
        }
        self.piano.show_letters(letters)

    def _show_rack(self, rack: Rack | None) -> None:
        self.bands.show_rack(rack, self.hands.channel)

    def _show_state(self, state: str) -> None:
        if state == PLAYING:
            self.hands.greet()
            return
        self.hands.release_all()
        self._lit = ()
        self.piano.show_glows({})
        self.bar.pedal.show_level(0)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if not self.isVisible():
            return
        self.bar.pedal.show_level(snapshot.sustain)
        own = frozenset(KEYS * self.hands.channel + key for key in self.hands.keys)
        notes = self._incoming.among(snapshot.keys_down, own, time.monotonic())
        lit = (notes, self._engine.rack, theme().name)
        if lit != self._lit:
            self._lit = lit
            self.piano.show_glows({note % KEYS: self._glow(note) for note in notes})

    def _glow(self, note: int) -> QColor:
        """The colour of the part that plays it; a note that no part plays is grey."""
        rack = self._engine.rack
        part = None if rack is None else part_playing(rack, note // KEYS, note % KEYS)
        return theme().colour("dim") if part is None else part_colour(part)

    def _watch(self) -> None:
        """An open menu takes the keys' and the mouse's releases for itself."""
        if QApplication.activePopupWidget() is not None:
            self.hands.release_all()
        if not self.hands.busy:
            self._guard.stop()

    @property
    def _chosen_octave(self) -> int:
        return min(HIGHEST_OCTAVE, max(LOWEST_OCTAVE, self._choices.now.octave))
