"""The page about a bundle: what it says of itself, its card or its faults, and the button that plays it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from neume.synth.bundle.search import ListedBundle

from ..theme import TOUCH_PX
from .background import Background
from .card import Card, card_of, load_card
from .card_view import CardView
from .catalogue import is_playable, title_of
from .facts import facts_of
from .icon_button import IconButton
from .icons import back


class AboutPage(QWidget):
    """Belongs to the panel's thread; cards are read by `background`."""

    left = Signal()
    play_wanted = Signal(str)  # a bundle's id

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.bundle: ListedBundle | None = None
        self._background = background
        self._card: Card | None = None
        self.back = IconButton(back, self.tr("Back to the instruments"))
        self.back.clicked.connect(self.left)
        self.title = QLabel()
        self.title.setProperty("look", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.play = QPushButton(self.tr("Play this bundle"))
        self.play.setMinimumHeight(TOUCH_PX)
        self.play.clicked.connect(self._play)
        self.view = CardView()
        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.play)
        column.addWidget(self.view, 1)

    def show_bundle(self, bundle: ListedBundle, default_bundle: str) -> None:
        """Show a bundle; its card follows in a moment."""
        if self.bundle is None or self.bundle != bundle:
            self._card = None
            if bundle.manifest is not None:
                self._background.run(partial(load_card, bundle.folder), partial(self._heard, bundle))
        self.bundle = bundle
        self.title.setText(title_of(bundle))
        self.show_default(default_bundle)
        self._fill()

    def show_default(self, default_bundle: str) -> None:
        """Which bundle the engine plays where no other is named."""
        if self.bundle is None:
            return
        default = is_playable(self.bundle) and self.bundle.name == default_bundle
        self.play.setText(self.tr("Played by default") if default else self.tr("Play this bundle"))
        self.play.setEnabled(is_playable(self.bundle) and not default)
        self.play.setVisible(is_playable(self.bundle))

    def _heard(self, bundle: ListedBundle, card: object) -> None:
        if bundle is not self.bundle:
            return
        self._card = card if isinstance(card, Card) else card_of(str(card))
        self._fill()

    def _fill(self) -> None:
        if self.bundle is None:
            return
        faults = list(self.bundle.faults)
        if self.bundle.hidden:
            faults.insert(0, self.tr("Another bundle of this name is found before it, and is played."))
        self.view.show_facts(facts_of(self.bundle), faults, self._card)

    def _play(self) -> None:
        if self.bundle is not None:
            self.play.setText(self.tr("Loading..."))
            self.play.setEnabled(False)
            self.play_wanted.emit(self.bundle.name)
