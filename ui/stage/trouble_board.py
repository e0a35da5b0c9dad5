"""What is wrong in big letters; nothing at all while all is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFont, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..keys.part_colours import is_dark
from ..theme import theme
from ..timing.wordings import advice, load_text
from .big_text import fitted
from .trouble import Kind, Trouble

MOST: Final = 2  # at once, the worst
LARGEST_PX: Final = 34
GAP_PX: Final = 6.0


class TroubleBoard(QWidget):
    """Belongs to the panel's thread."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: tuple[Trouble, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(300, 96)

    @property
    def lines(self) -> list[str]:
        return [self._line(trouble) for trouble in self.troubles]

    def show_troubles(self, troubles: Sequence[Trouble]) -> None:
        shown = tuple(troubles[:MOST])
        if shown != self.troubles:
            self.troubles = shown
            self.setAccessibleName(". ".join(self.lines))
            if shown:
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
            self.update()

    def paintEvent(self, _event: object) -> None:
        if not self.troubles:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = (self.height() - GAP_PX * (len(self.troubles) - 1)) / len(self.troubles)
        for index, trouble in enumerate(self.troubles):
            place = QRectF(0.0, index * (height + GAP_PX), self.width(), height)
            self._paint_line(painter, place, trouble)

    def _paint_line(self, painter: QPainter, place: QRectF, trouble: Trouble) -> None:
        shown, text = theme(), self._line(trouble)
        ground = shown.colour("alarm" if trouble.grave else "warning")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(place, 8.0, 8.0)
        painter.setPen(shown.colour("ground" if is_dark(shown) else "on_accent"))
        room = place.adjusted(16.0, 2.0, -16.0, -2.0)
        base = self.font()
        base.setWeight(QFont.Weight.Bold)
        lines = fitted(base, text, room.width(), room.height(), LARGEST_PX)
        lines.draw(painter, room, Qt.AlignmentFlag.AlignCenter)

    def _line(self, trouble: Trouble) -> str:
        text = {
            Kind.NO_ENGINE: self.tr("No engine; it is being started"),
            Kind.HANGING: self.tr("The engine does not answer"),
            Kind.DEVICE: self.tr("Audio device lost: {0}"),
            Kind.DROPOUTS: self.tr("Dropouts: {1}. {0}"),
            Kind.MIDI: self.tr("MIDI input missing: {0}"),
            Kind.PLUGIN: "{0}",
            Kind.RECORDING: self.tr("The recording has stopped: {0}"),
            Kind.SHED: self.tr("Too much load: {0}"),
            Kind.TOLD: "{0}",
        }[trouble.kind]
        detail = advice(trouble.detail) if trouble.kind is Kind.DROPOUTS else trouble.detail
        if trouble.load is not None:
            detail = load_text(trouble.load)
        if trouble.kind is Kind.DROPOUTS and not detail:
            text = self.tr("Dropouts: {1}")
        if trouble.kind is Kind.DEVICE and not trouble.detail:
            text = self.tr("Audio device lost")
        return text.format(detail, trouble.count)
