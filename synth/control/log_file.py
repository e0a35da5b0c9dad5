"""The engine's log: its standard error in the state folder, for an engine that no terminal shows.

The launcher opens it, the engine keeps it short: whoever writes into it, C libraries too, fills no disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import platformdirs

from .errors import ControlError

MAX_LOG_BYTES: Final = 1_048_576  # then the log moves into the one before, which is forgotten
LAST_BYTES: Final = 8192  # of a log that are looked at for its last line
STANDARD_ERROR: Final = 2
_CONTROL: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[^\x20-\U0010ffff]")


def log_path(name: str) -> Path:
    return platformdirs.user_state_path("neume", appauthor=False) / f"engine-{name}.log"


def open_log(path: Path) -> int:
    """A file descriptor that appends to the log, which begins anew: the last one is kept beside it.

    Raises ControlError if there can be none.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            path.replace(_before(path))
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise ControlError(f"the engine's log cannot be written: {error}") from None


def shorten_log(path: Path, descriptor: int = STANDARD_ERROR) -> bool:
    """Move a log that has grown too long; returns whether it had. For the engine, about once a second.

    `descriptor` must append: what is written next then begins the file again. Nothing happens if it is not
    the log, because a terminal shows it.
    """
    try:
        found = os.fstat(descriptor)
        if found.st_size <= MAX_LOG_BYTES or not os.path.samestat(found, path.stat()):
            return False
        with path.open("rb") as log:
            log.seek(-MAX_LOG_BYTES, os.SEEK_END)
            _before(path).write_bytes(log.read(MAX_LOG_BYTES))
        os.ftruncate(descriptor, 0)
    except OSError:
        return False  # a full disk must not stop the engine
    return True


def last_line(path: Path) -> str:
    """The last line of a log that says something, printable; empty if there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - LAST_BYTES))
            text = log.read(LAST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [_CONTROL.sub("", line).strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _before(path: Path) -> Path:
    return path.with_suffix(".log.1")
