"""Where an engine can be reached: files of its name in a folder that no other user can enter.

The folder is `neume` in the user's runtime folder, or `run` in the state folder where that fails. An engine
listens at the socket `engine-NAME.sock`; on systems without such sockets at a TCP port of this machine, which
`engine-NAME.port` tells with the secret that a client must say first.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from .errors import ControlError

DEFAULT_NAME: Final = "main"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
OTHERS: Final = 0o077  # every permission of the group and of others


@dataclass(frozen=True, slots=True)
class Address:
    """The files of one engine. Raises ControlError for a name that is none."""

    name: str
    folder: Path

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ControlError(
                f"{self.name!r} is no engine's name; allowed: up to 32 small letters, digits and hyphens"
            )

    @property
    def socket_path(self) -> Path:
        return self.folder / f"engine-{self.name}.sock"

    @property
    def port_path(self) -> Path:
        return self.folder / f"engine-{self.name}.port"

    @property
    def lock_path(self) -> Path:
        """Locked while the engine lives, whatever it dies of."""
        return self.folder / f"engine-{self.name}.lock"


def own_address(name: str) -> Address:
    """Where an engine of this user is to listen; the folder is made. Raises ControlError if none is safe."""
    faults = []
    for folder in control_folders():
        try:
            make_private(folder)
        except (OSError, ControlError) as error:
            faults.append(str(error))
        else:
            return Address(name, folder)
    raise ControlError(f"no folder for the engine's socket: {'; '.join(faults)}; set XDG_RUNTIME_DIR")


def find_address(name: str, folders: Sequence[Path]) -> Address:
    """Where among `control_folders` an engine listens. Raises ControlError if none of that name does."""
    for folder in folders:
        address = Address(name, folder)
        if address.socket_path.exists() or address.port_path.exists():
            check_private(folder)
            return address
    raise ControlError(f"no engine {name!r} is running")


def control_folders() -> list[Path]:
    """The folders that may hold the socket, in the order in which they are tried.

    To be called in the program's main thread: it silences warnings for a moment, in all threads.
    """
    folders = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no runtime folder: it makes a private one
        for runtime in (_runtime_folder, _state_folder):
            folder = runtime()
            if folder is not None:
                folders.append(folder)
    return folders


def _runtime_folder() -> Path | None:
    try:
        return platformdirs.user_runtime_path("neume", appauthor=False)
    except OSError:
        return None


def _state_folder() -> Path:
    return platformdirs.user_state_path("neume", appauthor=False) / "run"


def make_private(folder: Path) -> None:
    """Make the folder, for this user only. Raises OSError or ControlError."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    check_private(folder)


def check_private(folder: Path) -> None:
    """Raise ControlError if another user could enter the folder, or put another in its place."""
    user = _user()
    if user is None:
        return  # Windows: the folder inherits that only the user may enter
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & OTHERS:
        raise ControlError(f"{folder} is not a folder of mode 0700 of this user: remove it")
    for parent in folder.resolve().parents:
        above = parent.stat()
        others = 0o002 if above.st_gid in (0, user) else 0o022  # a user's own group has the user's number
        shared = above.st_mode & others and not above.st_mode & stat.S_ISVTX
        if above.st_uid not in (0, user) or shared:
            raise ControlError(f"{folder} lies in {parent}, where others may replace it")


def _user() -> int | None:
    geteuid: Callable[[], int] | None = getattr(os, "geteuid", None)
    return geteuid() if geteuid else None
