"""The doors for Python plug-ins: entry points of installed packages, found by name, imported when asked for.

Effects and instruments, the built-in ones too, are declared in the groups below. Looking for them reads the
packages' metadata alone; what nobody plays is never imported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from .errors import NeumeError

EFFECTS_GROUP: Final = "neume.effects"
INSTRUMENTS_GROUP: Final = "neume.instruments"
OWN_PACKAGE: Final = "neume"
UNNAMED: Final = "an unnamed package"
PLUGIN_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
FAILURES: Final = (Exception, SystemExit)  # a plug-in that wants to end the program has failed as well


class PluginError(NeumeError):
    """A plug-in that is not there, cannot be imported, or breaks the contract of its kind."""


@dataclass(frozen=True, slots=True)
class ListedPlugin:
    """One entry point. `faults` say why it cannot be used, one line each; a good one has none."""

    id: str
    package: str
    version: str
    target: str  # module:attribute
    built_in: bool
    faults: tuple[str, ...]


def list_plugins(group: str) -> tuple[ListedPlugin, ...]:
    """Every plug-in of a group, good and bad, by id; nothing is imported.

    The search path is read once: a package installed later is found by the next start, or on another path.
    """
    return tuple(plugin for plugin, _ in _found(group, tuple(sys.path)))


def plugin_names(group: str) -> tuple[str, ...]:
    """The ids that `load_plugin` can be asked for."""
    return tuple(plugin.id for plugin in list_plugins(group) if not plugin.faults)


def plugin_faults(group: str) -> tuple[str, ...]:
    """A line for each plug-in that is refused."""
    return tuple(fault for plugin in list_plugins(group) for fault in plugin.faults)


def load_plugin(group: str, plugin_id: str) -> Any:
    """Import one plug-in and return what its entry point names, a class as a rule.

    Raises PluginError if there is none of that id, if it is refused, or if its import fails.
    """
    same = [(plugin, entry) for plugin, entry in _found(group, tuple(sys.path)) if plugin.id == plugin_id]
    if not same:
        known = ", ".join(plugin_names(group)) or "none"
        raise PluginError(f"there is no {plugin_id!r} in {group}; there are {known}")
    for plugin, entry in same:
        if not plugin.faults:
            return _imported(plugin, entry)
    raise PluginError(same[0][0].faults[0])


def _imported(plugin: ListedPlugin, entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except FAILURES as failure:
        raise PluginError(
            f"{plugin.id!r} of package {plugin.package} cannot be imported from {plugin.target}: "
            f"{failure_line(failure)}"
        ) from failure


def failure_line(failure: BaseException) -> str:
    """An exception of foreign code in one line of bounded length."""
    text = " ".join(str(failure).split())[:200]
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__


@lru_cache(maxsize=8)
def _found(group: str, path: tuple[str, ...]) -> tuple[tuple[ListedPlugin, EntryPoint], ...]:
    """`path` is what the answer depends on beside the group."""
    entries = sorted(entry_points(group=group), key=lambda entry: (entry.name, _package(entry), entry.value))
    return tuple((_listed(group, entry, entries), entry) for entry in entries)


def _listed(group: str, entry: EntryPoint, entries: Sequence[EntryPoint]) -> ListedPlugin:
    package, version = _package(entry)
    built_in = package == OWN_PACKAGE
    offering = [_package(other)[0] for other in entries if other.name == entry.name]
    told = f"{entry.name!r} of package {package} in {group}"
    fault = None
    if not PLUGIN_ID.fullmatch(entry.name):
        fault = f"{told}: an id begins with a letter and has up to 63 of a to z, 0 to 9, _ and -"
    elif not built_in and OWN_PACKAGE in offering:
        fault = f"{told}: the id of a built-in one, which is used"
    elif not built_in and len(offering) > 1:
        fault = f"{told}: {' and '.join(offering)} offer that id, none is used until only one is installed"
    return ListedPlugin(entry.name, package, version, entry.value, built_in, (fault,) if fault else ())


def _package(entry: EntryPoint) -> tuple[str, str]:
    """Name and version of the package that declares it, as far as its metadata can be read."""
    try:
        assert entry.dist is not None
        return entry.dist.name or UNNAMED, entry.dist.version or ""
    except FAILURES:
        return UNNAMED, ""
