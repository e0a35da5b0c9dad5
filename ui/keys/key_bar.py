"""The row over the keys: octave, velocity, channel, pedal, and which keys are in view."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from neume.synth.events import CHANNELS

from ..theme import TOUCH_PX
from .key_range import first_key_of, key_name
from .pedal import PedalButton

GAP_PX: Final = 14
HINT_FROM_PX: Final = 1180  # of width; narrower, there is no room for the hint
USUAL_VELOCITY: Final = 100  # of a computer keyboard's keys, which know none
VELOCITY_STEP: Final = 9


class KeyBar(QWidget):
    """Shows what it is told and tells what is wanted; it keeps nothing itself."""

    octave_wanted = Signal(int)  # steps
    velocity_wanted = Signal(int)  # steps
    velocity_turned = Signal(bool)  # True: always the same, False: by where a key is hit
    channel_wanted = Signal(int)  # 0 to 15
    zoom_wanted = Signal(int)  # steps, closer for positive ones
    scroll_wanted = Signal(int)  # octaves

    def __init__(self) -> None:
        super().__init__()
        self.octave = QLabel()
        self.fixed = self._button("", self.tr("Velocity: by where a key is hit, or fixed"))
        self.channel, self.pedal = self._channels(), PedalButton()
        self.hint = QLabel(self.tr("Type to play: keys Z to M and Q to P"))
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.octave.setAccessibleName(self.tr("Octave of the computer keyboard"))
        self.octave.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.octave.setMinimumWidth(TOUCH_PX)
        self.fixed.setCheckable(True)
        self.fixed.setMinimumWidth(112)
        self.fixed.clicked.connect(self.velocity_turned)
        self.hint.setProperty("look", "dim")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._fill()

    def show_octave(self, octave: int) -> None:
        self.octave.setText(key_name(first_key_of(octave)))

    def show_velocity(self, fixed_velocity: int) -> None:
        self.fixed.setChecked(fixed_velocity > 0)
        self.fixed.setText(str(fixed_velocity) if fixed_velocity else self.tr("By position"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.hint.setVisible(event.size().width() >= HINT_FROM_PX)

    def _fill(self) -> None:
        octave = (self.tr("Octave down (comma key)"), self.tr("Octave up (period key)"))
        velocity = (self.tr("Softer (minus key)"), self.tr("Louder (equals key)"))
        self._stepper(self.tr("Octave"), self.octave, octave, self.octave_wanted)
        self._stepper(self.tr("Velocity"), self.fixed, velocity, self.velocity_wanted)
        self._row.addWidget(self.channel)
        self._row.addSpacing(GAP_PX)
        self._row.addWidget(self.pedal)
        self._row.addSpacing(GAP_PX)
        self._row.addWidget(self.hint, 100)
        self._row.addStretch(1)
        self._row.addWidget(_caption(self.tr("View")))
        for sign, tip, wanted, steps in (
            ("‹", self.tr("Lower keys"), self.scroll_wanted, -1),
            ("›", self.tr("Higher keys"), self.scroll_wanted, 1),
            ("−", self.tr("More and narrower keys"), self.zoom_wanted, -1),
            ("+", self.tr("Fewer and wider keys"), self.zoom_wanted, 1),
        ):
            button = self._button(sign, tip)
            button.setAutoRepeat(True)
            button.clicked.connect(partial(wanted.emit, steps))
            self._row.addWidget(button)

    def _stepper(self, title: str, middle: QWidget, tips: tuple[str, str], wanted: SignalInstance) -> None:
        less, more = self._button("−", tips[0]), self._button("+", tips[1])
        less.clicked.connect(partial(wanted.emit, -1))
        more.clicked.connect(partial(wanted.emit, 1))
        for widget in (_caption(title), less, middle, more):
            self._row.addWidget(widget)
        self._row.addSpacing(GAP_PX)

    def _channels(self) -> QComboBox:
        chooser = QComboBox()
        chooser.addItems([self.tr("Channel {0}").format(channel + 1) for channel in range(CHANNELS)])
        chooser.setAccessibleName(self.tr("MIDI channel that is played"))
        chooser.setToolTip(chooser.accessibleName())
        chooser.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        chooser.setMinimumHeight(TOUCH_PX)
        chooser.currentIndexChanged.connect(self.channel_wanted)
        return chooser

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setMinimumSize(TOUCH_PX, TOUCH_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


def _caption(text: str) -> QLabel:
    caption = QLabel(text)
    caption.setProperty("look", "dim")
    return caption


def stepped_velocity(fixed_velocity: int, steps: int) -> int:
    """A fixed velocity some steps louder; from none (0) on it starts at the usual one."""
    return min(127, max(1, (fixed_velocity or USUAL_VELOCITY) + VELOCITY_STEP * steps))
