"""Taking the files of a bundle out of a stranger's folder or zip archive, into a folder of our own.

Nothing that the source says of itself is believed: names must be plain, and sizes are counted while reading.
What is written are new regular files, never links, permissions or folders of the source.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final

from ..errors import BundleError
from ..manifest import MANIFEST_NAME
from .folder import MAX_BUNDLE_BYTES, MAX_FILE_BYTES
from .manifest_read import FILE_NAME, MAX_FILES

CHUNK_BYTES: Final = 1 << 20
MAX_READ_BYTES: Final = 1 << 20  # of an archive at once: bounds its table of contents, which is read whole
MAX_FAULTS_TOLD: Final = 8
LONGEST_NAME_TOLD: Final = 60
# Deflate alone: it needs 32 KiB, while an LZMA stream may ask for gigabytes.
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED: Final = 0x1
LITTER: Final = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")  # of desktops; left out without a word
DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_ZIP_TROUBLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # with NotImplementedError: a version or a method that Python does not know
    ValueError,
    OverflowError,
)
# No following of links, no waiting for a pipe's other end; systems without these flags go without.
_OPEN_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)

Progress = Callable[[int, int], object]  # bytes copied, bytes in all as the source tells


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken out of one source: what a bundle may hold at all, unless a test says less."""

    files: int = MAX_FILES + 1  # the listed ones and the manifest
    file_bytes: int = MAX_FILE_BYTES
    total_bytes: int = MAX_BUNDLE_BYTES


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a source, and what the source says of its length: good for a progress bar only."""

    name: str
    told_bytes: int
    open: Callable[[], IO[bytes]]


def unpack(source: Path, target: Path, limits: Limits, progress: Progress) -> None:
    """Copy the bundle in `source`, a folder or a zip archive, into the empty folder `target`.

    A zip may hold its files at the top or in one folder. What `progress` raises ends the copying. Raises
    `BundleError` with every fault of the names, or the first that shows while reading; and OSError if
    `target` cannot be written.
    """
    with _opened(source, limits) as members:
        told, copied = sum(member.told_bytes for member in members), 0
        for member in members:
            with open(target / member.name, "xb") as file:
                for chunk in _chunks(source, member, limits):
                    copied += len(chunk)
                    if copied > limits.total_bytes:
                        raise BundleError(str(source), [f"holds more than {limits.total_bytes} bytes"])
                    file.write(chunk)
                    progress(copied, max(copied, told))
                file.flush()
                os.fsync(file.fileno())


def _chunks(source: Path, member: Member, limits: Limits) -> Iterator[bytes]:
    """The content of a member, as long as it is no longer than allowed."""
    left = limits.file_bytes
    with _refusing(source, member.name):
        stream = member.open()
    try:
        while True:
            with _refusing(source, member.name):
                chunk = stream.read(min(CHUNK_BYTES, left + 1))
            if not chunk:
                return
            left -= len(chunk)
            if left < 0:
                text = f"{member.name}: is longer than the {limits.file_bytes} bytes that are allowed"
                raise BundleError(str(source), [text])
            yield chunk
    finally:
        stream.close()


@contextmanager
def _opened(source: Path, limits: Limits) -> Iterator[list[Member]]:
    with contextlib.ExitStack() as closing:
        with _refusing(source):
            if source.is_dir():
                members = _folder_members(source, limits)
            elif source.is_file():
                file = closing.enter_context(_SmallReads(io.FileIO(source)))
                members = _zip_members(source, zipfile.ZipFile(file), limits)
            else:
                raise BundleError(str(source), ["there is no such file or folder"])
        yield members


@contextmanager
def _refusing(source: Path, name: str = "") -> Iterator[None]:
    """What reading the source raises, as a fault of it."""
    begin = f"{name}: " if name else ""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise BundleError(str(source), [f"{begin}cannot be read: {reason}"]) from error
    except _ZIP_TROUBLE as error:
        raise BundleError(str(source), [f"{begin}is no sound zip archive: {error}"]) from error


class _SmallReads(io.BufferedReader):
    """An archive's file that gives no more at once than its reader may keep."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MAX_READ_BYTES + 1 if size is None or size < 0 else size
        content = super().read(min(wanted, MAX_READ_BYTES + 1))
        if len(content) > MAX_READ_BYTES:
            raise zipfile.BadZipFile(f"more than {MAX_READ_BYTES} bytes of it would be read at once")
        return content


