"""Writing presets: a rack → TOML that a person can read, and a file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import OutputError
from .curves import LINEAR
from .learn import Mapping
from .part import OMNI, Insert, Part, Rack
from .ranges import PART_FLAGS, PART_INTEGERS, PART_NUMBERS, SCHEMA
from .targets import usual_range

RACKS_KEPT: Final = 4  # with their texts


class _Recent:
    """The texts of the last racks, since several want that of the same one and making it takes milliseconds.

    A rack is known by being the same object: equal ones may be told differently, 1 and 1.0. Any thread may
    call; two at once lose one of their entries at most.
    """

    def __init__(self) -> None:
        self._texts: tuple[tuple[Rack, str], ...] = ()  # replaced as a whole

    def text(self, rack: Rack) -> str:
        for known, text in self._texts:
            if known is rack:
                return text
        made = _told_in_toml(rack)
        self._texts = ((rack, made), *self._texts[: RACKS_KEPT - 1])
        return made


_recent: Final = _Recent()


def preset_text(rack: Rack) -> str:
    """The TOML text of a rack, ending with a line feed; `parse_preset` reads an equal rack from it."""
    return _recent.text(rack)


def _told_in_toml(rack: Rack) -> str:
    import tomlkit  # here, because the reader needs this module and never writes

    return tomlkit.dumps(rack_values(rack)).strip("\n") + "\n"


def write_preset(rack: Rack, path: Path) -> None:
    """Write a preset file in one step: whatever happens, `path` holds the old file or the new one.

    Makes the folder if it is missing. Raises `OutputError` with the system's reason.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    content = preset_text(rack).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def rack_values(rack: Rack) -> dict[str, object]:
    """A rack as the values of its TOML text, in reading order; what is at its default is left out."""
    values: dict[str, object] = {"schema": SCHEMA, "name": rack.name}
    values |= _told(rack, Rack("", ()), ("description", "gain_db"))
    values["parts"] = [_part_values(part) for part in rack.parts]
    values |= _insert_values(rack.inserts)
    if rack.mappings:
        values["mappings"] = [_mapping_values(mapping) for mapping in rack.mappings]
    return values


def _part_values(part: Part) -> dict[str, object]:
    default = Part("")
    values: dict[str, object] = {"name": part.name}
    values |= _told(part, default, ("instrument", "bundle_version"))
    if part.channels != OMNI:
        values["channels"] = [channel + 1 for channel in sorted(part.channels)]
    values |= _told(part, default, tuple(PART_INTEGERS))
    if part.curve != LINEAR:
        values["curve"] = part.curve.shape
    if part.curve.fixed_velocity is not None:
        values["fixed_velocity"] = part.curve.fixed_velocity
    values |= _told(part, default, (*PART_NUMBERS, *PART_FLAGS))
    return values | _insert_values(part.inserts)


def _insert_values(inserts: Sequence[Insert]) -> dict[str, object]:
    rows = []
    for insert in inserts:
        row: dict[str, object] = {"effect": insert.effect} | _told(insert, Insert(""), ("bypassed",))
        rows.append(row | ({"values": dict(insert.values)} if insert.values else {}))
    return {"inserts": rows} if rows else {}


def _mapping_values(mapping: Mapping) -> dict[str, object]:
    channel = {} if mapping.channel is None else {"channel": mapping.channel + 1}
    values = {**channel, "controller": mapping.controller, "target": mapping.target}
    usual = Mapping(None, 0, "", *usual_range(mapping.target))
    return values | _told(mapping, usual, ("minimum", "maximum"))


def _told(record: object, default: object, names: Sequence[str]) -> dict[str, object]:
    """The named fields that differ from the default's."""
    values = {name: getattr(record, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(default, name)}
