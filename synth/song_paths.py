"""Which MIDI files the arguments of a command mean, and where their audio goes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import NeumeError, OutputError, UsageError

SONG_SUFFIXES: Final = (".mid", ".midi", ".kar", ".smf")


@dataclass(frozen=True, slots=True)
class FoundSong:
    """A song, and its path below the folder that was searched; only its name if it was named itself."""

    path: Path
    below: Path


def find_songs(arguments: Iterable[str]) -> tuple[list[FoundSong], list[NeumeError]]:
    """Files, all songs in folders and below, and patterns with `*`, `?`, `**`; each song once.

    A file that does not exist is listed all the same: whoever opens it tells. What a folder or a pattern
    lacks comes back as errors.
    """
    songs: dict[Path, FoundSong] = {}
    errors: list[NeumeError] = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            found = [FoundSong(file, file.relative_to(path)) for file in _songs_below(path)]
        elif path.exists() or not glob.has_magic(argument):
            found = [FoundSong(path, Path(path.name))]
        else:
            matches = (Path(match) for match in sorted(glob.glob(argument, recursive=True)))
            found = [FoundSong(match, Path(match.name)) for match in matches if match.is_file()]
        if not found:
            what = f"no {', '.join(SONG_SUFFIXES)} file in it" if path.is_dir() else "no file matches"
            errors.append(UsageError(f"{argument}: {what}"))
        for song in found:
            songs.setdefault(Path(os.path.realpath(song.path)), song)
    return list(songs.values()), errors


def place_outputs(
    songs: Iterable[FoundSong], output: Path | None, folder: Path | None, suffix: str
) -> tuple[list[tuple[Path, Path]], list[NeumeError]]:
    """Pairs of song and audio file: `output` for a single song, else in `folder`, else beside the song.

    `output` may name an existing folder. Two songs for the same file: the first gets it, the other is an
    error. Raises UsageError for options that contradict each other.
    """
    songs = list(songs)
    if output is not None and folder is not None:
        raise UsageError("-o and --out-dir contradict each other; give one of them")
    if output is not None and output.is_dir():
        output, folder = None, output
    if output is not None and len(songs) > 1:
        raise UsageError(f"-o {output} is one file for {len(songs)} songs; give a folder with --out-dir")
    placed: dict[Path, Path] = {}
    errors: list[NeumeError] = []
    for song in songs:
        beside = song.path if folder is None else folder / song.below
        target = output or beside.with_name(beside.stem + suffix)
        taken = placed.setdefault(target, song.path)
        if taken != song.path:
            errors.append(OutputError(f"{song.path}: its output {target} is that of {taken} already"))
    return [(song, target) for target, song in placed.items()], errors


def make_folder(folder: Path) -> None:
    """Raises `OutputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror or error}") from None


def _songs_below(folder: Path) -> list[Path]:
    """Hidden files and folders left out."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SONG_SUFFIXES and path.is_file())
    return sorted(
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
