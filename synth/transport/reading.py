"""Reading a song in a process of its own: a long or hostile file costs the engine neither time nor memory.

The transport starts it as `python -m neume.synth.transport.reading RATE PATH`. It answers on its standard
output with a line of JSON, and after it the song's two arrays as they are.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import MidiFileError
from ..midi_file import MAX_FILE_BYTES, read_performance
from .song import MESSAGE_BYTES, Song, packed

MODULE: Final = "neume.synth.transport.reading"
LONGEST_READ_S: Final = 60.0
MAX_READER_BYTES: Final = 3 << 30  # of address space
FRAME_BYTES: Final = 8
FAULT: Final = "fault"


class SongReader:
    """Reads one song at a time.

    Threads: one calls `read`; any may call `close`, after which every read fails at once.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, path: Path) -> Song:
        """Raises MidiFileError, one line that names the file, for what cannot be played."""
        command = [sys.executable, "-m", MODULE, str(self._rate_hz), os.fspath(path)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ, OPENBLAS_NUM_THREADS="1"),
            start_new_session=True,  # Ctrl-C in a terminal is not for it
        )
        self._process = process
        if self._closed:
            process.kill()
        try:
            answer, _ = process.communicate(timeout=LONGEST_READ_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise MidiFileError(f"{path}: not read after {LONGEST_READ_S:g} s: it is too large") from None
        finally:
            self._process = None
        return _song(path, answer)

    def close(self) -> None:
        self._closed = True
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()


def _song(path: Path, answer: bytes) -> Song:
    line, _, rest = answer.partition(b"\n")
    try:
        head = json.loads(line)
    except ValueError:
        raise MidiFileError(f"{path}: the process that reads it has ended: it is too large") from None
    if FAULT in head:
        raise MidiFileError(head[FAULT])
    frames = head["events"] * FRAME_BYTES
    return Song(
        frames=np.frombuffer(rest[:frames], np.int64),
        messages=np.frombuffer(rest[frames:], np.uint8).reshape(-1, MESSAGE_BYTES),
        length_frames=head["length_frames"],
        warnings=tuple(head["warnings"]),
    )


def main() -> None:
    rate_hz, path = int(sys.argv[1]), sys.argv[2]
    _bound_memory()
    try:
        song = packed(read_performance(path, rate_hz))
    except MidiFileError as fault:
        _tell({FAULT: str(fault)})
        return
    except MemoryError:
        _tell({FAULT: f"{path}: too many events; a file of {MAX_FILE_BYTES} bytes may hold too many"})
        return
    head = {"events": len(song.frames), "length_frames": song.length_frames, "warnings": song.warnings}
    _tell(head, song.frames.tobytes(), song.messages.tobytes())


def _tell(head: dict[str, object], *content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # the engine has ended
        sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
        for piece in content:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_READER_BYTES, MAX_READER_BYTES))


if __name__ == "__main__":
    main()
