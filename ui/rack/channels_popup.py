"""Which MIDI channels a part hears: all, one, or several, as a grid of sixteen."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from neume.synth.events import CHANNELS
from neume.synth.rack.part import OMNI

from ..controls.popup import Popup
from ..theme import TOUCH_PX
from .edits import with_channel_toggled

ACROSS: Final = 4


class ChannelsPopup(Popup):
    """Stays open while channels are chosen; each press is told at once."""

    chosen = Signal(object)  # frozenset of 0 to 15

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, parent.tr("MIDI channels"))
        self.channels = OMNI
        self.omni = QPushButton(self.tr("Omni: all channels"))
        self.omni.setCheckable(True)
        self.omni.clicked.connect(lambda: self._choose(OMNI))
        self.column.addWidget(self.omni)
        grid = QGridLayout()
        grid.setSpacing(4)
        self.buttons = [self._button(channel) for channel in range(CHANNELS)]
        for channel, button in enumerate(self.buttons):
            grid.addWidget(button, channel // ACROSS, channel % ACROSS)
        self.column.addLayout(grid)

    def show_channels(self, channels: frozenset[int]) -> None:
        self.channels = channels
        self.omni.setChecked(channels == OMNI)
        for channel, button in enumerate(self.buttons):
            button.setChecked(channels != OMNI and channel in channels)

    def _button(self, channel: int) -> QPushButton:
        button = QPushButton(str(channel + 1))
        button.setCheckable(True)
        button.setFixedSize(TOUCH_PX + 10, TOUCH_PX)
        button.setAccessibleName(self.tr("Channel {0}").format(channel + 1))
        button.clicked.connect(partial(self._press, channel))
        return button

    def _press(self, channel: int) -> None:
        self._choose(with_channel_toggled(self.channels, channel))

    def _choose(self, channels: frozenset[int]) -> None:
        self.show_channels(channels)
        self.chosen.emit(channels)
