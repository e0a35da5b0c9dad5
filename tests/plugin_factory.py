"""Packages with plug-ins, made discoverable as pip does it: modules and a `dist-info` folder on the path."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

EXAMPLE = Path(__file__).parent / "example_plugin"


def install_package(
    folder: Path,
    name: str,
    entry_points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str] | None = None,
    version: str = "1.0",
) -> None:
    """Write the metadata of a package, `entry_points` as group → id → target, and its modules."""
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    sections = [
        "\n".join([f"[{group}]", *(f"{key} = {target}" for key, target in entries.items())])
        for group, entries in entry_points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(sections) + "\n")
    for module, source in (modules or {}).items():
        (folder / f"{module}.py").write_text(source)


def install_example(folder: Path) -> None:
    """What `pip install --target FOLDER tests/example_plugin` leaves there, as its pyproject.toml says."""
    settings = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    install_package(folder, project["name"], project["entry-points"], version=project["version"])
    for package in settings["tool"]["setuptools"]["packages"]:
        shutil.copytree(EXAMPLE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
