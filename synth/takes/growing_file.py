"""A file that is readable at every moment while it grows: appended to at its end, corrected at its beginning.

What the growing WAV and MIDI files are made of. Unbuffered: what a call has written is the system's, and
stays when this process is killed.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..audio_file import unwritable
from .ownership import own


class GrowingFile:
    """A new file at `path`, owned by this process; `target` is the name that it is to get, which errors tell.

    Not thread-safe. Every method but `discard` raises OutputError with the system's reason. Raises
    FileExistsError if `path` is there already.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.path, self.target = path, target
        try:
            self._raw = open(path, "xb", buffering=0)  # noqa: SIM115 - closed by its owner
        except FileExistsError:
            raise
        except OSError as error:
            raise unwritable(target, error) from None
        own(self._raw.fileno())

    @property
    def size(self) -> int:
        return os.fstat(self._raw.fileno()).st_size

    def write_at(self, offset: int, content: bytes) -> None:
        """Write all of `content` there; after an error, part of it may be written."""
        waiting = memoryview(content)
        try:
            self._raw.seek(offset)
            while waiting:
                waiting = waiting[self._raw.write(waiting) :]
        except OSError as error:
            raise unwritable(self.target, error) from None

    def cut(self, size: int) -> None:
        """Drop everything from byte `size` on."""
        try:
            self._raw.truncate(size)
        except OSError as error:
            raise unwritable(self.target, error) from None

    def finish(self) -> None:
        """Bring everything to the disk and close the file, still under its first name."""
        try:
            os.fsync(self._raw.fileno())
        except OSError as error:
            raise unwritable(self.target, error) from None
        finally:
            self._raw.close()

    def publish(self) -> None:
        """Give the finished file its name, replacing an older one."""
        try:
            os.replace(self.path, self.target)
        except OSError as error:
            raise unwritable(self.target, error) from None

    def discard(self) -> None:
        """Leave nothing of an unpublished file. Harmless after `publish`."""
        self._raw.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
