"""What subscribers get: the engine's snapshots, and the mel frames that the model has made since the last."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray

from .errors import ControlError
from .rules import AtMost, Between

MAX_MELS: Final = 512
MAX_MEL_FRAMES: Final = 256  # of one chunk: 1.4 s of the default bundle, 68 kB as text
_SAMPLE: Final = np.dtype("<f2")
_LONGEST: Final = 4 * (MAX_MELS * MAX_MEL_FRAMES * _SAMPLE.itemsize // 3 + 1)


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
        text = binascii.b2a_base64(samples.tobytes(), newline=False).decode("ascii")
        return cls(first_frame, samples.shape[1], text)

    def __post_init__(self) -> None:
        count, rest = divmod(self._bytes, self.mels * _SAMPLE.itemsize)
        if rest or count > MAX_MEL_FRAMES:
            allowed = f"up to {MAX_MEL_FRAMES} frames of {self.mels} bands"
            raise ControlError(f"{self._bytes} bytes of mel frames; allowed: {allowed}")

    @property
    def next_frame(self) -> int:
        """The first after these."""
        return self.first_frame + self._bytes // (self.mels * _SAMPLE.itemsize)

    def frames(self) -> NDArray[np.float16]:
        """Shape `(frames, mels)`, read-only, finite. Raises ControlError for anything else."""
        try:
            samples = np.frombuffer(binascii.a2b_base64(self.float16, strict_mode=True), _SAMPLE)
            frames = samples.reshape(-1, self.mels)
        except (ValueError, binascii.Error) as error:
            raise ControlError(f"mel frames that cannot be read: {error}") from None
        if not np.isfinite(frames).all():
            raise ControlError("mel frames that are not finite")
        return frames

    @property
    def _bytes(self) -> int:
        return len(self.float16) // 4 * 3 - self.float16[-2:].count("=")
