"""A WAV file whose header is true after every write, so that a full disk or a killed process costs nothing.

Written here and not by libsndfile, whose header is right only when the file is closed. Layout: RIFF, a JUNK
chunk that becomes ds64 when the file outgrows 32 bits (EBU Tech 3306), fmt, fact where samples are floats,
data. All numbers are little-endian.
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..audio_file import CHANNELS
from ..errors import OutputError
from .growing_file import GrowingFile

Float32 = NDArray[np.float32]
PCM, IEEE_FLOAT = 1, 3  # format tags
FORMAT_TAGS: Final = {24: PCM, 32: IEEE_FLOAT}  # bits of a sample
RIFF_LIMIT_BYTES: Final = 4_000_000_000  # RIFF counts its bytes in 32 bits; beyond, the file is an RF64
IN_DS64: Final = 0xFFFFFFFF  # a 32-bit length whose true value stands in the ds64 chunk
FULL_SCALE_24: Final = 2**23


class GrowingWav:
    """A stereo file that any reader can open while it grows. Not thread-safe.

    `bits`: 24, rounded without dither, or 32 for floating point. `frames` have been written. Raises
    OutputError with the system's reason; the frames that were written until then are in the file. Raises
    FileExistsError if `path` is there already.
    """

    def __init__(self, path: Path, target: Path, rate_hz: int, bits: int = 24) -> None:
        self.frames = 0
        self._rate_hz, self._bits = rate_hz, bits
        self._frame_bytes = CHANNELS * bits // 8
        self.file = GrowingFile(path, target)
        self._header_bytes = len(self._header())
        try:
            self.file.write_at(0, self._header())
        except OutputError:
            self.file.discard()
            raise

    def write(self, audio: Float32) -> None:
        """Append `audio`, shape `(frames, 2)`, nominal -1 to 1."""
        end = self._header_bytes + self.frames * self._frame_bytes
        try:
            self.file.write_at(end, self._encoded(audio))
        except OutputError:
            self._settle()
            raise
        self.frames += len(audio)
        self.file.write_at(0, self._header())

    def _settle(self) -> None:
        """After a write that was cut off: keep its whole frames. The header has its place on the disk."""
        self.frames = (self.file.size - self._header_bytes) // self._frame_bytes
        with contextlib.suppress(OutputError):  # a file system may refuse even this: the old header is true
            self.file.cut(self._header_bytes + self.frames * self._frame_bytes)
            self.file.write_at(0, self._header())

    def _encoded(self, audio: Float32) -> bytes:
        if self._bits == 32:
            return audio.astype("<f4", copy=False).tobytes()
        scaled = np.rint(audio.astype(np.float64) * FULL_SCALE_24)
        whole = np.clip(scaled, -FULL_SCALE_24, FULL_SCALE_24 - 1).astype("<i4")
        return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()

    def _header(self) -> bytes:
        data_bytes = self.frames * self._frame_bytes
        form = struct.pack(
            "<4sIHHIIHH",
            *(b"fmt ", 16, FORMAT_TAGS[self._bits], CHANNELS),
            *(self._rate_hz, self._rate_hz * self._frame_bytes, self._frame_bytes, self._bits),
        )
        large = data_bytes > RIFF_LIMIT_BYTES
        if FORMAT_TAGS[self._bits] == IEEE_FLOAT:
            form += struct.pack("<4sII", b"fact", 4, IN_DS64 if large else self.frames)
        riff_bytes = 4 + 36 + len(form) + 8 + data_bytes
        if large:
            top = struct.pack("<4sI4s", b"RF64", IN_DS64, b"WAVE")
            top += struct.pack("<4sIQQQI", b"ds64", 28, riff_bytes, data_bytes, self.frames, 0)
            return top + form + struct.pack("<4sI", b"data", IN_DS64)
        top = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + struct.pack("<4sI28x", b"JUNK", 28)
        return top + form + struct.pack("<4sI", b"data", data_bytes)
