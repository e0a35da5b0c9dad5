"""Index and label files of data sets, read with limits: CSV, JSON, and the YAML that Slakh2100 writes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from neume.synth.errors import NeumeError

MAX_TEXT_BYTES: Final = 64 * 2**20  # the largest, the index of E-GMD, has 13 MiB
MAX_YAML_BYTES: Final = 2**20
MAX_ROWS: Final = 1_000_000

YamlValue = str | dict[str, Any]


def inside(root: Path, name: str | Path) -> Path:
    """The file `name` of a data set; one that lies outside its folder, links followed, is refused."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise NeumeError(f"{name}: lies outside the data set's folder; copy it there instead of linking")
    if not path.is_file():
        raise NeumeError(f"{name}: no such file in the data set's folder")
    return path


def read_text(path: Path, limit: int = MAX_TEXT_BYTES) -> str:
    """A UTF-8 text of bounded size, with or without a byte-order mark."""
    try:
        if not path.is_file():
            raise NeumeError(f"{path.name}: no such file")
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise NeumeError(f"{path.name}: larger than the allowed {limit} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise NeumeError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NeumeError(f"{path.name}: is not UTF-8 text") from None


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a header that has at least `columns`."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), restval="")
    try:
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise NeumeError(f"{path.name}: no column {', '.join(sorted(missing))} in it")
        rows = []
        for row in reader:
            rows.append({name: row[name] for name in columns})
            if len(rows) > MAX_ROWS:
                raise NeumeError(f"{path.name}: more than the allowed {MAX_ROWS} rows")
    except csv.Error as error:
        raise NeumeError(f"{path.name}: is not a CSV file: {error}") from None
    return rows


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise NeumeError(f"{path.name}: is not a JSON file") from None


def read_numbers(path: Path, columns: int) -> list[tuple[float, ...]]:
    """The rows of a text file of numbers between white space or commas, the first `columns` of each."""
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.replace(",", " ").split()
        if not fields:
            continue
        try:
            rows.append(tuple(float(field) for field in fields[:columns]))
        except ValueError:
            raise NeumeError(f"{path.name}: line {number} is not {columns} numbers") from None
        if len(rows[-1]) < columns:
            raise NeumeError(f"{path.name}: line {number} is not {columns} numbers")
    return rows


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file of nested block mappings with one-line values, as texts; no other YAML is understood.

    That is what Slakh2100's `metadata.yaml` holds. Anchors, tags, lists and flow mappings stay texts, so that
    nothing in a file makes anything but dictionaries of texts.
    """
    root: dict[str, Any] = {}
    open_mappings: list[tuple[int, dict[str, Any]]] = [(-1, root)]  # indent of the line above each, mapping
    for number, indent, key, text in _yaml_lines(path):
        while indent <= open_mappings[-1][0]:
            open_mappings.pop()
        mapping = open_mappings[-1][1]
        if key in mapping:
            raise NeumeError(f"{path.name}: line {number} repeats the key {key!r}")
        if text:
            mapping[key] = text.strip("'\"")
        else:
            mapping[key] = {}
            open_mappings.append((indent, mapping[key]))
    return root


def _yaml_lines(path: Path) -> Iterable[tuple[int, int, str, str]]:
    """Number, indent, key and value of each line."""
    for number, line in enumerate(read_text(path, MAX_YAML_BYTES).splitlines(), 1):
        content = line.strip()
        if not content or content.startswith(("#", "---")):
            continue
        key, colon, text = content.partition(":")
        if not colon or (text and not text.startswith(" ")) or line.startswith("\t"):
            raise NeumeError(f"{path.name}: line {number} is not `key: value`")
        yield number, len(line) - len(line.lstrip(" ")), key.strip("'\""), text.strip()
