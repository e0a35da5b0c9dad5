"""What subscribers get beside snapshots: the mel frames and the sound made since the last ones, as text."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray

from .commands import RateHz
from .errors import ControlError
from .rules import AtMost, Between

MAX_MELS: Final = 512
MAX_MEL_FRAMES: Final = 256  # of one chunk: 1.4 s of the default bundle, 68 kB as text
MAX_WAVE_FRAMES: Final = 16_384  # of one chunk: 0.34 s at 48 kHz, 44 kB as text
_SAMPLE: Final = np.dtype("<f2")
_LONGEST: Final = 4 * (MAX_MELS * MAX_MEL_FRAMES * _SAMPLE.itemsize // 3 + 1)
_PCM: Final = np.dtype("<i2")
_FULL_SCALE: Final = 32_767
_LONGEST_WAVE: Final = 4 * (MAX_WAVE_FRAMES * _PCM.itemsize // 3 + 1)


@dataclass(frozen=True, slots=True)
class MelChunk:
    """Consecutive mel frames: natural log magnitudes as float16, which keeps them to 0.03 dB.

    `first_frame` counts hops since the engine's start. Raises ControlError for a text of no whole frames.
    """

    first_frame: Annotated[int, Between(0, 2**53)]
    mels: Annotated[int, Between(1, MAX_MELS)]
    float16: Annotated[str, AtMost(_LONGEST)]  # base64 of the little-endian samples, frame after frame

    @classmethod
    def of(cls, first_frame: int, frames: NDArray[np.floating]) -> Self:
        """`frames`: shape `(frames, mels)`, finite, at most `MAX_MEL_FRAMES` of them."""
        samples = np.ascontiguousarray(frames, _SAMPLE)
        if not np.isfinite(samples).all():
            raise ControlError(f"mel frames {first_frame} and on are not all finite")
        return cls(first_frame, samples.shape[1], _text(samples.tobytes()))

    def __post_init__(self) -> None:
        size = _byte_count(self.float16)
        count, rest = divmod(size, self.mels * _SAMPLE.itemsize)
        if rest or count > MAX_MEL_FRAMES:
            allowed = f"up to {MAX_MEL_FRAMES} frames of {self.mels} bands"
            raise ControlError(f"{size} bytes of mel frames; allowed: {allowed}")

    @property
    def next_frame(self) -> int:
        """The first after these."""
        return self.first_frame + _byte_count(self.float16) // (self.mels * _SAMPLE.itemsize)

    def frames(self) -> NDArray[np.float16]:
        """Shape `(frames, mels)`, read-only, finite. Raises ControlError for anything else."""
        try:
            frames = np.frombuffer(_bytes(self.float16), _SAMPLE).reshape(-1, self.mels)
        except ValueError as error:
            raise ControlError(f"mel frames that cannot be read: {error}") from None
        if not np.isfinite(frames).all():
            raise ControlError("mel frames that are not finite")
        return frames


@dataclass(frozen=True, slots=True)
class WaveChunk:
    """Consecutive samples of what is played, mixed down to mono, as 16 bits: for eyes, not for ears.

    `first_frame` counts samples since the engine's start, without those of blocks that were left out. Raises
    ControlError for a text of no whole samples.
    """

    first_frame: Annotated[int, Between(0, 2**53)]
    rate_hz: RateHz
    int16: Annotated[str, AtMost(_LONGEST_WAVE)]  # base64 of the little-endian samples

    @classmethod
    def of(cls, first_frame: int, rate_hz: int, samples: NDArray[np.int16]) -> Self:
        """`samples`: shape `(frames,)`, at most `MAX_WAVE_FRAMES` of them."""
        return cls(first_frame, rate_hz, _text(np.ascontiguousarray(samples, _PCM).tobytes()))

    def __post_init__(self) -> None:
        size = _byte_count(self.int16)
        count, rest = divmod(size, _PCM.itemsize)
        if rest or count > MAX_WAVE_FRAMES:
            raise ControlError(f"{size} bytes of waveform; allowed: up to {MAX_WAVE_FRAMES} samples")

    @property
    def next_frame(self) -> int:
        """The first after these."""
        return self.first_frame + _byte_count(self.int16) // _PCM.itemsize

    def samples(self) -> NDArray[np.float32]:
        """Shape `(frames,)`, within [-1, 1]. Raises ControlError for a text that holds none."""
        try:
            coded = np.frombuffer(_bytes(self.int16), _PCM)
        except ValueError as error:
            raise ControlError(f"a waveform that cannot be read: {error}") from None
        return np.asarray(np.maximum(coded / np.float32(_FULL_SCALE), -1.0), np.float32)


def wave_samples(block: NDArray[np.float32]) -> NDArray[np.int16]:
    """A stereo block `(frames, 2)` within [-1, 1] as a waveform's samples, shape `(frames,)`."""
    mono = (block[:, 0] + block[:, 1]) * np.float32(_FULL_SCALE / 2)
    return np.asarray(np.clip(np.rint(mono), -_FULL_SCALE, _FULL_SCALE), _PCM)


def _text(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode("ascii")


def _bytes(text: str) -> bytes:
    """Raises ValueError for a text that is not base64."""
    return binascii.a2b_base64(text, strict_mode=True)


def _byte_count(text: str) -> int:
    """Of the bytes that a text stands for, if it is base64."""
    return len(text) // 4 * 3 - text[-2:].count("=")
