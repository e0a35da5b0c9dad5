"""The effects of a part or of the master, side by side as the sound runs through; below the strips."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from neume.synth.rack.part import Insert, Rack

from ..engine_model import EngineModel
from .effect_card import EffectCard
from .effect_catalogue import EffectCatalogue
from .effect_kinds import EffectKind, spoken_name
from .insert_edits import Owner, insert_added, insert_moved, insert_removed, inserts_of

DRAWER_PX: Final = 162
SIDE_PX: Final = 128


class EffectsDrawer(QFrame):
    """Belongs to the panel's thread. Knobs follow the rack by themselves; cards are made anew only when the
    chain itself has changed."""

    closed = Signal()

    def __init__(self, engine: EngineModel) -> None:
        super().__init__()
        self.owner: Owner = None
        self.cards: list[EffectCard] = []
        self.catalogue = EffectCatalogue(self)
        self._engine = engine
        self._shown: object = None  # what the cards were made for
        self.setProperty("look", "card")
        self.setFixedHeight(DRAWER_PX)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.add = QPushButton(self.tr("Add effect"))
        self.add.clicked.connect(self._open_menu)
        self.leave = QPushButton(self.tr("Close"))
        self.leave.clicked.connect(self.close_drawer)
        self._row = QHBoxLayout()
        self._lay_out()
        self.catalogue.changed.connect(self._refresh)
        engine.rack_changed.connect(self._follow)
        self.hide()

    def open_for(self, owner: Owner) -> None:
        """Show the chain of a part, or of the master for None."""
        self.owner = owner
        self.show()
        self._refresh()

    def close_drawer(self) -> None:
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def menu(self) -> QMenu:
        """Every effect that there is; those that cannot be used, with the reason."""
        menu = QMenu(self.add)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for kind in sorted(self.catalogue.kinds.values(), key=lambda kind: (not kind.built_in, kind.name)):
            text = kind.name if kind.built_in else f"{kind.name} ({kind.package})"
            action = menu.addAction(text, partial(self.insert, kind.id))
            action.setEnabled(not kind.faults)
            action.setToolTip("; ".join(kind.faults))
        return menu

    def insert(self, effect: str) -> None:
        """Add an effect at the end of the chain."""
        owner = self.owner
        self._engine.edit(
            self.tr("add {0}").format(self._name(effect)), lambda rack: insert_added(rack, owner, effect)
        )

    def _move(self, index: int, steps: int) -> None:
        to = index + steps
        if 0 <= to < len(self.cards):
            owner, name = self.owner, self.cards[index].name
            self._engine.edit(
                self.tr("move {0}").format(name), lambda rack: insert_moved(rack, owner, index, to)
            )
            card = self.cards[to]
            (card.left if steps < 0 else card.right).setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, index: int) -> None:
        owner, name = self.owner, self.cards[index].name
        self._engine.edit(self.tr("remove {0}").format(name), lambda rack: insert_removed(rack, owner, index))
        near = self.cards[min(index, len(self.cards) - 1)].remove if self.cards else self.add
        near.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, _rack: Rack) -> None:
        self._refresh()

    def _refresh(self) -> None:
        rack = self._engine.rack
        if rack is None or self.isHidden():
            return
        if self.owner is not None and self.owner >= len(rack.parts):
            self.close_drawer()
            return
        self.title.setText(self._title(rack))
        chain = inserts_of(rack, self.owner)
        kinds = [self._kind(insert.effect) for insert in chain]
        shown = (self.owner, [_facts(*both) for both in zip(chain, kinds, strict=True)])
        if shown != self._shown:
            self._shown = shown
            self._make_cards(rack, kinds)

    def _kind(self, effect: str) -> EffectKind | None:
        self.catalogue.ask(effect)
        found = self.catalogue.kinds.get(effect)
        if found is None and not self.catalogue.ready:
            return EffectKind(effect, spoken_name(effect), "")
        return found

    def _name(self, effect: str) -> str:
        kind = self.catalogue.kinds.get(effect)
        return kind.name if kind else effect

    def _title(self, rack: Rack) -> str:
        of = self.tr("Master") if self.owner is None else rack.parts[self.owner].name
        return self.tr("Effects of {0}").format(of)

    def _make_cards(self, rack: Rack, kinds: list[EffectKind | None]) -> None:
        for card in self.cards:
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        chain = inserts_of(rack, self.owner)
        self.cards = [
            EffectCard(self._engine, self.owner, index, insert, kind)
            for index, (insert, kind) in enumerate(zip(chain, kinds, strict=True))
        ]
        for index, card in enumerate(self.cards):
            card.move_wanted.connect(partial(self._move, index))
            card.removal_wanted.connect(partial(self._remove, index))
            card.left.setEnabled(index > 0)
            card.right.setEnabled(index < len(self.cards) - 1)
            self._row.insertWidget(index, card, 0, Qt.AlignmentFlag.AlignTop)

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        side.addWidget(self.title)
        side.addStretch(1)
        side.addWidget(self.add)
        side.addWidget(self.leave)
        chain, scroll = QWidget(), QScrollArea()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addStretch(1)
        chain.setLayout(self._row)
        scroll.setWidget(chain)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        holder = QWidget()
        side.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(side)
        holder.setFixedWidth(SIDE_PX)
        row.addWidget(holder)
        row.addWidget(scroll, 1)

    def _open_menu(self) -> None:
        self.menu().popup(self.add.mapToGlobal(self.add.rect().topLeft()))


def _facts(insert: Insert, kind: EffectKind | None) -> object:
    """What a card is made of. The values of an effect that is known have knobs anyway."""
    known = {parameter.id for parameter in (kind.parameters if kind else None) or ()}
    return insert.effect, kind, frozenset(insert.values) - known
