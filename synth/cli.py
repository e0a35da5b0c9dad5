"""The `neume` command: gathers the commands of all rooms and turns errors into one line each.

Without a command it opens the panel, where there is one and a display for it.
Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points, version
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from . import (
    cli_bench,
    cli_bundles,
    cli_devices,
    cli_doctor,
    cli_engine,
    cli_play,
    cli_presets,
    cli_render,
    cli_takes,
)
from .cli_errors import error_line, exit_code

COMMANDS_GROUP: Final = "neume.commands"
PANEL: Final = "panel"  # the command that stands in for none
DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")  # where not the system itself has one

app = typer.Typer(
    name="neume",
    help="A real-time neural synthesizer: MIDI in, sound out.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The player's own commands, in the order in which --help lists them.
cli_render.register(app)
cli_play.register(app)
cli_bench.register(app)
cli_bundles.register(app)
cli_presets.register(app)
cli_engine.register(app)
cli_takes.register(app)
cli_devices.register(app)
cli_doctor.register(app)


def main() -> None:
    """Run the command line and exit with its code. A user's error becomes one line on standard error."""
    load_commands(app)
    try:
        app(prog_name="neume")
    except Exception as error:
        line = error_line(error)
        if line is None:
            raise
        print(f"neume: {line}", file=sys.stderr)
        sys.exit(exit_code(error))


def load_commands(target: typer.Typer) -> None:
    """Let other rooms and installed packages add their commands: each entry point is called with the app.

    One that fails is told in a line and left out; it must not take the player down.
    """
    for entry in sorted(entry_points(group=COMMANDS_GROUP), key=lambda entry: entry.name):
        try:
            entry.load()(target)
        except Exception as error:
            reason = error_line(error) or f"{type(error).__name__}: {error}"
            print(
                f"neume: the commands of {entry.name!r} ({entry.value}) are missing: {reason}",
                file=sys.stderr,
            )


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"neume {version('neume')}")
        raise typer.Exit


def has_display(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened: always on Windows and macOS, elsewhere if a display is named."""
    return platform in ("win32", "darwin") or any(environment.get(name) for name in DISPLAYS)


@app.callback()
def _root(
    context: typer.Context,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """A real-time neural synthesizer: MIDI in, sound out."""
    if context.invoked_subcommand is None:
        _open_panel(context)


def _open_panel(context: typer.Context) -> None:
    """What `neume` alone does; where it cannot be, the help and a line about it."""
    assert isinstance(context.command, TyperGroup)
    panel = context.command.get_command(context, PANEL)
    if panel is None or not has_display():
        print(context.get_help())
        why = "it is not installed" if panel is None else "there is no display here (DISPLAY is not set)"
        print(f"neume: the panel cannot be opened: {why}; `neume play` plays without it", file=sys.stderr)
        return
    panel.main([], prog_name=f"neume {PANEL}", standalone_mode=False)
