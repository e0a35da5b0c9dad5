"""`neume panel`: opens the window. Registered as a command of `neume`; Qt is imported when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from neume.synth.cli import has_display
from neume.synth.errors import DeviceError

T = TypeVar("T")
LIBRARIES: Final = "libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0"


def register(app: typer.Typer) -> None:
    """Add the command of this file to the root command."""
    app.command()(panel)


def panel(
    engine: Annotated[
        str, typer.Option(help="Name of the engine that it shows and, if need be, starts.")
    ] = "main",
    screenshot: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Open no window: let an engine of its own play a demo, and save a picture of each view.",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Open the panel: choose instruments and play. The engine plays on when the panel is closed."""
    if screenshot is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is imported
        for picture in _from_qt(_screenshots)(screenshot):
            print(picture)
        return
    if not has_display():
        raise DeviceError("the panel needs a display, and DISPLAY names none; `neume play` plays without one")
    sys.exit(_from_qt(_run)(engine))


def _run() -> Callable[[str], int]:
    from .application import run_panel

    return run_panel


def _screenshots() -> Callable[[Path], list[Path]]:
    from .screenshots import take_screenshots

    return take_screenshots


def _from_qt(load: Callable[[], T]) -> T:
    """What `load` imports. Raises DeviceError where Qt or a library that it needs is missing."""
    try:
        return load()
    except ImportError as error:
        raise DeviceError(
            f"the panel's window cannot be opened: {error}; on Debian and Ubuntu: apt install {LIBRARIES}"
        ) from None
