"""What happens to rendered audio on its way into files: another rate, measuring, normalising.

Each step takes chunks `(samples, channels)` float32 and gives chunks; channels 0 and 1 are the mix, the rest
its stems. None holds more than a chunk in memory.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .audio_file import unwritable
from .loudness import LoudnessMeter, TruePeakMeter
from .render_options import RenderOptions

Float32 = NDArray[np.float32]
Chunks = Generator[Float32, None, None]
READ_SAMPLES: Final = 16_384


class MixMeters:
    """Integrated loudness and true peak of the mix, and the gain that normalising adds to both."""

    def __init__(self, rate_hz: int) -> None:
        self._loudness, self._true_peak = LoudnessMeter(rate_hz), TruePeakMeter(rate_hz)
        self.gain_db = 0.0

    def watch(self, chunks: Iterable[Float32]) -> Chunks:
        """Let the chunks through and measure them."""
        for chunk in chunks:
            self._loudness.add(chunk[:, :2])
            self._true_peak.add(chunk[:, :2])
            yield chunk
        self._true_peak.add(np.zeros((0, 2), np.float32), last=True)

    @property
    def lufs(self) -> float | None:
        """None if nothing was loud or long enough to be measured."""
        measured = self._loudness.lufs()
        return None if measured is None else measured + self.gain_db

    @property
    def true_peak_dbtp(self) -> float | None:
        """None for silence."""
        peak = self._true_peak.peak
        return None if peak == 0.0 else 20.0 * math.log10(peak) + self.gain_db


def resampled(chunks: Iterable[Float32], rate_hz: int, to_hz: int, channels: int) -> Chunks:
    """The same audio at another rate, aligned to it and as long."""
    if rate_hz == to_hz:
        yield from chunks
        return
    resampler = soxr.ResampleStream(rate_hz, to_hz, channels, dtype="float32", quality="VHQ")
    for chunk in chunks:
        yield resampler.resample_chunk(np.ascontiguousarray(chunk))
    yield resampler.resample_chunk(np.zeros((0, channels), np.float32), last=True)


def normalised(
    chunks: Iterable[Float32], meters: MixMeters, options: RenderOptions, channels: int, target: Path
) -> Chunks:
    """Hear everything out into a nameless file beside `target`, then give it at the gain asked for.

    `meters` must have watched `chunks`; afterwards they show the normalised levels. Raises `OutputError`.
    """
    try:
        with tempfile.TemporaryFile(dir=target.parent) as store:
            for chunk in chunks:
                store.write(np.ascontiguousarray(chunk).data)
            store.seek(0)
            meters.gain_db = normalising_gain_db(meters, options)
            gain = np.float32(10.0 ** (meters.gain_db / 20.0))
            while content := store.read(READ_SAMPLES * channels * 4):
                yield np.frombuffer(content, np.float32).reshape(-1, channels) * gain
    except OSError as error:
        raise unwritable(target, error) from None


def normalising_gain_db(meters: MixMeters, options: RenderOptions) -> float:
    """The gain that brings the mix to its target without lifting its true peak above the ceiling."""
    if meters.true_peak_dbtp is None:
        return 0.0
    room_db = options.ceiling_dbtp - meters.true_peak_dbtp
    if options.normalise == "lufs" and meters.lufs is not None:
        return min(room_db, options.target_lufs - meters.lufs)
    return room_db
