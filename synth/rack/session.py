"""The session: the last rack, kept in the user's state folder and found again at the next start."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import platformdirs

from ..errors import OutputError, PresetError
from .part import Rack
from .preset_read import checked, read_preset
from .preset_write import write_preset


@dataclass(frozen=True, slots=True)
class Session:
    """What was found: a rack, a line for the user about a file that was not one, or neither."""

    rack: Rack | None = None
    problem: str | None = None


def session_path() -> Path:
    return platformdirs.user_state_path("neume", appauthor=False) / "session.toml"


def save_session(rack: Rack) -> str | None:
    """Keep a rack for the next start. A broken session file is set aside first; returns a line about that.

    Raises `PresetError` for a rack that could not be read again, `OutputError` if it cannot be written.
    """
    rack, path = checked(rack), session_path()
    problem = load_session().problem
    if problem is not None and path.exists():
        raise OutputError(f"{path}: not overwritten: {problem}")
    write_preset(rack, path)
    return problem


def load_session() -> Session:
    """The rack that was saved last. A file that cannot be read is renamed, never overwritten, and told."""
    path = session_path()
    if not path.exists():
        return Session()
    try:
        return Session(read_preset(path))
    except PresetError as error:
        return Session(problem=f"the last session cannot be restored: {error}; {_set_aside(path)}")


def _set_aside(path: Path) -> str:
    """Give a broken file a name that nothing else has; returns what became of it."""
    names = (path.with_name(f"{path.stem}-broken-{number}{path.suffix}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    with contextlib.suppress(OSError):
        path.rename(kept)
        return f"kept as {kept}"
    return "it cannot be renamed and stays where it is"
