"""The files of a take under their names: audio, beside it MIDI, and the rack if one was played.

gig.wav  gig.take.mid  gig.take.toml    finished
gig.unfinished.wav  .mid  .toml         while they grow, and what a killed process leaves behind
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ..audio_file import PIECE_SAMPLES, AudioFile, AudioFormat, audio_format
from ..errors import OutputError, UsageError
from ..events import MidiEvent
from .midi_take import write_take
from .ownership import is_owned
from .periodic import give_way
from .recipe import Recipe

Float32 = NDArray[np.float32]
BITS: Final = {".wav": (24, 32), ".flac": (24,)}  # of a take's samples, by suffix; 32 for floating point
MIDI_SUFFIX: Final = ".take.mid"  # so that a take never replaces the song that it may be called after
RACK_SUFFIX: Final = ".toml"  # in place of the MIDI file's
UNFINISHED: Final = ".unfinished"
PIECE_BREATH_S: Final = 0.001  # about what a piece of audio takes to write


@dataclass(frozen=True, slots=True)
class UnfinishedTake:
    """What a process that was killed has recorded: readable, only its name is not final. `rack` is what the
    MIDI was played with, None if every channel was as it is."""

    audio: Path
    midi: Path | None
    rack: Path | None
    seconds: float


def midi_path(audio: Path) -> Path:
    """Where the MIDI of a finished take is."""
    return audio.with_name(audio.stem + MIDI_SUFFIX)


def rack_path(audio: Path) -> Path:
    """Where the rack of a finished take is: `gig.take.toml` beside `gig.wav` and `gig.take.mid`."""
    return midi_path(audio).with_suffix(RACK_SUFFIX)


def unfinished_path(target: Path, number: int = 1) -> Path:
    """The name under which a take's WAV grows, beside its target; others follow where it is taken."""
    return target.with_name(f"{target.stem}{'' if number == 1 else f' {number}'}{UNFINISHED}.wav")


def check_target(target: Path, bits: int = 24) -> None:
    """Raises UsageError for a suffix or bits that no take has, OutputError where a folder is in the way."""
    allowed = BITS.get(target.suffix.lower())
    if allowed is None:
        raise UsageError(f"{target}: suffix {target.suffix!r}; a take is a {' or '.join(BITS)} file")
    if bits not in allowed:
        shown = " or ".join(map(str, allowed))
        raise UsageError(f"{target}: {bits} bits; a take in a {target.suffix} file has {shown}")
    for path in (target, midi_path(target), rack_path(target)):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; choose another name")


def save_take(target: Path, recipe: Recipe, events: Iterable[MidiEvent], pieces: Iterable[Float32]) -> None:
    """Write a take's files, 24 bits. Raises OutputError, and then leaves what was there before."""
    form = audio_format(target)
    audio = AudioFile(target, form, recipe.rate_hz, expected_samples=recipe.frames)
    try:
        for piece in give_way(pieces, every=1, breath_s=PIECE_BREATH_S):
            audio.write(piece)
        audio.finish()
        name = midi_path(target)
        temporary = name.with_name(f".{name.name}.{os.getpid()}.part")
        temporary.unlink(missing_ok=True)
        midi = write_take(temporary, name, recipe, events)
        try:
            audio.publish()
            midi.publish()
        finally:
            midi.discard()
    finally:
        audio.discard()


def encode_flac(wav: Path, target: Path, rate_hz: int) -> None:
    """The samples of a 24-bit WAV file as FLAC. Raises OutputError, and then leaves what was there before."""
    audio = AudioFile(target, AudioFormat("FLAC", 24), rate_hz)
    try:
        with soundfile.SoundFile(wav) as source:
            blocks = source.blocks(PIECE_SAMPLES, dtype="float32", always_2d=True)
            for piece in give_way(blocks, every=1, breath_s=PIECE_BREATH_S):
                audio.write(piece)
        audio.finish()
        audio.publish()
    except soundfile.SoundFileError as error:
        raise OutputError(f"{wav}: cannot be read back: {error}") from None
    finally:
        audio.discard()


def unfinished_takes(folder: Path) -> tuple[UnfinishedTake, ...]:
    """What killed processes have left behind in `folder`, by name; takes that are being recorded left out."""
    found = (path for path in folder.glob(f"*{UNFINISHED}.wav") if path.is_file() and not is_owned(path))
    return tuple(_unfinished(path) for path in sorted(found))


def _unfinished(audio: Path) -> UnfinishedTake:
    midi, rack = audio.with_suffix(".mid"), audio.with_suffix(RACK_SUFFIX)
    try:
        seconds = soundfile.info(audio).duration
    except soundfile.SoundFileError:  # killed before it had a header
        seconds = 0.0
    return UnfinishedTake(audio, midi if midi.is_file() else None, rack if rack.is_file() else None, seconds)
