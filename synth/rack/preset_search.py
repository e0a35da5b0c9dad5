"""Finding presets: an explicit path, else by name in the user's folder, then among the built-in ones.

The first folder that has the name wins, whatever state its preset is in: a bad one is told, never silently
replaced by another of the same name.
"""

from __future__ import annotations

import importlib.resources
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from ..errors import PresetError, UsageError
from .part import Rack
from .preset_read import checked, read_preset
from .preset_write import write_preset

DEFAULT_PRESET: Final = "grand-piano"
SUFFIX: Final = ".toml"
NAME: Final = re.compile(r"[a-z0-9-]{1,60}")
USER, BUILT_IN = "user", "built-in"


@dataclass(frozen=True, slots=True)
class ListedPreset:
    """One preset that was found: good with a rack, or bad with faults.

    `origin` says which search folder holds it; `hidden` that an earlier one has a preset of the same name.
    """

    name: str
    path: Path
    origin: str
    hidden: bool
    rack: Rack | None
    faults: tuple[str, ...]


def search_folders() -> list[tuple[str, Path]]:
    """Where presets are looked for, in order: (origin, folder). A folder need not exist."""
    built_in = importlib.resources.files("neume.presets")
    return [(USER, user_folder()), (BUILT_IN, Path(str(built_in)))]


def user_folder() -> Path:
    """Where the user's own presets are kept."""
    return platformdirs.user_data_path("neume", appauthor=False) / "presets"


def find_preset(name_or_path: str | Path | None = None) -> Path:
    """The file of a preset: of the default one for None, of that path, or of that name.

    A text with a path separator or the suffix .toml, and every `Path`, is a path; anything else is a name in
    the search folders. Raises `PresetError` if there is none. The file's content is not looked at.
    """
    if _is_path(name_or_path):
        path = Path(name_or_path or "").expanduser()
        if not path.is_file():
            raise PresetError(str(path), ["there is no such file"])
        return path
    name = DEFAULT_PRESET if name_or_path is None else str(name_or_path)
    folders = search_folders()
    for _, folder in folders:
        path = folder / f"{name}{SUFFIX}"
        if NAME.fullmatch(name) and path.exists():
            return path
    looked = ", ".join(str(folder) for _, folder in folders)
    raise PresetError(name, [f"not found in {looked}; `neume presets list` tells which there are"])


def open_preset(name_or_path: str | Path | None = None) -> Rack:
    """Find a preset and read it. Raises `PresetError` with every fault found."""
    return read_preset(find_preset(name_or_path))


def list_presets() -> list[ListedPreset]:
    """Every preset of the search folders in search order, read and checked; bad ones with their faults."""
    found: list[ListedPreset] = []
    for origin, folder in search_folders():
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix == SUFFIX and not path.name.startswith("."):
                hidden = any(earlier.name == path.stem for earlier in found)
                found.append(_listed(path, origin, hidden))
    return found


def preset_after(name: str | None, steps: int) -> str:
    """The good preset that comes `steps` after the one called `name`, by name and round in a circle.

    From a name that is not among them it goes on from the default one. Raises `PresetError` if none is good.
    """
    names = sorted({preset.name for preset in list_presets() if preset.rack and not preset.hidden})
    if not names:
        raise PresetError(name or DEFAULT_PRESET, ["there is no good preset"])
    start = next((other for other in (name, DEFAULT_PRESET) if other in names), names[0])
    return names[(names.index(start) + steps) % len(names)]


def save_preset(rack: Rack, name: str) -> Path:
    """Write a preset into the user's folder, replacing the user's own one of that name; returns its file.

    Raises `PresetError` for a rack that could not be read again, UsageError for a name that is none, and
    `OutputError` if the file cannot be written.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a preset: use {NAME.pattern}")
    path = user_folder() / f"{name}{SUFFIX}"
    write_preset(checked(rack), path)
    return path


def _listed(path: Path, origin: str, hidden: bool) -> ListedPreset:
    faults = [] if NAME.fullmatch(path.stem) else [f"its name must match {NAME.pattern}: rename the file"]
    rack = None
    try:
        rack = read_preset(path)
    except PresetError as error:
        faults += error.faults
    return ListedPreset(path.stem, path, origin, hidden, None if faults else rack, tuple(faults))


def _is_path(name_or_path: str | Path | None) -> bool:
    if isinstance(name_or_path, str):
        separated = any(separator in name_or_path for separator in (os.sep, os.altsep) if separator)
        return separated or name_or_path.endswith(SUFFIX)
    return name_or_path is not None
