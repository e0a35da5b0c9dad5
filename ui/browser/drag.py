"""An instrument that is dragged out of the browser: `BUNDLE:PROGRAM`, BUNDLE empty for the default one."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QByteArray, QMimeData

MIME: Final = "application/x-neume-instrument"
PAYLOAD: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,62})?:(\d{1,3})")
LAST_PROGRAM: Final = 128  # the drum kit


def instrument_mime(bundle: str, program: int) -> QMimeData:
    mime = QMimeData()
    mime.setData(MIME, QByteArray(f"{bundle}:{program}".encode("ascii")))
    return mime


def dragged_instrument(mime: QMimeData) -> tuple[str, int] | None:
    """The bundle ("" for the engine's default one) and the program that is dragged, None if it is neither."""
    if not mime.hasFormat(MIME):
        return None
    try:
        found = PAYLOAD.fullmatch(bytes(mime.data(MIME).data()).decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None or int(found[2]) > LAST_PROGRAM:
        return None
    return found[1] or "", int(found[2])
