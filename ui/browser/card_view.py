"""Shows facts, faults and a stranger's card: no HTML, no scripts, nothing fetched, no file opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextImageFormat,
)
from PySide6.QtWidgets import QTextBrowser

from ..theme import BASE_PX, theme
from .card import Card

Feature, Resource = QTextDocument.MarkdownFeature, QTextDocument.ResourceType
HEADING_PX: Final = {1: BASE_PX + 6, 2: BASE_PX + 3}
MARGIN_PX: Final = 24  # beside a picture
DOCUMENT_PX: Final = 10
APART_PX: Final = 5


class CardView(QTextBrowser):
    """Belongs to the panel's thread. Links are shown and lead nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName(self.tr("About the bundle"))
        self._shown: QTextDocument | None = None

    def show_facts(self, facts: Sequence[tuple[str, str]], faults: Sequence[str], card: Card | None) -> None:
        """Facts by name, one to a line; what is wrong, one to a line; then the card."""
        document = QTextDocument(self)
        document.setDefaultFont(self.font())
        document.setDocumentMargin(DOCUMENT_PX)
        if card is not None:
            self._write_card(document, card)
        cursor, apart = QTextCursor(document), QTextBlockFormat()
        apart.setBottomMargin(APART_PX)
        lines = [(f"● {fault}", "", "alarm") for fault in faults]
        lines += [(f"{name}  ", value, "dim") for name, value in facts]
        for begin, rest, colour in lines:
            cursor.insertBlock(apart)
            cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
            cursor.setBlockFormat(apart)
            cursor.insertText(begin, _format(colour))
            cursor.insertText(rest, _format("text"))
            cursor.movePosition(QTextCursor.MoveOperation.NextBlock)
        self.setDocument(document)
        if self._shown is not None:
            self._shown.deleteLater()
        self._shown = document

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """None: the pictures of a card are in its document, and Qt's own would open files."""
        return None

    def _write_card(self, document: QTextDocument, card: Card) -> None:
        """A card without pictures from elsewhere, and with calm headings."""
        if card.plain:
            document.setPlainText(card.text)
            return
        document.setMarkdown(card.text, Feature.MarkdownDialectGitHub | Feature.MarkdownNoHTML)
        for start, length, form in reversed(_fragments(document)):
            cursor = QTextCursor(document)
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            if form.isImageFormat():
                self._keep_picture(cursor, form.toImageFormat(), card)
            elif level := cursor.blockFormat().headingLevel():
                heading = QTextCharFormat()
                heading.setProperty(QTextFormat.Property.FontPixelSize, HEADING_PX.get(level, BASE_PX))
                heading.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
                cursor.mergeCharFormat(heading)

    def _keep_picture(self, cursor: QTextCursor, form: QTextImageFormat, card: Card) -> None:
        """A picture of the bundle at most as wide as the view; another's alternative text instead of it.

        That must go altogether: Qt by itself would open files, and decode a data address of whatever size.
        """
        picture = card.pictures.get(form.name())
        if picture is None:
            cursor.insertText(str(form.property(QTextFormat.Property.ImageAltText) or ""), QTextCharFormat())
            return
        width = min(picture.width(), max(1, self.viewport().width() - MARGIN_PX))
        form.setWidth(width)
        form.setHeight(width * picture.height() / picture.width())
        cursor.document().addResource(Resource.ImageResource, QUrl(form.name()), picture)
        cursor.setCharFormat(form)


def _fragments(document: QTextDocument) -> list[tuple[int, int, QTextCharFormat]]:
    """Every piece of text with one format: (position, length, format)."""
    found = []
    block = document.begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            found.append((fragment.position(), fragment.length(), fragment.charFormat()))
            iterator += 1
        block = block.next()
    return found


def _format(colour: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setForeground(theme().colour(colour))
    return form
