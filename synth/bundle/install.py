"""Installing a bundle into the user's folder: copied aside, checked whole, and made visible by one rename.

folder or zip ─ unpack ─▶ .installing-x/bundle ─ open_bundle, check ─ rename ─▶ <user's folder>/<id>
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import BundleError, NeumeError, OutputError
from ..manifest import BundleInfo
from .folder import Bundle, open_bundle
from .manifest_programs import ID
from .search import search_folders
from .unpack import Limits, Progress, unpack

USER: Final = "user"
STAGING: Final = ".installing-"  # hidden from the search by its dot
ASIDE: Final = ".replaced-"
_ASIDE_NAME: Final = re.compile(rf"{re.escape(ASIDE)}({ID.pattern})-\w+")
STALE_S: Final = 86_400.0  # no installation takes a day: its process was killed


class InstallCancelled(NeumeError):
    """The user wants it no more; `progress` raises it."""


class AlreadyInstalled(BundleError):
    """A bundle with the id of the new one, whose `info` this is, is there at `folder`, found by `origin`.

    Replacing touches the user's own one only; of two in different search folders, one hides the other.
    """

    def __init__(self, source: str, info: BundleInfo, origin: str, folder: Path) -> None:
        self.info, self.origin, self.folder = info, origin, folder
        super().__init__(source, [f"{info.id} is installed already ({origin}: {folder})"])

    @property
    def replaces(self) -> bool:
        """Whether the bundle that is there would be gone."""
        return self.origin == USER


@dataclass(frozen=True, slots=True)
class Installed:
    """A bundle that is in its place now."""

    folder: Path
    info: BundleInfo
    replaced: bool


def user_folder() -> Path:
    """Where a user's own bundles are kept. It need not exist."""
    return dict(search_folders())[USER]


def install_bundle(
    source: Path,
    *,
    replace: bool = False,
    root: Path | None = None,
    progress: Progress = lambda copied, told: None,
    check: Callable[[Bundle], object] = lambda bundle: None,
    limits: Limits | None = None,
) -> Installed:
    """Install the bundle in `source`, a folder or a zip archive, into `root`, the user's folder by default.

    `progress` is called with bytes copied and bytes in all, a last time before the bundle becomes visible;
    what it raises ends the installation. `check` may look at the bundle further than `open_bundle` does.
    Whatever is raised, nothing is left behind, and what was there before is there still. Raises
    `AlreadyInstalled` unless `replace`, `BundleError` with every fault, `OutputError` if `root` cannot be
    written.
    """
    root = root or user_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        _tidy(root)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=root))
        try:
            return _install(source, root, staging / "bundle", replace, progress, check, limits or Limits())
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        text = f"{error.filename or root}: cannot be written: {error.strerror or error}"
        raise OutputError(text) from error


def _install(
    source: Path,
    root: Path,
    staged: Path,
    replace: bool,
    progress: Progress,
    check: Callable[[Bundle], object],
    limits: Limits,
) -> Installed:
    staged.mkdir()
    unpack(source, staged, limits, progress)
    bundle = _checked(source, staged, check)
    info = bundle.manifest.bundle
    there = _same_id(root, info.id)
    if there is not None and not replace:
        raise AlreadyInstalled(str(source), info, *there)
    size = sum(len(content) for content in bundle.files.values())
    progress(size, size)
    return Installed(root / info.id, info, _put(staged, root / info.id))


def _checked(source: Path, staged: Path, check: Callable[[Bundle], object]) -> Bundle:
    """The bundle, good; its faults are told of the source."""
    try:
        bundle = open_bundle(staged)
        check(bundle)
    except BundleError as error:
        raise BundleError(str(source), error.faults) from error
    return bundle


def _same_id(root: Path, bundle_id: str) -> tuple[str, Path] | None:
    """Where something of that name is: (origin, folder); the one that would be replaced comes first."""
    for origin, folder in [(USER, root), *search_folders()]:
        if os.path.lexists(folder / bundle_id):
            return origin, folder / bundle_id
    return None


def _put(staged: Path, target: Path) -> bool:
    """Make the bundle visible. Returns whether another one went for it.

    No system renames a folder over a full one: between two renames neither is there, and `_tidy` brings the
    old one back if this process is killed just then.
    """
    if not os.path.lexists(target):
        os.rename(staged, target)
        return False
    aside = Path(tempfile.mkdtemp(prefix=f"{ASIDE}{target.name}-", dir=target.parent)) / "bundle"
    os.rename(target, aside)
    try:
        os.rename(staged, target)
    except OSError:
        os.rename(aside, target)
        aside.parent.rmdir()
        raise
    shutil.rmtree(aside.parent, ignore_errors=True)
    return True


def _tidy(root: Path) -> None:
    """Bring back and remove what killed installations have left."""
    for folder in root.iterdir():
        if replaced := _ASIDE_NAME.fullmatch(folder.name):
            with contextlib.suppress(OSError):
                if not os.path.lexists(root / replaced[1]):
                    os.rename(folder / "bundle", root / replaced[1])
                shutil.rmtree(folder, ignore_errors=True)
        elif folder.name.startswith(STAGING) and _is_stale(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_stale(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - folder.stat(follow_symlinks=False).st_mtime > STALE_S
    return False
