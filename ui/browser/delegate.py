"""How the list's rows look: headlines with a chevron, instruments with number, name, loudspeaker and star."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ..theme import BASE_PX, TOUCH_PX, theme
from .audition import FAILED, RENDERING, SOUNDING
from .icons import chevron, draw, speaker, star
from .model import ROW_ROLE
from .rows import BundleRow, FamilyRow, InstrumentRow

ROW_PX: Final = TOUCH_PX
ZONE_PX: Final = TOUCH_PX  # of the star and of the loudspeaker
NUMBER_PX: Final = 38
SMALL_PX: Final = BASE_PX - 2
STAR, SPEAKER, BODY = "star", "speaker", "body"
HOVERED: Final = 14  # alpha
CHOSEN: Final = 46
ARC_STEPS: Final = 12  # a turn of the arc that shows rendering
State = QStyle.StateFlag


def zone_at(row: QRect, x: int) -> str:
    """Which part of an instrument's row lies at `x`."""
    if x >= row.right() - ZONE_PX:
        return STAR
    return SPEAKER if x >= row.right() - 2 * ZONE_PX else BODY


class RowDelegate(QStyledItemDelegate):
    """Belongs to the panel's thread. `audition_of` tells the state of an instrument's audition by its key."""

    def __init__(self, audition_of: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._audition_of = audition_of
        self.turn = 0  # of the arc
        self.loaded: frozenset[str] = frozenset()  # keys of the instruments that the rack plays
        self._faults = self.tr("{0} faults")
        self._fault = self.tr("1 fault")
        self._hidden = self.tr("hidden")
        self._default = self.tr("default")
        self._sounds_as = self.tr("sounds as {0}")

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(10 * ROW_PX // 2, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row, box = index.data(ROW_ROLE), option.rect
        painter.save()
        self._ground(painter, option, isinstance(row, InstrumentRow) and row.key in self.loaded)
        match row:
            case InstrumentRow():
                lively = bool(option.state & (State.State_MouseOver | State.State_Selected))
                self._instrument(painter, box, row, lively)
            case FamilyRow():
                self._family(painter, box, row)
            case BundleRow():
                self._bundle(painter, box, row)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, loaded: bool) -> None:
        shown, state, box = theme(), option.state, QRectF(option.rect)
        if state & State.State_Selected:
            painter.fillRect(box, shown.colour("accent", CHOSEN))
        elif state & State.State_MouseOver:
            painter.fillRect(box, shown.colour("text", HOVERED))
        if loaded:
            painter.fillRect(QRectF(box.left(), box.top() + 6, 3, box.height() - 12), shown.colour("accent"))

    def _instrument(self, painter: QPainter, box: QRect, row: InstrumentRow, lively: bool) -> None:
        shown, instrument = theme(), row.instrument
        number = QRect(box.left(), box.top(), NUMBER_PX, box.height())
        _text(painter, number, instrument.number, shown.colour("dim"), SMALL_PX, right=True)
        left = box.left() + NUMBER_PX + 10
        body = QRect(left, box.top(), box.right() - 2 * ZONE_PX - left - 4, box.height())
        notes = [instrument.bundle_title] if row.with_bundle else []
        notes += [self._sounds_as.format(instrument.relative)] if instrument.relative else []
        _two_lines(painter, body, instrument.name, " · ".join(notes), "text")
        self._loudspeaker(painter, _centre(box, 1.5), self._audition_of(instrument.key), lively)
        colour = shown.colour("warning") if row.favourite else _faint(lively)
        draw(painter, star(), _centre(box, 0.5), colour, filled=row.favourite)

    def _loudspeaker(self, painter: QPainter, centre: QPointF, state: str, lively: bool) -> None:
        shown = theme()
        if state == RENDERING:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(shown.colour("accent"), 2))
            arc = QRectF(centre.x() - 7, centre.y() - 7, 14, 14)
            painter.drawArc(arc, -self.turn * 16 * 360 // ARC_STEPS, 16 * 250)
        elif state == SOUNDING:
            draw(painter, speaker(2), centre, shown.colour("accent"), filled=False)
        else:
            draw(painter, speaker(1), centre, shown.colour("alarm") if state == FAILED else _faint(lively))

    def _family(self, painter: QPainter, box: QRect, row: FamilyRow) -> None:
        shown = theme()
        draw(
            painter, chevron(row.is_open), QPointF(box.left() + 26, box.center().y() + 1), shown.colour("dim")
        )
        text = QRect(box.left() + NUMBER_PX + 10, box.top(), box.width() - NUMBER_PX - 60, box.height())
        _text(painter, text, row.family, shown.colour("accent"), BASE_PX, bold=True)
        count = box.adjusted(0, 0, -12, 0)
        _text(painter, count, str(row.count), shown.colour("dim"), SMALL_PX, right=True)

    def _bundle(self, painter: QPainter, box: QRect, row: BundleRow) -> None:
        shown, manifest = theme(), row.bundle.manifest
        if manifest is not None and not row.bundle.hidden:
            at = QPointF(box.left() + 14, box.center().y() + 1)
            draw(painter, chevron(row.is_open), at, shown.colour("text"))
        mark, colour = self._mark(row)
        room = 90 if mark else 10
        text = QRect(box.left() + 28, box.top(), box.width() - 28 - room, box.height())
        title = manifest.bundle.name if manifest else row.bundle.name
        note = manifest.bundle.version if manifest else row.bundle.faults[0] if row.bundle.faults else ""
        _two_lines(painter, text, title, note, "text" if manifest else "alarm", bold=True)
        _text(painter, box.adjusted(0, 0, -12, 0), mark, shown.colour(colour), SMALL_PX, right=True)

    def _mark(self, row: BundleRow) -> tuple[str, str]:
        """What is said of a bundle at the right, and its colour."""
        if row.bundle.manifest is None:
            count = len(row.bundle.faults)
            return (self._fault if count == 1 else self._faults.format(count)), "alarm"
        if row.bundle.hidden:
            return self._hidden, "dim"
        return (self._default, "ok") if row.default else ("", "dim")


def _centre(box: QRect, zones: float) -> QPointF:
    return QPointF(box.right() - zones * ZONE_PX, box.center().y() + 1)


def _faint(lively: bool) -> QColor:
    return theme().colour("dim" if lively else "edge")


def _two_lines(
    painter: QPainter, box: QRect, title: str, note: str, colour: str, *, bold: bool = False
) -> None:
    """A title, and a smaller line below it if there is something to say."""
    shown = theme()
    if not note:
        _text(painter, box, title, shown.colour(colour), BASE_PX, bold=bold)
        return
    upper = QRect(box.left(), box.top() + 3, box.width(), box.height() // 2 - 1)
    lower = QRect(box.left(), box.center().y() + 1, box.width(), box.height() // 2 - 3)
    _text(painter, upper, title, shown.colour(colour), BASE_PX, bold=bold)
    _text(painter, lower, note, shown.colour("dim"), SMALL_PX)


def _text(
    painter: QPainter,
    box: QRect,
    text: str,
    colour: QColor,
    size_px: int,
    *,
    bold: bool = False,
    right: bool = False,
) -> None:
    """One line, with dots at its end if it is too long."""
    font = QFont(painter.font())
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(colour)
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided)
