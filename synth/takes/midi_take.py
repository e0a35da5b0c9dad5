"""A take's MIDI in one go: events to a MIDI file with sample-exact times and a recipe, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..errors import MidiFileError, UsageError
from ..events import MidiEvent
from ..midi_file import read_performance
from .event_bytes import with_panics
from .growing_file import GrowingFile
from .growing_midi import EVENTS_AT, HEAD, SLACK, TEXT, TRACK, TRACK_AT, GrowingMidi, clock_bytes
from .recipe import MAX_RECIPE_BYTES, Recipe, parse_recipe

TEXT_LENGTH_AT: Final = EVENTS_AT + 1 + len(TEXT)
HEAD_BYTES: Final = TEXT_LENGTH_AT + 4 + 32 + MAX_RECIPE_BYTES + SLACK + 7  # with the mark and the tempo


@dataclass(frozen=True, slots=True)
class RecordedTake:
    """A take's MIDI as it was read. `events` carry the renderer's frames; the first `recipe.chased` of them
    were not played, they set what had been set before."""

    recipe: Recipe
    events: tuple[MidiEvent, ...]
    end_frame: int
    warnings: tuple[str, ...]


def write_take(path: Path, target: Path, recipe: Recipe, events: Iterable[MidiEvent]) -> GrowingFile:
    """Write `events`, in order of their frames, to `path` and bring the file to the disk.

    Returns the file, still to be published as `target`. Raises OutputError, and then leaves nothing.
    """
    midi = GrowingMidi(path, target, recipe)
    try:
        midi.write(events, recipe.audio_frame + recipe.frames)
        midi.finish(recipe)
    except BaseException:
        midi.file.discard()
        raise
    return midi.file


def read_take(path: Path) -> RecordedTake:
    """Read a take's MIDI file. Raises MidiFileError, one line that names the file."""
    recipe = read_recipe(path)
    if recipe is None:
        raise MidiFileError(
            f"{path}: not a take of Neume; a take begins with its recipe, and its ticks are samples"
        )
    song = read_performance(path, recipe.rate_hz)
    start = recipe.start_frame
    events = tuple(replace(event, frame=start + event.frame) for event in with_panics(song.events))
    return RecordedTake(recipe, events, start + song.duration_frames, song.warnings)


def read_recipe(path: Path) -> Recipe | None:
    """The recipe in a take's MIDI file; None for any other MIDI file, such as a take that another program has
    saved with ticks of its own.

    Raises MidiFileError, one line that names the file, for a file that cannot be read, and for a recipe that
    is broken or of a version that this Neume does not know.
    """
    head = _head(path)
    text, tempo = _first_text(head)
    try:
        recipe = parse_recipe(text)
        if recipe is None or (head[len(HEAD) : TRACK_AT], tempo) != clock_bytes(recipe.rate_hz):
            return None
    except (MidiFileError, UsageError) as fault:
        raise MidiFileError(f"{path}: {fault}") from None
    return recipe


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise MidiFileError(f"{path}: no such file")
        with open(path, "rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise MidiFileError(f"{path}: cannot be read: {error.strerror or error}") from None


def _first_text(head: bytes) -> tuple[str, bytes]:
    """The text with which a take's only track begins, and the tempo event after it; empty for other files."""
    begins = head[TRACK_AT : TRACK_AT + len(TRACK)], head[EVENTS_AT:TEXT_LENGTH_AT]
    if not head.startswith(HEAD) or begins != (TRACK, b"\x00" + TEXT):
        return "", b""
    start, length = TEXT_LENGTH_AT, 0
    for byte in head[TEXT_LENGTH_AT : TEXT_LENGTH_AT + 4]:
        start, length = start + 1, length << 7 | byte & 0x7F
        if byte < 0x80:
            break
    text = head[start : start + length]
    return text.decode("latin-1"), head[start + length : start + length + 7]
