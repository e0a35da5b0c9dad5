"""What may be dropped onto the browser: bundles, as files of this machine; and the frame that says so."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from ..theme import BIG_PX, theme


def dropped_files(mime: QMimeData) -> list[Path]:
    """Folders and files of this machine; whether they are bundles is looked at off the panel's thread."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile() and url.toLocalFile()]


class DropFrame(QWidget):
    """Lies over the browser while something is dragged over it that can be dropped."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_over(self, parent: QWidget) -> None:
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: object) -> None:
        painter, shown = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), shown.colour("surface", 225))
        painter.setPen(QPen(shown.colour("accent"), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(6, 6, -6, -6), 10, 10)
        font = painter.font()
        font.setPixelSize(BIG_PX)
        painter.setFont(font)
        painter.setPen(shown.colour("text"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        text = self.tr("Drop to install the bundle")
        painter.drawText(QRectF(self.rect()).adjusted(24, 24, -24, -24), flags, text)
