"""A folder of this process alone, which goes with it; what a killed one left behind goes with the next."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

from ..audio_file import unwritable
from .ownership import is_owned, own

PREFIX: Final = "neume-"
OWNER: Final = "owner"
LOCK: Final = (
    ".lock"  # held while folders are made and swept, so that a new one is never taken for a stale one
)


class PrivateFolder:
    """A new folder in `root`, which is made if need be. Stale ones beside it are removed first.

    One owner calls `close`. Raises OutputError with the system's reason.
    """

    def __init__(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            with open(root / LOCK, "wb") as lock:
                own(lock.fileno())
                _sweep(root)
                self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
                self._owner = open(self.path / OWNER, "wb")  # noqa: SIM115 - open for as long as it is ours
                own(self._owner.fileno())
        except OSError as error:
            raise unwritable(root, error) from None

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        self._owner.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove the folders whose owner does not run any more."""
    for folder in root.glob(f"{PREFIX}*"):
        if folder.is_dir() and not folder.is_symlink() and not is_owned(folder / OWNER):
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)
