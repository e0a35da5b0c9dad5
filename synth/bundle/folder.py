"""Opening a bundle's folder: each file is read once, checked and kept, so that what was checked is used.

The checks go in stages: the manifest, the files in the folder, their sizes, their hashes, the ONNX models.
Each reports all it finds; a file that failed one stage is left out of the next.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import BundleError
from ..manifest import MANIFEST_NAME, STAGES, BundleManifest
from .manifest_read import parse_manifest
from .onnx_check import model_faults

MAX_MANIFEST_BYTES: Final = 1 << 20
MAX_FILE_BYTES: Final = 128 << 20
MAX_BUNDLE_BYTES: Final = 256 << 20
MAX_UNLISTED_TOLD: Final = 8
# No following of links, no waiting for a pipe's other end; systems without these flags go without.
_OPEN_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that passed every check short of running it. `files` are the contents that were hashed."""

    folder: Path
    manifest: BundleManifest
    digest: str  # SHA-256 of bundle.toml, which holds the hashes of all other files
    files: Mapping[str, bytes]

    def model(self, stage: str) -> bytes:
        """The ONNX file of a stage."""
        return self.files[self.manifest.stages[stage].file]


def open_bundle(folder: Path, expected_id: str | None = None) -> Bundle:
    """Read and check the bundle in `folder`. Raises `BundleError` with every fault found."""
    source = str(folder)
    text, digest = _read_manifest(folder)
    manifest = parse_manifest(text, source)
    faults = []
    if expected_id not in (None, manifest.bundle.id):
        faults.append(
            f"its folder is called {expected_id}, its id is {manifest.bundle.id}: rename the folder"
        )
    faults += _listing_faults(folder, manifest)
    files: dict[str, bytes] = {}
    for name, sha256 in manifest.files.items():
        try:
            files[name] = _read_hashed(folder / name, sha256)
        except (OSError, ValueError) as error:
            faults.append(f"{name}: {_reason(error)}")
    models = {s: files[manifest.stages[s].file] for s in STAGES if manifest.stages[s].file in files}
    faults += model_faults(models, manifest)
    if faults:
        raise BundleError(source, faults)
    return Bundle(folder, manifest, digest, files)


def _read_manifest(folder: Path) -> tuple[str, str]:
    """The text of bundle.toml and its SHA-256."""
    try:
        content = _read_regular(folder / MANIFEST_NAME, MAX_MANIFEST_BYTES)
        return content.decode(), hashlib.sha256(content).hexdigest()
    except UnicodeDecodeError as error:
        raise BundleError(str(folder), [f"{MANIFEST_NAME}: is not UTF-8 text"]) from error
    except (OSError, ValueError) as error:
        raise BundleError(str(folder), [f"{MANIFEST_NAME}: {_reason(error)}"]) from error


def _listing_faults(folder: Path, manifest: BundleManifest) -> list[str]:
    """Files that are there but not listed, and a folder too large; raises if it is too large to be read."""
    with os.scandir(folder) as entries:
        sizes = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries}
    if sum(sizes.values()) > MAX_BUNDLE_BYTES:
        shown = f"holds {sum(sizes.values())} bytes, at most {MAX_BUNDLE_BYTES} are allowed"
        raise BundleError(str(folder), [shown])
    unlisted = sorted(set(sizes) - set(manifest.files) - {MANIFEST_NAME})
    faults = [f"{name!r}: is not listed under [files]" for name in unlisted[:MAX_UNLISTED_TOLD]]
    if len(unlisted) > MAX_UNLISTED_TOLD:
        faults.append(f"{len(unlisted) - MAX_UNLISTED_TOLD} more files are not listed under [files]")
    return faults


def _read_hashed(path: Path, sha256: str) -> bytes:
    content = _read_regular(path, MAX_FILE_BYTES)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"its SHA-256 is {found[:12]}..., the manifest says {sha256[:12]}...: it was changed"
        )
    return content


def _read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises `ValueError` for anything else."""
    if path.is_symlink():
        raise ValueError("is a link, a bundle holds only regular files")
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        if status.st_size > limit:
            raise ValueError(f"is {status.st_size} bytes long, at most {limit} are allowed")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
