"""The transport: MIDI files through the rack, recording, keeping, rendering."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from neume.synth.engine_snapshot import EngineSnapshot

from ..browser.background import Background
from ..choices import ChoiceStore
from ..engine_model import GONE, EngineModel
from ..settings.columns import Columns
from .drop_veil import DropVeil
from .record_card import RecordCard
from .render_card import RenderCard
from .render_job import RenderJob
from .song_card import SongCard
from .song_files import songs_of
from .unfinished_card import UnfinishedCard


class TransportView(QWidget):
    """Belongs to the panel's thread. Hidden, it takes nothing; a rendering goes on."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore) -> None:
        super().__init__()
        self._engine, self._choices = engine, choices
        self.setAcceptDrops(True)
        self.background = Background(self)
        self.song = SongCard(engine)
        self.record = RecordCard(engine, choices, self.background)
        self.unfinished = UnfinishedCard(choices, self.background)
        self.job = RenderJob(self.background, self)
        self.render_card = RenderCard(choices, self.job)
        self.page = Columns((self.record, self.unfinished), (self.render_card,), top=(self.song,))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.veil = DropVeil(self)
        self.record.ended.connect(self.unfinished.look)
        engine.snapshot_came.connect(self._follow)
        engine.state_changed.connect(self._meet)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.unfinished.look()
        if self._engine.latest is not None and self._engine.state != GONE:
            self._follow(self._engine.latest)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if songs_of(event.mimeData().urls()):
            event.acceptProposedAction()
            self.veil.cover(self)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.veil.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """The first file is played; several can be rendered."""
        self.veil.hide()
        songs = songs_of(event.mimeData().urls())
        if not songs:
            return
        event.acceptProposedAction()
        self.song.load(songs[0])
        if not self.job.busy:
            self.render_card.take(songs)

    def _follow(self, snapshot: EngineSnapshot) -> None:
        if self.isVisible():
            for card in (self.song, self.record, self.render_card):
                card.follow(snapshot)

    def _meet(self, state: str) -> None:
        if state == GONE:
            self.song.gone()
            self.record.gone()
