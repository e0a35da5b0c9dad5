"""Finding bundles: an explicit path, else the folders of NEUME_BUNDLES, of the user, and the built-in one.

The first folder that has the name wins, whatever state its bundle is in: a bad bundle is reported, never
silently replaced by another of the same name.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from ..errors import BundleError
from ..manifest import BundleManifest
from .folder import Bundle, open_bundle

DEFAULT_BUNDLE: Final = "neume-gm"
VARIABLE: Final = "NEUME_BUNDLES"


@dataclass(frozen=True, slots=True)
class ListedBundle:
    """One bundle that was found: good with a manifest, or bad with faults.

    `origin` says which search folder holds it; `hidden` that an earlier one has a bundle of the same name.
    """

    name: str
    folder: Path
    origin: str
    hidden: bool
    manifest: BundleManifest | None
    faults: tuple[str, ...]


def search_folders() -> list[tuple[str, Path]]:
    """Where bundles are looked for, in order: (origin, folder). A folder need not exist."""
    listed = [entry for entry in os.environ.get(VARIABLE, "").split(os.pathsep) if entry]
    folders = [(VARIABLE, Path(entry).expanduser()) for entry in listed]
    folders.append(("user", platformdirs.user_data_path("neume", appauthor=False) / "bundles"))
    models = importlib.util.find_spec("neume.models")  # located, not imported: playing needs no torch
    if models is not None and models.submodule_search_locations:
        folders.append(("built-in", Path(models.submodule_search_locations[0]) / "bundles"))
    return folders


def find_bundle(name_or_path: str | Path | None = None) -> Path:
    """The folder of a bundle: of the default one for None, of that path, or of that name.

    A text with a path separator, and every `Path`, is a path; anything else is the name of a bundle in the
    search folders. Raises `BundleError` if there is none. The folder's content is not looked at.
    """
    if _is_path(name_or_path):
        folder = Path(name_or_path or "").expanduser()
        if not folder.is_dir():
            raise BundleError(str(folder), ["there is no such folder"])
        return folder
    name = DEFAULT_BUNDLE if name_or_path is None else str(name_or_path)
    folders = search_folders()
    for _, root in folders:
        if name not in ("", ".", "..") and (root / name).is_dir():
            return root / name
    looked = ", ".join(str(root) for _, root in folders)
    raise BundleError(name, [f"not found in {looked}; to name a folder, write ./{name}"])


def open_named(name_or_path: str | Path | None = None) -> Bundle:
    """Find a bundle and open it; one that was asked for by name must also carry that name as its id."""
    folder = find_bundle(name_or_path)
    return open_bundle(folder, None if _is_path(name_or_path) else folder.name)


def list_bundles() -> list[ListedBundle]:
    """Every bundle of the search folders in search order, opened and checked; bad ones with their faults."""
    found: list[ListedBundle] = []
    for origin, root in search_folders():
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith("."):
                hidden = any(earlier.name == folder.name for earlier in found)
                found.append(_listed(folder, origin, hidden))
    return found


def _listed(folder: Path, origin: str, hidden: bool) -> ListedBundle:
    try:
        manifest = open_bundle(folder, folder.name).manifest
    except BundleError as error:
        return ListedBundle(folder.name, folder, origin, hidden, None, tuple(error.faults))
    return ListedBundle(folder.name, folder, origin, hidden, manifest, ())


def _is_path(name_or_path: str | Path | None) -> bool:
    if isinstance(name_or_path, str):
        return any(separator in name_or_path for separator in (os.sep, os.altsep) if separator) or (
            name_or_path in (".", "..", "~")
        )
    return name_or_path is not None
