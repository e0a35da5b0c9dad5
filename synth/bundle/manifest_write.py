"""Writing `bundle.toml`: the exporter's side of the contract. `parse_manifest` reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from ..manifest import SCHEMA, BundleManifest, Parameter, Program, StageContract


def manifest_text(manifest: BundleManifest) -> str:
    """The TOML text of a manifest, one section after another, ending with a line feed."""
    provenance = asdict(manifest.provenance)
    metrics = provenance.pop("metrics")
    parts = [
        f"schema = {SCHEMA}\n",
        _section("bundle", asdict(manifest.bundle)),
        _section("mel", asdict(manifest.mel) | {"digest": manifest.mel.digest()}),
        _section("engine", asdict(manifest.engine)),
        _section("sampling", _there(asdict(manifest.sampling))),
        *(_stage(name, contract) for name, contract in manifest.stages.items()),
        _section("files", manifest.files),
        _section("provenance", provenance),
        _section("provenance.metrics", metrics),
        _section("golden", asdict(manifest.golden)),
        *(_parameter(parameter) for parameter in manifest.parameters),
        *(_program(program) for program in manifest.programs),
    ]
    return "\n".join(parts)


def _section(header: str, values: Mapping[str, object]) -> str:
    return f"[{header}]\n{_lines(values.items())}"


def _stage(name: str, contract: StageContract) -> str:
    states = (f"\n[[stages.{name}.states]]\n{_lines(asdict(state).items())}" for state in contract.states)
    return f"[stages.{name}]\nfile = {_value(contract.file)}\n" + "".join(states)


def _parameter(parameter: Parameter) -> str:
    return f"[[parameters]]\n{_lines(asdict(parameter).items())}"


def _program(program: Program) -> str:
    values = {key: value for key, value in asdict(program).items() if value is not None}
    if program.voice is not None:
        values["voice"] = _there(values["voice"])
    return f"[[programs]]\n{_lines(values.items())}"


def _there(values: Mapping[str, object]) -> dict[str, object]:
    """Without the columns that hold nothing: a reader takes them for not there."""
    return {name: value for name, value in values.items() if value != ()}


def _lines(items: Iterable[tuple[str, object]]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in items)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _value(key)


def _value(value: object) -> str:
    """One TOML value. JSON's escapes of printable text are TOML's too."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    raise TypeError(f"a manifest holds no {type(value).__name__}")
