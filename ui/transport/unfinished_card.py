"""Recordings that a crash or a full disk has left unfinished: shown if there are some, and recovered."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from neume.synth.errors import NeumeError
from neume.synth.takes import UnfinishedTake

from ..browser.background import Background
from ..browser.elided_label import ElidedLabel
from ..choices import ChoiceStore
from ..settings.card import Card, button, line, tell
from ..settings.opening import record_folder
from .recovery import found_in, recover
from .times import clock_text

MOST_SHOWN: Final = 8


class UnfinishedCard(Card):
    """Belongs to the panel's thread; the disk is looked at on another. Hidden while there is nothing."""

    def __init__(self, choices: ChoiceStore, background: Background) -> None:
        super().__init__(self.tr("Unfinished recordings"))
        self._choices, self._background = choices, background
        self.takes: tuple[UnfinishedTake, ...] = ()
        self.rows: list[QWidget] = []
        self.recover_buttons: list[QWidget] = []
        self.note(self.tr("Left by a crash or a full disk. Each can be played as far as it goes."))
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.column.addLayout(self._list)
        self.told = self.note()
        self.told.hide()
        self.hide()

    def look(self) -> None:
        """Look into the folder of recordings."""
        self._background.run(partial(found_in, record_folder(self._choices.now)), self._take)

    def recover(self, take: UnfinishedTake) -> None:
        """Give it a name of its own."""
        for made in self.recover_buttons:
            made.setEnabled(False)
        self._background.run(partial(recover, take), self._recovered)

    def _recovered(self, path: Path | NeumeError | OSError) -> None:
        if isinstance(path, Path):
            tell(self.told, self.tr("Recovered: {0}").format(path))
        else:
            tell(self.told, str(path), "warning")
        self.look()

    def _take(self, found: tuple[UnfinishedTake, ...] | NeumeError | OSError) -> None:
        self.takes = found if isinstance(found, tuple) else ()
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.recover_buttons = []
        self.rows = [self._row(take) for take in self.takes[:MOST_SHOWN]]
        more = len(self.takes) - MOST_SHOWN
        if more > 0:
            tell(self.told, self.tr("and {0} more").format(more))
        self.setVisible(bool(self.takes) or not self.told.isHidden())

    def _row(self, take: UnfinishedTake) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        name = ElidedLabel()
        name.tell(take.audio.name)
        name.setToolTip(str(take.audio))
        opener = button(self.tr("Recover"), self.tr("Recover {0}").format(take.audio.name))
        opener.clicked.connect(partial(self._press, take))
        self.recover_buttons.append(opener)
        layout.addWidget(name, 1)
        layout.addWidget(line(clock_text(take.seconds), "dim"))
        layout.addWidget(opener)
        self._list.addWidget(row)
        return row

    def _press(self, take: UnfinishedTake, *_: object) -> None:
        self.recover(take)