def _folder_members(source: Path, limits: Limits) -> list[Member]:
    faults: list[str] = []
    members: list[Member] = []
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in LITTER:
                continue
            if len(members) + len(faults) == limits.files:
                raise BundleError(str(source), [f"holds more than {limits.files} files"])
            status = entry.stat(follow_symlinks=False)
            if fault := _name_fault(entry.name) or _kind_fault(status.st_mode):
                faults.append(f"{_short(entry.name)}: {fault}")
            else:
                members.append(
                    Member(entry.name, status.st_size, partial(_open_regular, source / entry.name))
                )
    _refuse(source, faults + _list_faults([member.name for member in members]))
    return members


def _zip_members(source: Path, archive: zipfile.ZipFile, limits: Limits) -> list[Member]:
    infos = [info for info in archive.infolist() if not set(info.filename.split("/")) & set(LITTER)]
    prefix = _prefix([info.filename for info in infos])
    infos = [info for info in infos if not prefix or info.filename != prefix]
    if len(infos) > limits.files:
        raise BundleError(str(source), [f"holds more than {limits.files} files"])
    pairs = [(info.filename.removeprefix(prefix), info) for info in infos]
    faults = [f"{_short(name)}: {fault}" for name, info in pairs if (fault := _zip_fault(info, name))]
    _refuse(source, faults + _list_faults([name for name, _ in pairs]))
    return [Member(name, info.file_size, partial(archive.open, info)) for name, info in pairs]


def _prefix(names: Sequence[str]) -> str:
    """The one folder that holds everything, with its slash; empty if the files are at the top."""
    tops = {name.split("/")[0] for name in names}
    if MANIFEST_NAME in names or len(tops) != 1:
        return ""
    top = tops.pop()
    plain = top not in ("", ".", "..") and not set(top) & set("\\:")
    return f"{top}/" if plain and f"{top}/{MANIFEST_NAME}" in names else ""


def _zip_fault(info: zipfile.ZipInfo, name: str) -> str:
    """What is wrong with an entry of an archive, as far as its header tells."""
    if fault := _name_fault(name):
        return fault
    if info.flag_bits & ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in METHODS:
        return f"is packed by method {info.compress_type}; allowed: stored, deflated"
    return _kind_fault(info.external_attr >> 16)


def _name_fault(name: str) -> str:
    if not FILE_NAME.fullmatch(name):
        return "is not a plain file name in the bundle's own folder"
    return "is the name of a device on Windows" if name.split(".")[0].casefold() in DEVICES else ""


def _kind_fault(mode: int) -> str:
    """Of a file's mode; archives that were not made on Unix tell none."""
    kind = stat.S_IFMT(mode)
    return "" if kind in (0, stat.S_IFREG) else "is a link, a folder or a device; a bundle holds only files"


def _list_faults(names: Sequence[str]) -> list[str]:
    times = Counter(name.casefold() for name in names)
    faults = [f"{_short(name)}: is there {n} times, large or small" for name, n in times.items() if n > 1]
    return faults if MANIFEST_NAME in names else [*faults, f"holds no {MANIFEST_NAME}"]


def _refuse(source: Path, faults: Sequence[str]) -> None:
    more = len(faults) - MAX_FAULTS_TOLD
    if faults:
        rest = [f"{more} more faults of this kind"] if more > 0 else []
        raise BundleError(str(source), [*faults[:MAX_FAULTS_TOLD], *rest])


def _short(name: str) -> str:
    return repr(name if len(name) <= LONGEST_NAME_TOLD else f"{name[:LONGEST_NAME_TOLD]}...")


def _open_regular(path: Path) -> IO[bytes]:
    """A file that is still no link and no pipe when it is opened."""
    descriptor = os.open(path, _OPEN_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("is not a regular file")
    return os.fdopen(descriptor, "rb")
