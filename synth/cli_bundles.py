"""`neume bundles`: which bundles there are, what is wrong with the bad ones, and installing others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import BundleError

if TYPE_CHECKING:
    from .bundle import ListedBundle

bundles = typer.Typer(
    help="List, check and install bundles, the trained models that Neume plays.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the root command."""
    app.add_typer(bundles, name="bundles")


@bundles.command("list")
def list_(as_json: Json = False) -> None:
    """List every bundle that can be found, bad ones with their faults.

    Looked for in the folders of NEUME_BUNDLES, in your data folder, and among the built-in ones, in this
    order; of two bundles with the same name the first is played.
    """
    from .bundle import list_bundles
    from .bundle.search import search_folders

    found = list_bundles()
    if as_json:
        print(json.dumps([_record(bundle) for bundle in found], indent=2))
        return
    for bundle in found:
        print("\n".join(_lines(bundle)))
    if not found:
        folders = ", ".join(str(root) for _, root in search_folders())
        print(f"no bundle in {folders}", file=sys.stderr)


@bundles.command()
def check(
    bundle: Annotated[str, typer.Argument(help="The name of a bundle, or its folder (with a / in it).")],
    golden: Annotated[
        bool, typer.Option("--golden", help="Also play the golden performance and compare it with its audio.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a bundle: manifest, files, hashes, models, and a block of silence through each model.

    Exits with 1 if anything is wrong, and tells everything that is.
    """
    from .bundle import open_named
    from .golden import golden_faults
    from .stages import load_stages

    faults: list[str] = []
    name = bundle
    try:
        opened = open_named(bundle)
        info = opened.manifest.bundle
        name = f"{info.id} {info.version}"
        stages = load_stages(opened)
        if golden:
            faults += golden_faults(opened, stages)
    except BundleError as error:
        faults = error.faults
    if as_json:
        print(json.dumps({"bundle": name, "good": not faults, "faults": faults}, indent=2))
    elif faults:
        print("\n".join(f"neume: {bundle}: {fault}" for fault in faults), file=sys.stderr)
    else:
        print(f"{name}: good")
    if faults:
        raise typer.Exit(1)


@bundles.command()
def install(
    path: Annotated[Path, typer.Argument(help="A bundle's folder, or a zip archive of one.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a bundle of the same id.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Install a bundle into your data folder, from a folder or a zip archive.

    It is checked as `check` does before it becomes visible. Exits with 1 if anything is wrong, tells
    everything that is, and leaves nothing behind.
    """
    from .bundle.install import AlreadyInstalled, install_bundle
    from .stages import load_stages

    faults: list[str] = []
    text, folder = "", None
    try:
        done = install_bundle(path, replace=replace, check=load_stages)
        text, folder = f"{done.info.id} {done.info.version}: installed in {done.folder}", str(done.folder)
    except AlreadyInstalled as error:
        faults = [f"{error.faults[0]}; to install this one all the same, add --replace"]
    except BundleError as error:
        faults = error.faults
    if as_json:
        print(json.dumps({"source": str(path), "folder": folder, "faults": faults}, indent=2))
    elif faults:
        print("\n".join(f"neume: {path}: {fault}" for fault in faults), file=sys.stderr)
    else:
        print(text)
    if faults:
        raise typer.Exit(1)


def _record(listed: ListedBundle) -> dict[str, object]:
    info = listed.manifest.bundle if listed.manifest else None
    return {
        "name": listed.name,
        "title": info.name if info else None,
        "version": info.version if info else None,
        "licence": info.licence if info else None,
        "folder": str(listed.folder),
        "origin": listed.origin,
        "hidden": listed.hidden,
        "faults": list(listed.faults),
    }


def _lines(listed: ListedBundle) -> list[str]:
    """One bundle as text: what it is, where it is, then its faults."""
    hidden = ", hidden by the one above" if listed.hidden else ""
    place = f"  {listed.folder} ({listed.origin}{hidden})"
    if listed.manifest is None:
        return [f"{listed.name}: BAD", place, *(f"  - {fault}" for fault in listed.faults)]
    info = listed.manifest.bundle
    return [f"{info.id} {info.version}: {info.name} ({info.licence})", place]
