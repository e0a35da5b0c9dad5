"""Recordings as the import hears them: mono, 48 kHz, a piece at a time, whatever their rate and channels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile  # type: ignore[import-untyped]
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from neume.synth.errors import NeumeError
from neume.synth.midi_file import MAX_DURATION_S

from .performance import RATE_HZ

Float32 = NDArray[np.float32]
RATES_HZ: Final = (8_000, 384_000)
MAX_CHANNELS: Final = 64
PIECE_SAMPLES: Final = 65_536


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, of allowed rate, channels and length; whatever is wrong with it is a NeumeError."""
    try:
        with soundfile.SoundFile(path) as file:
            if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1]:
                raise NeumeError(
                    f"{path.name}: {file.samplerate} Hz; allowed are {RATES_HZ[0]} to {RATES_HZ[1]}"
                )
            if file.channels > MAX_CHANNELS:
                raise NeumeError(f"{path.name}: {file.channels} channels; allowed are {MAX_CHANNELS}")
            if file.frames > MAX_DURATION_S * file.samplerate:
                raise NeumeError(f"{path.name}: longer than the allowed {MAX_DURATION_S // 3600} hours")
            yield file
    except (soundfile.SoundFileError, OSError) as error:
        raise NeumeError(f"{path.name}: is not a sound file that can be read: {error}") from None


def length_s(path: Path) -> float:
    """Length that the file's header states."""
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


def read_span(path: Path, start_s: float, seconds: float) -> Float32:
    """A part of a recording, `(samples,)`, shorter where the recording ends."""
    with _opened(path) as file:
        file.seek(min(round(start_s * file.samplerate), file.frames))
        audio = _mono(path, file.read(round(seconds * file.samplerate), "float32", always_2d=True))
        return np.asarray(soxr.resample(audio, file.samplerate, RATE_HZ), np.float32)


def windows(path: Path, samples: int) -> Iterator[Float32]:
    """The recording cut into arrays of `samples`, the last one shorter; memory does not grow with it."""
    kept: list[Float32] = []
    ready = 0
    for piece in _pieces(path):
        kept.append(piece)
        ready += len(piece)
        while ready >= samples:
            joined = np.concatenate(kept)
            yield joined[:samples]
            kept, ready = [joined[samples:]], ready - samples
    if ready:
        yield np.concatenate(kept)


def _pieces(path: Path) -> Iterator[Float32]:
    with _opened(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, RATE_HZ, 1, dtype="float32")
        while True:
            audio = _mono(path, file.read(PIECE_SAMPLES, "float32", always_2d=True))
            last = len(audio) < PIECE_SAMPLES
            yield audio if file.samplerate == RATE_HZ else resampler.resample_chunk(audio, last=last)
            if last:
                return


def _mono(path: Path, audio: Float32) -> Float32:
    """All channels averaged."""
    mixed = np.asarray(audio.mean(axis=1) if audio.size else audio[:, 0], np.float32)
    if not np.isfinite(mixed).all():
        raise NeumeError(f"{path.name}: holds samples that are no numbers")
    return mixed
