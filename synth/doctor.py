"""Looks at everything that playing needs on this machine, and at what is in the way of low latency.

What `neume doctor` prints. Each check is a function that gives its findings; none changes anything. What they
need is imported by them, so that a library that is missing is one finding among others.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import platformdirs

from .cli_errors import error_line
from .device_list import DeviceList
from .doctor_machine import load, memory_lock, power, realtime
from .errors import BundleError
from .findings import Finding, note, ok, problem

Findings = Iterator[Finding]
LEAST_PYTHON: Final = (3, 11)
LIBRARIES: Final = ("numpy", "scipy", "sounddevice", "soundfile", "soxr", "mido", "python-rtmidi")
RUNTIMES: Final = ("onnxruntime", "onnxruntime-gpu")
MOST_LATENCY_MS: Final = 20.0  # of a device, from where on a keyboard player feels it


def diagnosis(devices: DeviceList) -> tuple[Finding, ...]:
    """All findings. `devices` is what there is to play on and with."""
    asked: tuple[Callable[[], Findings], ...] = (
        _python,
        _libraries,
        _runtime,
        lambda: _audio(devices),
        lambda: _midi(devices),
        load,
        power,
        realtime,
        memory_lock,
        _bundles,
        _presets,
        _plugins,
        _folders,
    )
    return tuple(finding for ask in asked for finding in _guarded(ask))


def _guarded(ask: Callable[[], Findings]) -> Findings:
    """What a check finds; a library that it cannot load is a finding, too."""
    try:
        yield from ask()
    except (ImportError, OSError) as error:
        text = error_line(error) or f"{type(error).__name__}: {error}"
        yield problem("libraries", text, "install Neume again: pip install --force-reinstall neume")


def _python() -> Findings:
    here = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}"
    if sys.version_info < LEAST_PYTHON:
        yield problem("Python", here, "install Python 3.11 or later, and Neume with it")
    else:
        yield ok("Python", f"{here}; neume {_version('neume') or 'without a version'}")


def _libraries() -> Findings:
    versions = {name: _version(name) for name in LIBRARIES}
    for name in (name for name, found in versions.items() if found is None):
        yield problem("libraries", f"{name} is not installed", f"pip install {name}")
    yield ok("libraries", ", ".join(f"{name} {found}" for name, found in versions.items() if found))


def _runtime() -> Findings:
    found = [f"{name} {_version(name)}" for name in RUNTIMES if _version(name)]
    topic = "ONNX Runtime"
    if not found:
        yield problem(topic, "it is not installed", "pip install onnxruntime")
        return
    if len(found) == len(RUNTIMES):
        advice = "pip uninstall both, then install one: the one installed last hides the other"
        yield note(topic, f"{' and '.join(found)} are both installed", advice)
    from .providers import working_providers

    working, failing = working_providers()
    if not working:
        yield problem(topic, f"{found[0]} can run no model", "pip install --force-reinstall onnxruntime")
    else:
        yield ok(topic, f"{found[0]}, runs models on {', '.join(working)}")
    for name, reason in failing.items():
        advice = "nothing, to play on the processor; else install the libraries that the line names"
        yield note(topic, f"{name} is listed, but does not work: {reason}", advice)


def _audio(devices: DeviceList) -> Findings:
    topic = "audio"
    if devices.audio_problem is not None:
        advice = "neume play --record FILE.wav performs into a file; plug in a device or start its server"
        yield problem(topic, devices.audio_problem, advice)
        return
    default = next((output for output in devices.audio_outputs if output.default), devices.audio_outputs[0])
    outputs = f"{len(devices.audio_outputs)} outputs through {', '.join(devices.host_apis)}"
    rates = ", ".join(map(str, default.rates_hz)) or "none of the usual rates"
    text = f"{outputs}; default {default.name} ({default.host_api}), {default.latency_ms:.1f} ms, {rates} Hz"
    if default.latency_ms > MOST_LATENCY_MS:
        advice = "choose another with --audio-out (neume devices lists them); JACK or PipeWire are quicker"
        yield note(topic, text, advice)
    else:
        yield ok(topic, text)


def _midi(devices: DeviceList) -> Findings:
    topic = "MIDI"
    if devices.midi_problem is not None:
        yield note(topic, devices.midi_problem, "files and the panel's keys play without")
    elif not devices.midi_inputs:
        text = f"{devices.midi_api}: no inputs; Neume opens one of its own"
        yield note(topic, text, "plug in a keyboard: it is found while playing")
    else:
        yield ok(topic, f"{devices.midi_api}: {', '.join(devices.midi_inputs)}")


def _bundles() -> Findings:
    from .bundle import list_bundles, open_named

    try:
        info = open_named().manifest.bundle
        yield ok("bundle", f"{info.id} {info.version} plays by default")
    except BundleError as error:
        advice = "install Neume again, or name another bundle with --bundle (neume bundles list)"
        yield problem("bundle", error_line(error) or str(error), advice)
    for listed in list_bundles():
        if listed.faults:
            more = f" and {len(listed.faults) - 1} more" if len(listed.faults) > 1 else ""
            text = f"{listed.folder} is broken: {listed.faults[0]}{more}"
            yield note("bundle", text, f"neume bundles check {listed.name} tells all; mend it or delete it")


def _presets() -> Findings:
    from .rack.preset_search import list_presets

    found = list_presets()
    broken = [listed for listed in found if listed.faults]
    yield ok("presets", f"{len(found) - len(broken)} presets")
    for listed in broken:
        yield note("presets", f"{listed.path} is broken: {listed.faults[0]}", "mend it or delete it")


def _plugins() -> Findings:
    from .plugins import EFFECTS_GROUP, INSTRUMENTS_GROUP, plugin_faults

    for group in (INSTRUMENTS_GROUP, EFFECTS_GROUP):
        for fault in plugin_faults(group):
            yield note("plug-ins", fault, "update or uninstall the package that brings it")


def _folders() -> Findings:
    from .bundle.search import search_folders
    from .rack.preset_search import user_folder
    from .rack.session import session_path

    cache = platformdirs.user_cache_path("neume", appauthor=False)
    user_bundles = next((folder for origin, folder in search_folders() if origin == "user"), Path())
    places = {"presets": user_folder(), "bundles": user_bundles, "session": session_path(), "cache": cache}
    yield ok("files", "; ".join(f"{what} in {path}" for what, path in places.items()))
    for what, path in places.items():
        if not _writable(path):
            yield note("files", f"{path} cannot be written: no {what} are kept", f"chown it to you: {path}")


def _writable(path: Path) -> bool:
    """Whether it, or what there is of the folders above it, may be written."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    return os.access(there, os.W_OK)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
