"""The strip below the list: what is selected, how good it is, and what an audition of it has come to."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from .audition import FAILED, RENDERING, SILENT
from .catalogue import title_of
from .elided_label import ElidedLabel
from .icon_button import IconButton
from .icons import info
from .quality_bar import QualityBar
from .rows import BundleRow, FamilyRow, InstrumentRow, Row

MOST_FAULTS: Final = 3  # the rest is on the bundle's page


class Details(QFrame):
    """Belongs to the panel's thread."""

    about_wanted = Signal(object)  # Row

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.row: Row | None = None
        self._audition, self._reason = SILENT, ""
        self.name, self.line = ElidedLabel(), ElidedLabel()
        self.name.setStyleSheet("font-weight: 600;")
        self.line.setProperty("look", "dim")
        self.note = QLabel()  # grows where something is wrong, so rarely
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.setMinimumWidth(1)
        self.quality = QualityBar()
        self.figure = QLabel()
        self.figure.setProperty("look", "dim")
        self.progress = QLabel()
        self.progress.setProperty("look", "dim")
        self.about = IconButton(info, self.tr("About the bundle"))
        self.about.clicked.connect(lambda: self.about_wanted.emit(self.row))
        self._lay_out()
        self.show_row(None)

    def show_row(self, row: Row | None) -> None:
        """Show what is selected. The strip keeps its height: the list must not move under the mouse."""
        self.row = row
        self.about.setVisible(isinstance(row, InstrumentRow | BundleRow))
        for widget in (self.quality, self.figure, self.progress):
            widget.setVisible(isinstance(row, InstrumentRow))
        match row:
            case InstrumentRow():
                self._show_instrument(row)
            case BundleRow():
                self._show_bundle(row)
            case FamilyRow() | None:
                self._show_hint()

    def show_audition(self, state: str, reason: str) -> None:
        """How far the audition of what is shown has come."""
        self._audition, self._reason = state, reason
        if isinstance(self.row, InstrumentRow):
            self._show_progress()

    def _show_instrument(self, row: InstrumentRow) -> None:
        instrument = row.instrument
        self.name.tell(instrument.name)
        program = self.tr("program {0}").format(instrument.number) if instrument.number else ""
        sounds_as = self.tr("sounds as {0}").format(instrument.relative) if instrument.relative else ""
        parts = (sounds_as or instrument.family, program, instrument.bundle_title)
        self.line.tell(" · ".join(part for part in parts if part))
        self.quality.show_quality(instrument.quality_db)
        measured = instrument.quality_db is not None
        self.figure.setText(f"{instrument.quality_db:.1f} dB" if measured else self.tr("not measured"))
        self.figure.setToolTip(self.quality.toolTip())
        self._show_progress()

    def _show_hint(self) -> None:
        self.name.tell("")
        self.line.tell(self.tr("A click loads, the loudspeaker plays."))
        self._note("", "dim")

    def _show_bundle(self, row: BundleRow) -> None:
        manifest = row.bundle.manifest
        self.name.tell(title_of(row.bundle))
        if manifest is None:
            self.line.tell(str(row.bundle.folder), Qt.TextElideMode.ElideMiddle)
            faults = [f"● {fault}" for fault in row.bundle.faults[:MOST_FAULTS]]
            more = len(row.bundle.faults) - MOST_FAULTS
            faults += [self.tr("and {0} more").format(more)] if more > 0 else []
            self._note("\n".join(faults), "alarm")
            return
        version = self.tr("Version {0} · {1}").format(manifest.bundle.version, manifest.bundle.licence)
        self.line.tell(version)
        hidden = self.tr("Another bundle of this name is found before it, and is played.")
        self._note(hidden if row.bundle.hidden else "", "dim")

    def _show_progress(self) -> None:
        """What goes on with an instrument."""
        self.progress.setText(self.tr("being rendered...") if self._audition == RENDERING else "")
        failed = self.tr("Cannot be heard: {0}").format(self._reason)
        self._note(failed if self._audition == FAILED else "", "warning")

    def _note(self, text: str, look: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        room = self.quality.sizePolicy()
        room.setRetainSizeWhenHidden(not text)
        self.quality.setSizePolicy(room)
        if self.note.property("look") != look:
            self.note.setProperty("look", look)
            self.note.style().unpolish(self.note)
            self.note.style().polish(self.note)

    def _lay_out(self) -> None:
        measure, column, row = QHBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        row.setContentsMargins(12, 8, 6, 8)
        row.setSpacing(4)
        column.setSpacing(2)
        measure.setSpacing(10)
        measure.addWidget(self.quality)
        measure.addWidget(self.figure)
        measure.addStretch(1)
        measure.addWidget(self.progress)
        column.addWidget(self.name)
        column.addWidget(self.line)
        column.addLayout(measure)
        column.addWidget(self.note)
        row.addLayout(column, 1)
        self.about.setProperty("look", "flat")
        row.addWidget(self.about, 0, Qt.AlignmentFlag.AlignTop)
