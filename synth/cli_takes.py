"""`neume takes`: what was recorded live, rendered again, and recordings that were left unfinished."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the root command."""
    takes = typer.Typer(
        no_args_is_help=True, help="Live recordings: render them again, find unfinished ones."
    )
    takes.command("render")(render)
    takes.command("unfinished")(unfinished)
    app.add_typer(takes, name="takes")


def render(
    take: Annotated[Path, typer.Argument(help="The MIDI file of a take, NAME.take.mid.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The audio file; .wav, .flac or .ogg.")],
    bundle: Annotated[
        str | None, typer.Option("--bundle", "-b", help="Where the take's bundle is now, if not by its name.")
    ] = None,
    bits: Annotated[int | None, typer.Option(help="16, 24, or 32 for floating point (WAV).")] = None,
) -> None:
    """Render a take again: the same samples as were played live, if nothing disturbed the playing."""
    from .audio_file import AudioFile, audio_format
    from .bundle import open_named
    from .rack_rerender import chain_of
    from .stages import load_stages
    from .takes import read_recipe, read_take, take_audio

    recipe = read_recipe(take)
    if recipe is None:
        raise UsageError(f"{take}: is no take of a live recording; `neume render` is for other MIDI files")
    opened = open_named(bundle or recipe.bundle)
    pieces = take_audio(read_take(take), opened, load_stages(opened), make_chain=chain_of(take, recipe))
    file = AudioFile(output, audio_format(output, bits), recipe.rate_hz)
    try:
        for piece in pieces:
            file.write(piece)
        file.finish()
        file.publish()
    finally:
        file.discard()
    told = "" if recipe.exact else "; it is not exact: blocks were late, or the rack was changed while it ran"
    typer.echo(f"{output}: {file.samples / recipe.rate_hz:.1f} s{told}")


def unfinished(
    folder: Annotated[Path, typer.Argument(help="Where takes are recorded.")] = Path(),
) -> None:
    """List recordings that a crash or a full disk has left unfinished; each is readable as it is.

    `neume takes render` takes the MIDI file that is named, as of any take, with the rack beside it.
    """
    from .takes import unfinished_takes

    for found in unfinished_takes(folder):
        files = (path for path in (found.midi, found.rack) if path is not None)
        told = " and ".join(path.name for path in files)
        typer.echo(f"{found.audio}: {found.seconds:.1f} s{told and f'; can be rendered again from {told}'}")
