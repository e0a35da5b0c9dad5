"""Whether a file belongs to a process that runs: what a killed one has left behind can be told from the rest.

A lock of the operating system, which ends with its process however that ends. Windows needs none: there, an
open file cannot be renamed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def own(descriptor: int) -> None:
    """Mark an open file as this process's until it is closed; waits while it is another's.

    A file system without locks is left alone: there, `is_owned` takes every file for owned.
    """
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def is_owned(path: Path) -> bool:
    """Whether a process that runs owns the file. A file that is not there is nobody's."""
    try:
        if sys.platform == "win32":
            os.replace(path, path)
            return False
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # locked, or not ours to look at
        return True
    return False
