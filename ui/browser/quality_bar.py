"""The quality of an instrument as five calm bars, with the number and what it means in the tool tip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import theme
from .quality import STEPS, quality_step

BAR_PX: Final = 16
GAP_PX: Final = 4
HEIGHT_PX: Final = 6


class QualityBar(QWidget):
    """Belongs to the panel's thread."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_quality(None)

    def show_quality(self, quality_db: float | None) -> None:
        """Show a measured distance from the reference, in dB."""
        self.step = quality_step(quality_db)
        self.setAccessibleName(self.tr("Quality {0} of {1}").format(self.step, STEPS))
        if quality_db is None:
            told = self.tr("Nobody has measured how near this instrument comes to what it learned from.")
        else:
            told = self.tr(
                "{0:.1f} dB: the mean distance of its mel spectrum from that of the sound it learned from."
                " Smaller is nearer, 0 dB is the same sound."
            ).format(quality_db)
        self.setToolTip(told)
        self.setAccessibleDescription(told)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STEPS * BAR_PX + (STEPS - 1) * GAP_PX, HEIGHT_PX + 10)

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(STEPS):
            painter.setBrush(theme().colour("accent" if step < self.step else "edge"))
            box = QRectF(step * (BAR_PX + GAP_PX), (self.height() - HEIGHT_PX) / 2, BAR_PX, HEIGHT_PX)
            painter.drawRoundedRect(box, HEIGHT_PX / 2, HEIGHT_PX / 2)
