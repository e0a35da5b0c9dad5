"""The page to choose on: search field, chips, the list, and what is selected below it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from neume.synth.bundle.search import search_folders

from ..theme import TOUCH_PX
from .audition import Auditioner
from .catalogue import Catalogue
from .chips import Chips
from .details import Details
from .empty import EmptyPage
from .icon_button import IconButton
from .icons import plus, speaker
from .instrument_list import InstrumentList
from .model import InstrumentModel
from .rows import ALL, FAMILY, FAVOURITES, RECENTS, InstrumentRow, Row, Wanted, rows_of

LONGEST_QUERY: Final = 100
# The field's own button is no button of the panel's kind.
CLEAR_BUTTON: Final = "QToolButton { border: none; padding: 0; min-height: 0; background: transparent; }"


class ListPage(QWidget):
    """Belongs to the panel's thread. Shows what is `wanted` of `catalogue`, None until that is read."""

    chosen = Signal(object)  # InstrumentRow
    install_wanted = Signal()

    def __init__(self, auditioner: Auditioner) -> None:
        super().__init__()
        self.catalogue: Catalogue | None = None
        self.wanted = Wanted()
        self.model = InstrumentModel()
        self.list = InstrumentList(self.model, auditioner.state_of)
        self.query = QLineEdit()
        self.query.setPlaceholderText(self.tr("Search instruments"))
        self.query.setAccessibleName(self.tr("Search instruments"))
        self.query.setToolTip(self.tr("Name, family, bundle or program number (Ctrl+F)"))
        self.query.setClearButtonEnabled(True)
        self.query.setStyleSheet(CLEAR_BUTTON)
        self.query.setMaxLength(LONGEST_QUERY)
        self.query.setMinimumHeight(TOUCH_PX)
        self.query.setAcceptDrops(False)  # what is dropped is installed
        self.query.installEventFilter(self)
        tip = self.tr("Hear an instrument when the mouse rests on it")
        self.by_hover = IconButton(lambda: speaker(2), tip)
        self.by_hover.setCheckable(True)
        self.by_hover.setProperty("look", "flat")
        self.by_hover.setChecked(True)
        self.install = IconButton(plus, self.tr("Install a bundle"))
        self.chips = Chips(self.tr("Which instruments are shown"))
        self.empty, self.details = EmptyPage(), Details()
        self._list_or_empty = QStackedWidget()
        self._list_or_empty.addWidget(self.list)
        self._list_or_empty.addWidget(self.empty)
        self._lay_out()
        self._connect()
        self._show_chips()
        self.refresh()

    def show_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._show_chips()
        self.refresh()

    def want(self, **changes: object) -> None:
        """Show something else, by field names of `Wanted`."""
        self.wanted = replace(self.wanted, **changes)  # type: ignore[arg-type]
        self.refresh()

    def refresh(self) -> None:
        """Show what is wanted; the current row stays the current one if it is still there."""
        row = self.model.row_at(self.list.currentIndex())
        self.model.default_bundle = self.wanted.default_bundle
        self.model.show(rows_of(self.catalogue or Catalogue(), self.wanted))
        if row is not None:
            self.list.keep(row.key)
        self.details.show_row(self.model.row_at(self.list.currentIndex()))
        self._list_or_empty.setCurrentIndex(int(not self.model.rows))
        self.details.setVisible(bool(self.model.rows))
        if not self.model.rows:
            self._tell_why_empty()

    def fold(self, row: Row, is_open: bool) -> None:
        """Fold the lines of a headline away, or show them."""
        closed = self.wanted.closed - {row.key} if is_open else self.wanted.closed | {row.key}
        self.want(closed=closed)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Of the search field: down goes to the list, Enter takes the best hit."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() == Qt.Key.Key_Down and self.model.rows:
            self.list.go_first()
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rows:
            self._press(self.model.row_at(self.list.currentIndex()) or self.model.rows[0])
            return True
        return False

    def _connect(self) -> None:
        self.query.textChanged.connect(self._search)
        self.chips.chosen.connect(self._filter)
        self.install.clicked.connect(self.install_wanted)
        self.empty.pressed.connect(self._help)
        self.list.pressed_row.connect(self._press)
        self.list.fold_wanted.connect(self.fold)
        self.list.current_row.connect(self.details.show_row)
        QShortcut(QKeySequence.StandardKey.Find, self, self._find)

    def _lay_out(self) -> None:
        head, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(6)
        head.addWidget(self.query, 1)
        head.addWidget(self.by_hover)
        head.addWidget(self.install)
        column.addLayout(head)
        column.addWidget(self.chips)
        column.addWidget(self._list_or_empty, 1)
        column.addWidget(self.details)

    def _show_chips(self) -> None:
        families = self.catalogue.families if self.catalogue else ()
        filters = [(ALL, self.tr("All")), (FAVOURITES, self.tr("Favourites")), (RECENTS, self.tr("Recent"))]
        self.chips.show_chips([*filters, *((f"{FAMILY}{family}", family) for family in families)])
        order = [self.query, self.by_hover, self.install, *self.chips.buttons.values(), self.list]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _search(self, text: str) -> None:
        self.list.clearSelection()
        self.want(query=text)
        self._go_to_top()

    def _filter(self, name: str) -> None:
        self.want(filter=name)
        self._go_to_top()

    def _go_to_top(self) -> None:
        """The best hit is the current row, so that Enter takes it."""
        asked = bool(self.wanted.query.strip()) and bool(self.model.rows)
        self.list.setCurrentIndex(self.model.index(0) if asked else self.model.index(-1))
        self.list.scrollToTop()

    def _press(self, row: Row) -> None:
        if isinstance(row, InstrumentRow):
            self.chosen.emit(row)
        else:
            self.fold(row, not row.is_open)

    def _find(self) -> None:
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.query.selectAll()

    def _help(self) -> None:
        """The empty page's button: whatever would show something."""
        if self.catalogue is None or not self.catalogue.bundles:
            self.install_wanted.emit()
            return
        self.query.clear()
        self.chips.choose(ALL)

    def _tell_why_empty(self) -> None:
        show_all = self.tr("Show all")
        if self.catalogue is None:
            self.empty.tell(self.tr("One moment"), self.tr("Looking for instruments..."))
        elif not self.catalogue.bundles:
            folders = "\n".join(str(folder) for _, folder in search_folders())
            text = self.tr("Drop a bundle here, as a folder or a zip archive. Looked for in:\n{0}").format(
                folders
            )
            self.empty.tell(self.tr("No instruments yet"), text, self.tr("Install a bundle"))
        elif self.wanted.query.strip():
            text = self.tr("Every word must be in the name, the family, the bundle or the number.")
            self.empty.tell(self.tr("Nothing found"), text, show_all)
        elif self.wanted.filter == FAVOURITES:
            text = self.tr("Click the star beside an instrument that you want to find here.")
            self.empty.tell(self.tr("No favourites yet"), text, show_all)
        else:
            text = self.tr("What you load comes here, the latest first.")
            self.empty.tell(self.tr("Nothing used yet"), text, show_all)
