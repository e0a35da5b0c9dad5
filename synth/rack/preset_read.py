"""Reading presets: a TOML text → a rack, every field and every rule between fields checked, all faults told.

The one place that checks a rack. Commands from other processes go through it too, by `checked`. Channels
count from 1 in the text, as musicians count, and from 0 in a `Rack`; parts, inserts and programs from 0 in
both.
"""

from __future__ import annotations

import re
import tomllib
from collections import abc
from pathlib import Path
from typing import Final

from ..bundle.manifest_programs import ID
from ..bundle.manifest_read import SEMVER
from ..errors import PresetError
from ..events import CHANNELS
from ..plugins import PLUGIN_ID
from .curves import FIXED, SHAPES, VelocityCurve
from .learn import NOT_LEARNT, Mapping
from .part import OMNI, PLUGIN_PREFIX, Insert, Part, Rack
from .preset_fields import Fields
from .preset_write import rack_values
from .ranges import (
    FIXED_VELOCITY,
    INSERT_VALUE,
    MASTER_GAIN_DB,
    MAX_INSERT_VALUES,
    MAX_INSERTS,
    MAX_MAPPINGS,
    PARTS,
    SCHEMA,
)
from .targets import BYPASSED, PARAMETER_ID, parse_target, usual_range

MAX_PRESET_BYTES: Final = 256 << 10  # the largest rack takes a third of it
MAX_NAME: Final = 60
MAX_DESCRIPTION: Final = 1000
INSTRUMENT: Final = re.compile(rf"{ID.pattern}|{PLUGIN_PREFIX}{PLUGIN_ID.pattern}")


def read_preset(path: Path) -> Rack:
    """The rack of a preset file. Raises `PresetError` with every fault found."""
    try:
        return parse_preset(_content(path).decode(), str(path))
    except UnicodeDecodeError:
        raise PresetError(str(path), ["is not UTF-8 text"]) from None
    except OSError as error:
        raise PresetError(str(path), [f"cannot be read: {error.strerror or error}"]) from None


def parse_preset(text: str, source: str) -> Rack:
    """The rack that a text describes; `source` names it in the error. Raises `PresetError`."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PresetError(source, [f"is not TOML: {error}"]) from error
    return read_rack(values, source)


def checked(rack: Rack) -> Rack:
    """The rack itself, if it could be a preset: what comes from another process is trusted after this.

    Raises `PresetError` with every fault found.
    """
    return read_rack(rack_values(rack), repr(rack.name))


def read_rack(values: abc.Mapping[str, object], source: str) -> Rack:
    """The rack of a preset's parsed TOML. Raises `PresetError` with every fault found."""
    faults: list[str] = []
    root = Fields(values, "", faults)
    if root.integer("schema", 0, 1 << 31) != SCHEMA:
        raise PresetError(source, faults or [f"schema: {values['schema']} came, this player reads {SCHEMA}"])
    rack = Rack(
        name=root.text("name", longest=MAX_NAME),
        description=root.text_or_empty("description", MAX_DESCRIPTION),
        parts=tuple(_part(table) for table in root.rows("parts", PARTS, least=1)),
        gain_db=root.number_or(0.0, "gain_db", *MASTER_GAIN_DB),
        inserts=_inserts(root),
        mappings=_mappings(root),
    )
    root.close()
    if not faults:
        _check_targets(root, rack)
    if faults:
        raise PresetError(source, faults)
    return rack


def _content(path: Path) -> bytes:
    """Of a regular file that is not too large."""
    if path.exists() and not path.is_file():
        raise PresetError(str(path), ["is not a file"])
    with path.open("rb") as stream:
        content = stream.read(MAX_PRESET_BYTES + 1)
    if len(content) > MAX_PRESET_BYTES:
        raise PresetError(str(path), [f"is too large: at most {MAX_PRESET_BYTES} bytes are allowed"])
    return content


