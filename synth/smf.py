"""The container of a Standard MIDI File: wrapper, header and chunks, forgiving what players forgive.

Pure: bytes in, frozen tracks out. `midi_file` opens the file before it and decodes the messages after it.
Follows the Standard MIDI Files 1.0 specification (MMA, RP-001) and, for RIFF wrappers, RP-029.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .errors import MidiFileError
from .smf_track import Track, read_track
from .tempo import Division

MAX_TRACKS: Final = 1024
FORMATS: Final = {0: "one track", 1: "simultaneous tracks", 2: "independent tracks"}
HEADER_BYTES: Final = 6
CHUNK_HEADER_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class SmfContent:
    """`sequential`: the tracks are independent sequences (format 2) rather than parallel ones."""

    sequential: bool
    division: Division
    tracks: tuple[Track, ...]
    warnings: tuple[str, ...]


def read_smf(content: bytes) -> SmfContent:
    """Read a whole file's bytes. Raises MidiFileError with a text that does not name the file."""
    warnings: list[str] = []
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        content = _unwrap(content)
        warnings.append("RIFF wrapper (RMID) taken off")
    smf_format, announced, division, start = _header(content)
    tracks = tuple(_tracks(content, start, announced, warnings))
    if not tracks:
        raise MidiFileError("no track in it; at least one is needed")
    if len(tracks) < announced:
        warnings.append(f"{announced} tracks announced, {len(tracks)} found")
    if smf_format == 0 and len(tracks) > 1:
        warnings.append(f"format 0 with {len(tracks)} tracks; played together as format 1")
    if not any(track.messages for track in tracks) and any(track.warnings for track in tracks):
        raise MidiFileError("damaged, and nothing playable in what can be read")
    return SmfContent(smf_format == 2, division, tracks, tuple(warnings))


def _unwrap(content: bytes) -> bytes:
    """The MIDI file in a RIFF file's `data` chunk (little-endian lengths, padded to even)."""
    position = 12
    while position + CHUNK_HEADER_BYTES <= len(content):
        name = content[position : position + 4]
        length = int.from_bytes(content[position + 4 : position + 8], "little")
        position += CHUNK_HEADER_BYTES
        if name == b"data":
            return content[position : position + length]
        position += length + length % 2
    raise MidiFileError("a RIFF file without a data chunk; allowed are RMID files with one")


def _header(content: bytes) -> tuple[int, int, Division, int]:
    """Format, number of tracks announced, division, and where the first chunk after the header begins."""
    if content[:4] != b"MThd":
        raise MidiFileError(f"not a MIDI file: it begins with {content[:4]!r}, a MIDI file with b'MThd'")
    length = int.from_bytes(content[4:8], "big")
    start = CHUNK_HEADER_BYTES + length
    if length < HEADER_BYTES or len(content) < start:
        raise MidiFileError(
            f"damaged header: {length} bytes announced in a file of {len(content)}; 6 are needed"
        )
    smf_format, announced, word = (int.from_bytes(content[at : at + 2], "big") for at in (8, 10, 12))
    if smf_format not in FORMATS:
        raise MidiFileError(f"format {smf_format}; allowed are 0, 1 and 2")
    if announced > MAX_TRACKS:
        raise MidiFileError(f"{announced} tracks; allowed are at most {MAX_TRACKS}")
    return smf_format, announced, Division.from_word(word), start


def _tracks(content: bytes, position: int, announced: int, warnings: list[str]) -> Iterator[Track]:
    """The announced tracks, as far as they are there. Chunks of other kinds are skipped, as RP-001 asks."""
    count = events = 0
    while count < announced and position + CHUNK_HEADER_BYTES <= len(content):
        start = position + CHUNK_HEADER_BYTES
        length = int.from_bytes(content[position + 4 : start], "big")
        if content[position : position + 4] == b"MTrk":
            count += 1
            track = read_track(content[start : start + length], events)
            events += track.events
            warnings.extend(f"track {count} {text}" for text in track.warnings)
            if start + length > len(content):
                warnings.append(
                    f"track {count} announces {length} bytes, the file has {len(content) - start}"
                )
                length = track.end_byte
            position = start + length
            yield track
        elif start + length <= len(content):
            position = start + length
        else:  # not a chunk: look for a track behind the junk
            position = content.find(b"MTrk", position + 1)
            if position < 0:
                warnings.append(f"junk after track {count}")
                return
            warnings.append(f"junk before byte {position}")
    if position < len(content) and count == announced:
        warnings.append(f"{len(content) - position} bytes of junk after the last track")
