"""Audio files as they are written: formats by suffix, samples rounded or dithered, nothing half-written.

The end of the chain for files. A file grows under a temporary name beside its target and is renamed when it
is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .errors import OutputError, UsageError

Float32 = NDArray[np.float32]
CHANNELS: Final = 2
PIECE_SAMPLES: Final = 16_384  # libsndfile's Vorbis encoder takes its buffers from the stack
WAV_LIMIT_BYTES: Final = 4_000_000_000  # RIFF counts its bytes in 32 bits
DITHER: Final = 3  # purpose in the generator's key, beside those of `noise`
CONTAINERS: Final = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}
SUBTYPES: Final[
    dict[str, dict[int | None, str]]
] = {  # container → bits → libsndfile's name; 32 bits are floating point
    "WAV": {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"},
    "FLAC": {16: "PCM_16", 24: "PCM_24"},
    "OGG": {None: "VORBIS"},
}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """A container and the bits of its samples: 16, 24, 32 for floating point, None for Vorbis."""

    container: str
    bits: int | None

    @property
    def subtype(self) -> str:
        return SUBTYPES[self.container][self.bits]

    def container_for(self, samples: int) -> str:
        """RF64, which every WAV reader of today knows, for what outgrows a WAV file."""
        too_long = samples * CHANNELS * ((self.bits or 0) // 8) > WAV_LIMIT_BYTES
        return "RF64" if self.container == "WAV" and too_long else self.container


def audio_format(path: Path, bits: int | None = None) -> AudioFormat:
    """The format that the suffix of `path` names; 24 bits unless `bits` says otherwise."""
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise UsageError(f"{path}: suffix {path.suffix!r} is unknown; allowed are {', '.join(CONTAINERS)}")
    if container == "OGG" and bits is not None:
        raise UsageError(
            f"{path}: an OGG file has no bits to choose; leave --bits out, or write .wav or .flac"
        )
    chosen = None if container == "OGG" else bits or 24
    if chosen not in SUBTYPES[container]:
        allowed = ", ".join(map(str, SUBTYPES[container]))
        raise UsageError(f"{path}: {chosen} bits; a {container} file takes {allowed}")
    return AudioFormat(container, chosen)


class AudioFile:
    """A stereo file that is being written. Close it in any case: with `finish`, or with `discard`.

    Every method raises `OutputError` with the system's reason if the file cannot be written.
    `clipped` counts the values above full scale that were cut.
    """

    def __init__(
        self, target: Path, form: AudioFormat, rate_hz: int, *, seed: int = 0, expected_samples: int = 0
    ) -> None:
        self.target = target
        self.samples = self.clipped = 0
        self.size = 0  # in bytes, once it is finished
        self._form = form
        self._dither = np.random.Generator(np.random.Philox(key=np.array([seed, DITHER], np.uint64)))
        self._temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            self._file = _PlainFile(self._temporary)
        except OSError as error:
            raise unwritable(target, error) from None
        try:
            self._sound = soundfile.SoundFile(
                self._file,
                "w",
                rate_hz,
                CHANNELS,
                form.subtype,
                format=form.container_for(expected_samples),
            )
        except BaseException as error:
            self._remove()
            raise self._explained(error) from error

    def write(self, audio: Float32) -> None:
        """Append `audio`, shape `(samples, 2)`, nominal -1 to 1."""
        for start in range(0, len(audio), PIECE_SAMPLES):
            piece = audio[start : start + PIECE_SAMPLES]
            try:
                self._sound.write(self._encoded(piece))
            except Exception as error:
                raise self._explained(error) from None
            if self._file.fault:
                raise unwritable(self.target, self._file.fault)
        self.samples += len(audio)

    def finish(self) -> None:
        """Bring everything to the disk, still under the temporary name."""
        try:
            self._sound.close()
            if not self._file.fault:
                self.size = self._file.sync()
        except Exception as error:
            raise self._explained(error) from None
        finally:
            self._file.close()
        if self._file.fault:
            raise unwritable(self.target, self._file.fault)

    def publish(self) -> None:
        """Give the finished file its name, replacing an older one."""
        try:
            os.replace(self._temporary, self.target)
        except OSError as error:
            raise unwritable(self.target, error) from None

    def discard(self) -> None:
        """Leave nothing of an unpublished file. Harmless after `publish`."""
        with contextlib.suppress(Exception):
            self._sound.close()
        self._remove()

    def _remove(self) -> None:
        self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _encoded(self, audio: Float32) -> NDArray[Any]:
        """What libsndfile is given: integers for PCM, so that rounding and clipping are ours."""
        if self._form.bits == 32:
            return audio
        self.clipped += int(np.count_nonzero(np.abs(audio) > 1.0))
        if self._form.bits is None:
            return np.clip(audio, -1.0, 1.0)
        full = 2 ** (self._form.bits - 1)
        scaled = audio.astype(np.float64) * full
        if self._form.bits == 16:  # triangular, two steps wide (Lipshitz, Wannamaker & Vanderkooy 1992)
            scaled += self._dither.random((*audio.shape, 2)) @ np.array([1.0, -1.0])
        rounded: NDArray[np.int32] = np.clip(np.rint(scaled), -full, full - 1).astype(np.int32)
        return rounded.astype(np.int16) if self._form.bits == 16 else rounded * 256

    def _explained(self, error: BaseException) -> BaseException:
        if self._file.fault:
            return unwritable(self.target, self._file.fault)
        if isinstance(error, soundfile.SoundFileError):
            return OutputError(f"{self.target}: cannot be written: {error}")
        return unwritable(self.target, error)


class _PlainFile:
    """A file for libsndfile to write through.

    An exception, Ctrl-C among them, would be lost in its C code: `fault` keeps it for the caller to raise.
    """

    def __init__(self, path: Path) -> None:
        self._raw = open(path, "wb+", buffering=0)  # noqa: SIM115 - closed by its owner
        self.fault: BaseException | None = None

    def write(self, content: bytes) -> int:
        waiting = memoryview(content)
        try:
            while waiting and not self.fault:
                waiting = waiting[self._raw.write(waiting) :]
        except BaseException as error:
            self.fault = error
        return len(content) - len(waiting)

    def read(self, size: int = -1) -> bytes:
        return self._raw.read(size) or b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def sync(self) -> int:
        """Everything to the disk; how many bytes that are."""
        os.fsync(self._raw.fileno())
        return os.fstat(self._raw.fileno()).st_size

    def close(self) -> None:
        self._raw.close()


def unwritable(path: Path, error: BaseException) -> BaseException:
    """What to raise for a fault of the system while `path` was written; other exceptions stay themselves."""
    if not isinstance(error, OSError):
        return error
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
