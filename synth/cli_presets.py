"""`neume presets`: which presets there are, what is in one, and what is wrong with the bad ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .rack.preset_search import ListedPreset

presets = typer.Typer(
    help="List, show and check presets, the racks of instruments that Neume plays.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the root command."""
    app.add_typer(presets, name="presets")


@presets.command("list")
def list_(as_json: Json = False) -> None:
    """List every preset that can be found, bad ones with their faults.

    Looked for in your data folder and among the built-in ones, in this order; of two presets with the same
    name the first is played.
    """
    from .rack.preset_search import list_presets

    found = list_presets()
    if as_json:
        print(json.dumps([_record(preset) for preset in found], indent=2))
        return
    for preset in found:
        print("\n".join(_lines(preset)))


@presets.command()
def show(
    preset: Annotated[
        str, typer.Argument(help="The name of a preset, or its file (with a / or .toml in it).")
    ],
) -> None:
    """Print a preset as TOML, to read, or to change and save as one of your own.

    Your own presets lie in your data folder; a line on standard error tells the file that was shown.
    """
    from .rack.preset_read import read_preset
    from .rack.preset_search import find_preset
    from .rack.preset_write import preset_text

    path = find_preset(preset)
    print(preset_text(read_preset(path)), end="")
    print(f"neume: from {path}", file=sys.stderr)


@presets.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Preset files.", show_default=False)],
) -> None:
    """Check preset files. Exits with 1 if anything is wrong, and tells everything that is."""
    from .errors import PresetError
    from .rack.preset_read import read_preset

    bad = 0
    for file in files:
        try:
            rack = read_preset(file)
        except PresetError as error:
            bad += 1
            print("\n".join(f"neume: {file}: {fault}" for fault in error.faults), file=sys.stderr)
        else:
            print(f"{file}: good ({rack.name})")
    if bad:
        raise typer.Exit(1)


def _record(listed: ListedPreset) -> dict[str, object]:
    rack = listed.rack
    return {
        "name": listed.name,
        "title": rack.name if rack else None,
        "description": rack.description if rack else None,
        "parts": [part.name for part in rack.parts] if rack else [],
        "file": str(listed.path),
        "origin": listed.origin,
        "hidden": listed.hidden,
        "faults": list(listed.faults),
    }


def _lines(listed: ListedPreset) -> list[str]:
    """One preset as text: what it is, then where it is if it is not built in, then its faults."""
    place = f"  {listed.path} ({listed.origin}{', hidden by the one above' if listed.hidden else ''})"
    if listed.rack is None:
        return [f"{listed.name}: BAD", place, *(f"  - {fault}" for fault in listed.faults)]
    line = f"{listed.name}: {listed.rack.description or listed.rack.name}"
    return [line] if listed.origin == "built-in" and not listed.hidden else [line, place]
