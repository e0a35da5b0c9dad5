"""How the panel looks: dark or light, and its language."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy

from ..choices import Choices, ChoiceStore
from ..sound.choice_row import ChoiceRow
from ..theme import DARK, LIGHT, TOUCH_PX
from .card import Card, Combo, tell
from .languages import languages


class LookCard(Card):
    """Belongs to the panel's thread."""

    def __init__(self, choices: ChoiceStore) -> None:
        super().__init__(self.tr("Look"))
        self._choices, self._language = choices, choices.now.language
        self.theme = ChoiceRow(
            self.tr("Theme"), {DARK.name: self.tr("Dark"), LIGHT.name: self.tr("Light")}, choices.now.theme
        )
        for button in self.theme.buttons.values():
            button.setMinimumHeight(TOUCH_PX)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.language = Combo(self.tr("Language"), [(self.tr("As the system"), ""), *languages()])
        self.row(self.tr("Theme"), self.theme)
        self.row(self.tr("Language"), self.language)
        self.told = self.note()
        self.theme.chosen.connect(lambda name: choices.change(theme=name))
        self.language.activated.connect(lambda: choices.change(language=self.language.currentData()))
        choices.changed.connect(self._show)
        self._show(choices.now)

    def _show(self, chosen: Choices) -> None:
        if chosen.theme in self.theme.buttons:
            self.theme.buttons[chosen.theme].setChecked(True)
        self.language.choose(chosen.language)
        text = self.tr("The language changes when the panel is opened again.")
        tell(self.told, "" if chosen.language == self._language else text)
