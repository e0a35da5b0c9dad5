"""Rendering MIDI files to audio files in the background: what, how, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar

from neume.synth.engine_snapshot import EngineSnapshot

from ..browser.elided_label import ElidedLabel
from ..choices import Choices, ChoiceStore
from ..settings.card import Card, Combo, button, check, tell
from ..settings.opening import open_folder, record_folder
from .render_job import CANCELLED, CANCELLING, DONE, FAILED, RUNNING, RenderJob, RenderWish
from .render_report import RenderReport
from .song_files import PATTERNS
from .times import clock_text

WHOLE: Final = 1000
FORMS: Final = ("wav", "flac", "ogg")
FAULTS_SHOWN: Final = 4


class RenderCard(Card):
    """Belongs to the panel's thread."""

    def __init__(self, choices: ChoiceStore, job: RenderJob) -> None:
        super().__init__(self.tr("Render to audio files"))
        self._choices, self.job = choices, job
        self.songs: tuple[Path, ...] = ()
        self._folder: Path | None = None  # None: that of recordings
        self._loaded = ""  # the transport's file
        self.chosen, self.into = ElidedLabel(), ElidedLabel()
        self.choose, self.take_loaded = button(self.tr("Choose…")), button(self.tr("Take the file above"))
        self.change = button(self.tr("Change…"), self.tr("Render into another folder"))
        self.form = Combo(self.tr("Format"), [(form.upper(), form) for form in FORMS])
        self.stems = check(self.tr("Stems: each part on its own, too"))
        self.overwrite = check(self.tr("Replace files that are there"))
        self.go, self.cancel = button(self.tr("Render"), look="chosen"), button(self.tr("Cancel"))
        self.progress = QProgressBar()
        self.show_folder = button(self.tr("Show in folder"))
        self._lay_out()
        self._connect()
        self._show_songs()
        self._show_choices(choices.now)
        self._show(job.state)

    def take(self, songs: Sequence[Path]) -> None:
        """Render these next."""
        self.songs = tuple(song.absolute() for song in songs)
        self._show_songs()

    def follow(self, snapshot: EngineSnapshot) -> None:
        """Know the transport's file."""
        loaded = snapshot.transport.path if snapshot.transport is not None else ""
        if loaded != self._loaded:
            self._loaded = loaded
            self._show_songs()
            if loaded and not self.songs:
                self.take((Path(loaded),))

    @property
    def folder(self) -> Path:
        return self._folder or record_folder(self._choices.now)

    def begin(self) -> None:
        """Render what is chosen."""
        if self.songs:
            wish = RenderWish(
                self.songs,
                self.folder,
                self.form.currentData(),
                self.stems.isChecked(),
                self.overwrite.isChecked(),
                self._choices.now.bundle,
            )
            self.job.start(wish)

    def choose_songs(self) -> QFileDialog:
        """Ask for MIDI files."""
        dialog = QFileDialog(self.window(), self.tr("Render MIDI files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("MIDI files ({0})").format(PATTERNS), self.tr("All files (*)")])
        dialog.filesSelected.connect(lambda paths: self.take([Path(path) for path in paths]))
        return _opened(dialog)

    def choose_folder(self) -> QFileDialog:
        """Ask where the audio files go."""
        dialog = QFileDialog(self.window(), self.tr("Render into"), str(self.folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._use_folder)
        return _opened(dialog)

    def _lay_out(self) -> None:
        self.row(self.tr("Files"), self.chosen, self.choose)
        self.row(self.tr("Into"), self.into, self.change)
        self.row(self.tr("Format"), self.form)
        self.add(self.stems)
        self.add(self.overwrite)
        self.into.setProperty("look", "dim")
        self.progress.setRange(0, WHOLE)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(12)
        self.progress.setAccessibleName(self.tr("Progress of the rendering"))
        self.add(self.progress)
        self.told = self.note()
        buttons = QHBoxLayout()
        for made in (self.go, self.cancel, self.show_folder):
            buttons.addWidget(made)
        buttons.addStretch(1)
        buttons.addWidget(self.take_loaded)
        self.column.addLayout(buttons)

    def _connect(self) -> None:
        self.choose.clicked.connect(self.choose_songs)
        self.take_loaded.clicked.connect(lambda: self.take((Path(self._loaded),)))
        self.change.clicked.connect(self.choose_folder)
        self.go.clicked.connect(self.begin)
        self.cancel.clicked.connect(self.job.cancel)
        self.show_folder.clicked.connect(self._open)
        self.job.changed.connect(self._show)
        self.job.progressed.connect(self._follow_job)
        self._choices.changed.connect(self._show_choices)

    def _use_folder(self, path: str) -> None:
        self._folder = Path(path)
        self._show_choices(self._choices.now)

    def _open(self) -> None:
        if self.job.files:
            open_folder(self.job.files[0].parent)

    def _show_songs(self) -> None:
        count = len(self.songs)
        text = self.tr("none chosen")
        if count == 1:
            text = self.songs[0].name
        elif count:
            text = self.tr("{0} files").format(count)
        self.chosen.tell(text, Qt.TextElideMode.ElideMiddle)
        self.chosen.setToolTip("\n".join(map(str, self.songs[:20])))
        self.go.setEnabled(bool(self.songs) and not self.job.busy)
        other = bool(self._loaded) and self.songs != (Path(self._loaded),)
        self.take_loaded.setVisible(other and not self.job.busy)

    def _show_choices(self, _chosen: Choices) -> None:
        self.into.tell(str(self.folder), Qt.TextElideMode.ElideMiddle)

    def _show(self, state: str) -> None:
        """What the job does, or has done."""
        busy = self.job.busy
        self.go.setVisible(not busy)
        self._show_songs()
        self.cancel.setVisible(busy)
        self.cancel.setEnabled(state == RUNNING)
        self.progress.setVisible(busy)
        self.show_folder.setVisible(not busy and bool(self.job.files))
        for control in (self.choose, self.change, self.form, self.stems, self.overwrite):
            control.setEnabled(not busy)
        if state == RUNNING:
            self.progress.setValue(0)
        count, faults = len(self.job.files), "\n".join(self.job.faults[:FAULTS_SHOWN])
        texts = {
            RUNNING: (self.tr("The model is being loaded…"), "dim"),
            CANCELLING: (self.tr("It is being ended…"), "dim"),
            DONE: ("\n".join(filter(None, (self.tr("Done: {0} rendered.").format(count), faults))), "ok"),
            FAILED: (faults or self.tr("The rendering has failed."), "warning"),
            CANCELLED: (self.tr("Cancelled; nothing unfinished is left."), "dim"),
        }
        tell(self.told, *texts.get(state, ("", "dim")))

    def _follow_job(self, report: RenderReport) -> None:
        if self.job.state != RUNNING:
            return
        self.progress.setValue(round(WHOLE * report.share))
        parts = [report.name]
        if report.songs > 1:
            parts.insert(0, self.tr("{0} of {1}").format(report.song, report.songs))
        if report.left_s is not None:
            parts.append(self.tr("{0} left").format(clock_text(report.left_s + 0.5)))
        tell(self.told, " · ".join(parts))


def _opened(dialog: QFileDialog) -> QFileDialog:
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
