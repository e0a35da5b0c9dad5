"""The `neume` command: gathers the commands of all rooms and turns errors into one line each.

Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from typing import Annotated, Final

import typer

from . import cli_bench, cli_bundles, cli_engine, cli_play, cli_presets, cli_render, cli_takes
from .cli_errors import error_line, exit_code

COMMANDS_GROUP: Final = "neume.commands"

app = typer.Typer(
    name="neume",
    help="A real-time neural synthesizer: MIDI in, sound out.",
    no_args_is_help=True,
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


@app.callback()
def _root(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """A real-time neural synthesizer: MIDI in, sound out."""