def _part(table: Fields) -> Part:
    part = Part(
        name=table.text("name", longest=MAX_NAME),
        instrument=table.text("instrument", INSTRUMENT) if table.has("instrument") else "",
        bundle_version=table.text("bundle_version", SEMVER) if table.has("bundle_version") else "",
        channels=_channels(table),
        curve=_curve(table),
        inserts=_inserts(table),
        **table.ranged(),
    )
    table.close()
    for low, high in (("low_key", "high_key"), ("low_velocity", "high_velocity")):
        if table.clean and getattr(part, low) > getattr(part, high):
            table.fault(low, f"{getattr(part, low)} is above {high} = {getattr(part, high)}")
    if part.bundle_version and (not part.instrument or part.instrument.startswith(PLUGIN_PREFIX)):
        table.fault("bundle_version", "belongs to a bundle: name it as instrument")
    return part


def _channels(table: Fields) -> frozenset[int]:
    """From numbers that count from 1; all sixteen if they are left out."""
    if not table.has("channels"):
        return OMNI
    numbers = table.integers("channels", 1, CHANNELS, CHANNELS)
    if not numbers or len(set(numbers)) < len(numbers):
        table.fault("channels", f"must name at least one channel, each once; leave it out for all {CHANNELS}")
    return frozenset(number - 1 for number in numbers)


def _curve(table: Fields) -> VelocityCurve:
    shape = table.choice("curve", SHAPES) if table.has("curve") else SHAPES[0]
    if (shape == FIXED) != table.has("fixed_velocity"):
        table.fault("fixed_velocity", f'belongs to curve = "{FIXED}", and to that alone')
    velocity = table.integer("fixed_velocity", *FIXED_VELOCITY) if table.has("fixed_velocity") else None
    return VelocityCurve(shape, velocity)


def _inserts(table: Fields) -> tuple[Insert, ...]:
    return tuple(_insert(row) for row in table.rows("inserts", MAX_INSERTS))


def _insert(table: Fields) -> Insert:
    insert = Insert(table.text("effect", PLUGIN_ID), _values(table), table.flag(BYPASSED))
    table.close()
    return insert


def _values(table: Fields) -> dict[str, float]:
    if not table.has("values"):
        return {}
    values = table.table("values")
    names = values.keys()
    if len(names) > MAX_INSERT_VALUES:
        table.fault("values", f"has {len(names)} entries, at most {MAX_INSERT_VALUES} are allowed")
        return {}
    for name in names:
        if not PARAMETER_ID.fullmatch(name) or name == BYPASSED:
            values.fault(name, f"is no parameter's id: must match {PARAMETER_ID.pattern}, not {BYPASSED}")
    return {name: values.number(name, *INSERT_VALUE) for name in names}


def _mappings(root: Fields) -> tuple[Mapping, ...]:
    mappings = tuple(_mapping(table) for table in root.rows("mappings", MAX_MAPPINGS))
    if len({(mapping.channel, mapping.controller) for mapping in mappings}) < len(mappings):
        root.fault("mappings", "two of them have the same channel and controller")
    return mappings


def _mapping(table: Fields) -> Mapping:
    channel = table.integer("channel", 1, CHANNELS) - 1 if table.has("channel") else None
    controller = table.integer("controller", 0, 119)
    if controller in NOT_LEARNT:
        table.fault("controller", f"{controller} has a meaning of its own in MIDI, choose another")
    text = table.text("target")
    target = parse_target(text)
    if text and target is None:
        table.fault("target", f"{text!r} names nothing that a controller can turn")
    default = usual_range(text)
    low, high = default if target and target.bounds else INSERT_VALUE
    minimum = table.number_or(default[0], "minimum", low, high)
    maximum = table.number_or(default[1], "maximum", low, high)
    mapping = Mapping(channel, controller, text, minimum, maximum)
    table.close()
    if table.clean and mapping.minimum == mapping.maximum:
        table.fault("maximum", f"{mapping.maximum:g} is the minimum too: they must differ")
    return mapping


def _check_targets(root: Fields, rack: Rack) -> None:
    for index, mapping in enumerate(rack.mappings):
        target = parse_target(mapping.target)
        if target is None or not rack.holds(target):
            root.fault(
                f"mappings[{index}].target", f"{mapping.target!r}: the rack has no such part or insert"
            )
