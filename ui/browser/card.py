"""A bundle's card, read off the panel's thread: text of bounded length, and pictures of bounded size.

Nothing but the bundle's own files is read, as they were hashed; an address that a card names is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader

from neume.synth.bundle.folder import open_bundle
from neume.synth.manifest import CARD_NAME

LONGEST_CARD: Final = 24_000  # characters
MOST_LINES: Final = 600
LONGEST_WORD: Final = 100
MARKS: Final = "*_`~[]<>&!\\"
MOST_MARKS: Final = 2000  # more of them make no text for people, but a layout that takes seconds
MOST_CELLS: Final = 2000
MOST_COLUMNS: Final = 20
MOST_PICTURES: Final = 8
LARGEST_PICTURE_BYTES: Final = 1 << 21
MOST_PIXELS: Final = 4_000_000  # of one picture, as its header says, before it is decoded
SHOWN_PX: Final = 640  # pictures are kept no wider
FORMATS: Final = {"png": b"png", "jpg": b"jpeg", "jpeg": b"jpeg"}
PICTURE: Final = re.compile(
    r"!\[[^\]\n]*\]\(\s*<?([A-Za-z0-9._-]+)>?[^)\n]*\)|^\[[^\]\n]+\]:\s*([A-Za-z0-9._-]+)", re.M
)
_LONG_WORD: Final = re.compile(rf"(\S{{{LONGEST_WORD}}})(?=\S)")


@dataclass(frozen=True, slots=True)
class Card:
    """Markdown, and the pictures that may be shown in it, by file name; `plain`: to be shown as it is."""

    text: str
    pictures: Mapping[str, QImage] = field(default_factory=dict)
    plain: bool = False


def load_card(folder: Path) -> Card:
    """The card of the bundle in `folder`. Raises `BundleError` if the bundle is not good (any more)."""
    files = open_bundle(folder).files
    text = files[CARD_NAME].decode(errors="replace")
    named = dict.fromkeys(first or second for first, second in PICTURE.findall(text[:LONGEST_CARD]))
    pictures = {}
    for name in [name for name in named if name in files][:MOST_PICTURES]:
        if (picture := read_picture(name, files[name])) is not None:
            pictures[name] = picture
    return card_of(text, pictures)


def card_of(text: str, pictures: Mapping[str, QImage] | None = None) -> Card:
    """A card that is laid out in a moment, whatever the text is made of."""
    text = shortened(text)
    columns = max((line.count("|") for line in text.splitlines()), default=0)
    heavy = sum(map(text.count, MARKS)) > MOST_MARKS or text.count("|") > MOST_CELLS or columns > MOST_COLUMNS
    return Card(text, pictures or {}, heavy)


def shortened(text: str) -> str:
    """The beginning of a long text; words of any length are broken."""
    lines = text[:LONGEST_CARD].replace("\0", "").splitlines()
    whole = len(lines) <= MOST_LINES and len(text) <= LONGEST_CARD
    kept = lines if whole else [*lines[:MOST_LINES], "", "..."]
    return _LONG_WORD.sub(r"\1 ", "\n".join(kept))


def read_picture(name: str, content: bytes) -> QImage | None:
    """A small PNG or JPEG; None for anything else."""
    kind = FORMATS.get(name.rpartition(".")[2].lower())
    if kind is None or len(content) > LARGEST_PICTURE_BYTES:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setDecideFormatFromContent(False)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return None
    picture = reader.read()
    if picture.isNull():
        return None
    if picture.width() > SHOWN_PX:
        return picture.scaledToWidth(SHOWN_PX, Qt.TransformationMode.SmoothTransformation)
    return picture
