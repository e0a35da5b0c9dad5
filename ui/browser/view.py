"""The instrument browser: bundles, families, programs, favourites, audition; installs what is dropped.

Shelf ─ Catalogue ─▶ ListPage ─ instrument_chosen ─▶ rack        Auditioner, LoadBundle ─▶ engine
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHideEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from neume.synth.bundle.install import Installed
from neume.synth.bundle.search import DEFAULT_BUNDLE
from neume.synth.control.commands import LoadBundle
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.rack.part import PLUGIN_PREFIX, Rack

from ..choices import Choices, ChoiceStore
from ..engine_model import EngineModel
from .about import AboutPage
from .audition import FAILED, RENDERING, Auditioner
from .background import Background
from .catalogue import Catalogue
from .drop import DropFrame, dropped_files
from .install_bar import InstallBar
from .installer import Installer
from .list_page import ListPage
from .pick import ask_for_bundle
from .rows import ALL, BundleRow, InstrumentRow, Row
from .shelf import Shelf

LEAST_WIDTH_PX: Final = 260
MOST_FAVOURITES: Final = 400


class BrowserView(QWidget):
    """Belongs to the panel's thread; bundles are read, checked and copied on others."""

    instrument_chosen = Signal(str, int)  # a bundle's id, empty for the engine's default one; the program

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self.setAcceptDrops(True)
        self.background = Background(self)
        self.shelf = Shelf(self.background, self)
        self.auditioner = Auditioner(engine, self)
        self.installer = Installer(self.background, self)
        self.page, self.about = ListPage(self.auditioner), AboutPage(self.background)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.page)
        self._pages.addWidget(self.about)
        self.bar, self.drop_frame = InstallBar(self.installer), DropFrame(self)
        self._bundle_text = ""  # the snapshot's, as seen last
        self._awaited: Path | None = None  # the folder of a bundle just installed, to be shown
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.bar)
        column.addWidget(self._pages, 1)
        self._connect()
        self._show_choices(choices.now)
        self._show_default()

    @property
    def default_bundle(self) -> str:
        """The id of the bundle that the engine plays where no other is named."""
        if self._bundle_text:
            return self._bundle_text.split(" ")[0]
        return Path(self._choices.now.bundle).name or DEFAULT_BUNDLE

    def choose(self, row: InstrumentRow) -> None:
        """Load an instrument, and remember that it was used."""
        self.auditioner.stop()
        instrument = row.instrument
        self.instrument_chosen.emit(self.page.model.named(instrument.bundle), instrument.program)
        self._choices.used(instrument.key)

    def install(self, sources: Iterable[Path]) -> None:
        """Install bundles, folders or zip archives, one after another."""
        self.installer.add(sources)

    def toggle_favourite(self, row: Row | None) -> None:
        if not isinstance(row, InstrumentRow):
            return
        kept = tuple(key for key in self._choices.now.favourites if key != row.key)
        if len(kept) == len(self._choices.now.favourites):
            kept = (*kept, row.key)[-MOST_FAVOURITES:]
        self._choices.change(favourites=kept)

    def show_about(self, row: Row | None) -> None:
        """The page about the bundle of a row."""
        catalogue = self.shelf.catalogue
        if isinstance(row, InstrumentRow) and catalogue is not None:
            bundle = catalogue.playable(row.instrument.bundle)
        else:
            bundle = row.bundle if isinstance(row, BundleRow) else None
        if bundle is not None:
            self.about.show_bundle(bundle, self.default_bundle)
            self._pages.setCurrentWidget(self.about)
            self.about.back.setFocus()

    def play_bundle(self, bundle: str) -> None:
        """Make a bundle the engine's default one, while playing."""

        def loaded(_text: str) -> None:
            self._choices.change(bundle=bundle)

        def failed(reason: str) -> None:
            self._engine.told.emit(reason)
            self._show_default()

        self._engine.ask(LoadBundle(bundle=bundle), loaded, failed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shelf.watch(True)
        if self._engine.latest is not None:
            self._follow(self._engine.latest)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shelf.watch(False)
        self.auditioner.stop()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_files(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.drop_frame.show_over(self)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.drop_frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_frame.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.install(dropped_files(event.mimeData()))

    def _connect(self) -> None:
        self.page.by_hover.setChecked(self._choices.now.hover_audition)
        self.page.by_hover.toggled.connect(lambda on: self._choices.change(hover_audition=on))
        self.shelf.changed.connect(self._show_catalogue)
        self.shelf.failed.connect(self._engine.told)
        self.page.chosen.connect(self.choose)
        self.page.install_wanted.connect(lambda: ask_for_bundle(self.page.install, self.install))
        self.page.list.star_wanted.connect(self.toggle_favourite)
        self.page.list.audition_wanted.connect(self._audition)
        self.page.list.hovered.connect(self._hover)
        self.page.list.current_row.connect(self._leave)
        self.page.details.about_wanted.connect(self.show_about)
        self.auditioner.changed.connect(self._show_audition)
        self.about.left.connect(self._back)
        self.about.play_wanted.connect(self.play_bundle)
        self.installer.installed.connect(self._show_installed)
        self._choices.changed.connect(self._show_choices)
        self._engine.snapshot_came.connect(self._follow)
        self._engine.rack_changed.connect(self._show_loaded)
        star = QShortcut(QKeySequence("Ctrl+D"), self.page)
        star.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        star.activated.connect(lambda: self.toggle_favourite(self.page.details.row))

    def _show_catalogue(self, catalogue: Catalogue) -> None:
        self.page.show_catalogue(catalogue)
        if self._awaited is not None:
            self.page.list.keep(str(self._awaited))
            self._awaited = None
        shown = self.about.bundle
        if shown is not None and self._pages.currentWidget() is self.about:
            now = catalogue.listed(str(shown.folder))
            if now is None:
                self._back()
            else:
                self.about.show_bundle(now, self.default_bundle)

    def _show_choices(self, chosen: Choices) -> None:
        self.page.want(favourites=chosen.favourites, recents=chosen.recents)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if snapshot.bundle != self._bundle_text and self.isVisible():
            self._bundle_text = snapshot.bundle
            self._show_default()

    def _show_default(self) -> None:
        self.page.want(default_bundle=self.default_bundle)
        self.about.show_default(self.default_bundle)
        self._show_loaded(self._engine.rack)

    def _show_loaded(self, rack: Rack | None) -> None:
        """Mark the instruments that the rack plays."""
        parts = [part for part in rack.parts if not part.instrument.startswith(PLUGIN_PREFIX)] if rack else []
        loaded = frozenset(f"{part.instrument or self.default_bundle}:{part.program}" for part in parts)
        if loaded != self.page.list.row_delegate.loaded:
            self.page.list.row_delegate.loaded = loaded
            self.page.list.viewport().update()

    def _audition(self, row: Row | None, start: bool) -> None:
        if not start:
            self.auditioner.stop()
        elif isinstance(row, InstrumentRow):
            self.auditioner.toggle(row.instrument, self._bundle_of(row))

    def _hover(self, row: InstrumentRow | None) -> None:
        if row is None:
            self.auditioner.hover(None)
        elif self.page.by_hover.isChecked():
            self.auditioner.hover(row.instrument, self._bundle_of(row))

    def _leave(self, row: Row | None) -> None:
        """Another row is the current one: what the last one sounded ends."""
        if row is None or row.key != self.auditioner.key:
            self.auditioner.stop()

    def _bundle_of(self, row: InstrumentRow) -> str | None:
        return self.page.model.named(row.instrument.bundle) or None

    def _show_audition(self, key: str) -> None:
        state = self.auditioner.state_of(key)
        self.page.list.show_audition(key, state == RENDERING)
        row = self.page.details.row
        if row is not None:
            self.page.details.show_audition(self.auditioner.state_of(row.key), self.auditioner.reason)
        if state == FAILED and (row is None or row.key != key):
            self._engine.told.emit(self.auditioner.reason)

    def _show_installed(self, installed: Installed) -> None:
        self._awaited = installed.folder
        self._back()
        self.page.query.clear()
        self.page.chips.choose(ALL)
        self.shelf.look(at_once=True)

    def _back(self) -> None:
        self._pages.setCurrentWidget(self.page)
