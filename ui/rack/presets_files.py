"""The user's preset files: saved, renamed, deleted, brought in and taken out, never over another unasked.

Everything here touches the disk, so it runs off the panel's thread. Files are written whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from neume.synth.errors import OutputError, PresetError, UsageError
from neume.synth.rack.part import Rack
from neume.synth.rack.preset_read import MAX_NAME, checked, read_preset
from neume.synth.rack.preset_search import SUFFIX, USER, ListedPreset, save_preset, user_folder
from neume.synth.rack.preset_write import write_preset

LONGEST_FILE_NAME: Final = 60  # that `preset_search.NAME` allows
UNNAMED: Final = "preset"
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")


class PresetThere(UsageError):
    """There is a preset of that name, or another one than was listed: the user has to be asked."""


def file_name(name: str) -> str:
    """What the preset called `name` is called as a file: `Été à Paris!` → `ete-a-paris`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NO_LETTERS.sub("-", plain).strip("-")[:LONGEST_FILE_NAME].strip("-") or UNNAMED


def own_of(presets: Iterable[ListedPreset], name: str) -> ListedPreset | None:
    """The user's own preset of that file name."""
    return next((p for p in presets if p.origin == USER and p.name == name), None)


def matching(presets: Iterable[ListedPreset], query: str) -> list[ListedPreset]:
    """Those in whose name or description every word of `query` is found; the user's own first, then by name.

    What another preset of the same name hides is left out.
    """
    words = _plain(query).split()
    found = [p for p in presets if not p.hidden and all(word in _searched(p) for word in words)]
    return sorted(found, key=lambda p: (p.origin != USER, _plain(title(p))))


def title(preset: ListedPreset) -> str:
    """The name that users see: the rack's, or the file's where there is no rack."""
    return preset.rack.name if preset.rack else preset.name


def save_new(rack: Rack, name: str) -> Path:
    """Write a preset that is not there yet. Raises `PresetThere` if it is, even if it came this moment."""
    path = user_folder() / f"{file_name(name)}{SUFFIX}"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    write_preset(checked(rack), unfinished)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise _there(path) from None
    except OSError:  # a disk without hard links
        if path.exists():
            raise _there(path) from None
        _move(unfinished, path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return path


def save_over(rack: Rack, listed: ListedPreset) -> Path:
    """Write the user's own preset again. Raises `PresetThere` if its file is not as it was listed."""
    if listed.path.exists():
        try:
            same = read_preset(listed.path) == listed.rack
        except PresetError:
            same = False
        if not same:
            raise PresetThere(f"{listed.path}: has been changed by someone else meanwhile")
    return save_preset(rack, listed.name)


def replace_preset(rack: Rack, name: str) -> Path:
    """Write a preset, over an own one of that name: the user has said so."""
    return save_preset(rack, file_name(name))


def rename_preset(listed: ListedPreset, name: str, over: bool = False) -> Path:
    """Give the user's own preset another name, that of its file included; `over`: even that of another one.

    The new file is there before the old one goes.
    """
    if listed.rack is None or listed.origin != USER:
        raise UsageError(f"{listed.name}: only a good preset of one's own can be renamed")
    fitting = " ".join(name.split())[:MAX_NAME].strip()
    rack = replace(listed.rack, name=fitting)
    if file_name(fitting) == listed.name:
        return save_over(rack, listed)
    path = replace_preset(rack, fitting) if over else save_new(rack, fitting)
    delete_preset(listed)
    return path


def delete_preset(listed: ListedPreset) -> None:
    """Remove the user's own preset, good or bad."""
    if listed.origin != USER:
        raise UsageError(f"{listed.name}: only presets of one's own can be deleted")
    try:
        listed.path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{listed.path}: cannot be deleted: {error.strerror or error}") from None


def import_preset(path: Path, over: bool = False) -> Path:
    """Take a file into the user's folder under the name of its rack, after all of it has been checked."""
    rack = read_preset(path)
    return replace_preset(rack, rack.name) if over else save_new(rack, rack.name)


def _there(path: Path) -> PresetThere:
    return PresetThere(f"{path}: there is a preset of that name already; choose another name or replace it")


def _move(unfinished: Path, path: Path) -> None:
    try:
        os.replace(unfinished, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _plain(text: str) -> str:
    """Without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _searched(preset: ListedPreset) -> str:
    rack = preset.rack
    parts = " ".join(part.name for part in rack.parts) if rack else ""
    return _plain(f"{title(preset)} {preset.name} {rack.description if rack else ''} {parts}")
