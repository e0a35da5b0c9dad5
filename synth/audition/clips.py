"""The clips of auditions that have been rendered before, kept on the disk within bounds.

In the user's cache, one FLAC file each; the name says what decides the sound. A clip that cannot be read, or
is not what it should be, is not there.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .phrases import PHRASES_VERSION

Float32 = NDArray[np.float32]
MAX_CACHE_BYTES: Final = 64 << 20
MAX_CLIPS: Final = 1024
LONGEST_CLIP_S: Final = 3.0
MAX_CLIP_BYTES: Final = 4 << 20
CHANNELS: Final = 2
SUFFIX: Final = ".flac"


@dataclass(frozen=True, slots=True)
class ClipKey:
    """What decides the samples of a clip. `digest`: SHA-256 of the bundle's manifest."""

    digest: str
    program: int
    rate_hz: int

    @property
    def file_name(self) -> str:
        return f"{self.digest}-{self.program}-{self.rate_hz}-{PHRASES_VERSION}{SUFFIX}"


class ClipCache:
    """A folder of clips. Any thread or process may call anything; the last used ones stay."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or platformdirs.user_cache_path("neume", appauthor=False) / "auditions"

    def load(self, key: ClipKey) -> Float32 | None:
        """The clip, `(samples, 2)`, or None."""
        path = self._folder / key.file_name
        try:
            if path.stat().st_size > MAX_CLIP_BYTES:
                return None
            limit = longest_samples(key.rate_hz)
            audio, rate_hz = soundfile.read(path, frames=limit + 1, dtype="float32", always_2d=True)
            os.utime(path)  # used just now
        except (OSError, soundfile.SoundFileError):
            return None
        whole = rate_hz == key.rate_hz and audio.shape[1] == CHANNELS and 0 < len(audio) <= limit
        return audio if whole else None

    def store(self, key: ClipKey, audio: Float32) -> None:
        """Keep a clip, `(samples, 2)`, if the disk takes it."""
        with contextlib.suppress(OSError, soundfile.SoundFileError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=SUFFIX, prefix=".", dir=self._folder)
            os.close(handle)
            draft = Path(name)
            try:
                soundfile.write(draft, audio, key.rate_hz, subtype="PCM_24", format="FLAC")
                draft.replace(self._folder / key.file_name)
            finally:
                draft.unlink(missing_ok=True)
            self._prune()

    def _prune(self) -> None:
        """Forget the clips that were used longest ago, until the rest is within bounds."""
        clips = [(path.stat(), path) for path in self._folder.glob(f"*{SUFFIX}")]
        clips.sort(key=lambda clip: clip[0].st_mtime, reverse=True)
        kept_bytes = 0
        for count, (status, path) in enumerate(clips, 1):
            kept_bytes += status.st_size
            if count > MAX_CLIPS or kept_bytes > MAX_CACHE_BYTES:
                path.unlink(missing_ok=True)


def longest_samples(rate_hz: int) -> int:
    return round(LONGEST_CLIP_S * rate_hz)
