"""Link the rooms under build/ns/neume/, so that type checkers find `neume.synth` where imports say it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def link_rooms(root: Path = ROOT) -> Path:
    """Make `root`/build/ns/neume hold one link for each room; returns build/ns."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    namespace = root / "build" / "ns"
    for package, folder in settings["package-dir"].items():
        link = namespace.joinpath(*package.split("."))
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to((root / folder).resolve(), target_is_directory=True)
    return namespace


if __name__ == "__main__":
    print(link_rooms())
