"""Underruns: how many, how much was missing, which stage it was and what to change."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from neume.synth.engine_snapshot import EngineSnapshot

from .figure import Figure
from .wordings import advice, load_text, underrun_text

MOST_FAULTS = 3  # of plug-ins, the newest


class TroubleCard(QFrame):
    """Belongs to the panel's thread."""

    clear_wanted = Signal()
    trace_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.underruns = Figure(self.tr("Underruns"), pressable=True)
        self.underruns.setToolTip(self.tr("Times that the sound broke off. Press to clear all counters."))
        self.missing = Figure(self.tr("ms missing"), pressable=True)
        self.missing.setToolTip(self.tr("Sound that was not there in time. Press to clear."))
        self.late = Figure(self.tr("Late notes"), pressable=True)
        self.late.setToolTip(
            self.tr("Notes that came after their block was begun, and sounded late. Press to clear.")
        )
        self.left_out = Figure(self.tr("Blocks left out"), pressable=True)
        self.left_out.setToolTip(self.tr("Too late to be played, so not made. Press to clear."))
        self.figures = (self.underruns, self.missing, self.late, self.left_out)
        for figure in self.figures:
            figure.clicked.connect(self.clear_wanted)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName(self.tr("What went wrong, and what to do"))
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.clear = QPushButton(self.tr("Clear counters"))
        self.clear.clicked.connect(self.clear_wanted)
        self.save = QPushButton(self.tr("Save a trace…"))
        self.save.setToolTip(self.tr("Write the stage times of the last blocks to a file"))
        self.save.clicked.connect(self.trace_wanted)
        self.note = QLabel()
        self.note.setProperty("look", "dim")
        self.note.setWordWrap(True)
        self.note.hide()
        self._lay_out()

    def follow(self, snapshot: EngineSnapshot) -> None:
        missing_ms = snapshot.latency.milliseconds(snapshot.missing_frames)
        self.underruns.show_value(_count(snapshot.underruns), "alarm" if snapshot.underruns else "ok")
        self.missing.show_value(f"{missing_ms:.0f}", "alarm" if missing_ms >= 0.5 else "text")
        self.late.show_value(_count(snapshot.late_notes), "warning" if snapshot.late_notes else "text")
        left_out = snapshot.blocks_left_out
        self.left_out.show_value(_count(left_out), "warning" if left_out else "text")
        text = "\n".join(self.lines(snapshot))
        if text != self.words.text():
            self.words.setText(text)

    def lines(self, snapshot: EngineSnapshot) -> list[str]:
        """What is wrong, in words; that all is well if it is."""
        lines = []
        if snapshot.underruns and snapshot.underrun is not None:
            lines.append(f"{underrun_text(snapshot.underrun)} {advice(snapshot.underrun.stage)}")
        if snapshot.shed is not None:
            lines.append(
                self.tr("Too slow for all of it: playing with {0}.").format(load_text(snapshot.shed))
            )
        if snapshot.fallback_blocks:
            lines.append(
                self.tr("{0} blocks were bridged by a plain voice.").format(snapshot.fallback_blocks)
            )
        lines += snapshot.faults[-MOST_FAULTS:]
        return lines or [
            self.tr("All blocks in time.") if not snapshot.underruns else self.tr("The sound broke off.")
        ]

    def tell(self, text: str) -> None:
        """Say what came of a button; nothing for an empty text."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _lay_out(self) -> None:
        figures = QHBoxLayout()
        figures.setSpacing(4)
        for figure in self.figures:
            figures.addWidget(figure)
        figures.addStretch(1)
        figures.addWidget(self.clear)
        figures.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 12, 10)
        column.setSpacing(4)
        column.addLayout(figures)
        for label in (self.words, self.note):
            label.setContentsMargins(8, 0, 0, 0)
            column.addWidget(label)


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
