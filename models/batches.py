"""Batches of stem crops, a pure function of (seed, rank, step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.conditioning import FEATURES
from neume.synth.errors import NeumeError
from neume.synth.mel import MelSpec

from .stems import AUDIO_SCALE, Stem

GAIN_RANGE_DB: Final = (-18.0, 0.0)  # only downwards: upwards would lift the floor too
GAIN_SHARE: Final = 0.5
SILENT_TRIES: Final = 4
GAIN_COLUMN: Final = FEATURES.index("gain_db")


@dataclass(frozen=True, slots=True)
class StemSet:
    """The finished stems of one or more data folders."""

    folders: tuple[Path, ...]

    @staticmethod
    def open(roots: Sequence[Path]) -> StemSet:
        folders = tuple(sorted(f for root in roots for f in root.glob("[0-9]*") if f.is_dir()))
        if not folders:
            raise NeumeError(f"no stems in {', '.join(map(str, roots))}: build a set with `neume data build`")
        return StemSet(folders)

    def stem(self, index: int) -> Stem:
        return _load(self.folders[index])

    def crop(self, rng: np.random.Generator, frames: int) -> tuple[Stem, int]:
        """A random stem and the first frame of a crop that mostly sounds."""
        for _ in range(SILENT_TRIES):
            stem = self.stem(int(rng.integers(len(self.folders))))
            start = int(rng.integers(0, len(stem.mel) - frames + 1))
            pairs = stem.offsets[start : start + frames + 1]
            if np.count_nonzero(np.diff(pairs)) > frames // 4:
                break
        return stem, start


@lru_cache(maxsize=4096)
def _load(folder: Path) -> Stem:
    return Stem.load(folder)


@dataclass(frozen=True, slots=True)
class AudioBatch:
    """audio `(b, f, hop)`, excitation `(b, f, hop, 2)`, mel `(b, f, mels)`, all float32."""

    audio: NDArray[np.float32]
    excitation: NDArray[np.float32]
    mel: NDArray[np.float32]


def audio_batch(stems: StemSet, seed: tuple[int, ...], size: int, frames: int, spec: MelSpec) -> AudioBatch:
    """Crops for the inverter, half of them at another level."""
    rng = np.random.default_rng(seed)
    audio, excitation, mel = [], [], []
    for _ in range(size):
        stem, start = stems.crop(rng, frames)
        part = slice(start, start + frames)
        gain_db = rng.uniform(*GAIN_RANGE_DB) if rng.random() < GAIN_SHARE else 0.0
        gain = np.float32(10.0 ** (gain_db / 20.0))
        audio.append(stem.audio[part].astype(np.float32) * (gain / AUDIO_SCALE))
        excitation.append(stem.excitation[part].astype(np.float32) * gain)
        shifted = stem.mel[part].astype(np.float32) + np.log(gain)
        mel.append(np.maximum(shifted, spec.log_floor))
    return AudioBatch(np.stack(audio), np.stack(excitation), np.stack(mel))


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """mel `(b, f, mels)`; tokens `(pairs, features)`; frame_of_pair `(pairs,)`, row of each pair in `b * f`;
    slot_of_pair `(pairs,)`, its place among its frame's tokens."""

    mel: NDArray[np.float32]
    tokens: NDArray[np.float32]
    frame_of_pair: NDArray[np.int64]
    slot_of_pair: NDArray[np.int64]


def token_batch(stems: StemSet, seed: tuple[int, ...], size: int, frames: int, spec: MelSpec) -> TokenBatch:
    """Crops for the spectrogram stage; a changed level is told to the model as a gain, as CC7 would."""
    rng = np.random.default_rng(seed)
    mels, tokens, rows, slots = [], [], [], []
    for index in range(size):
        stem, start = stems.crop(rng, frames)
        gain_db = rng.uniform(*GAIN_RANGE_DB) if rng.random() < GAIN_SHARE else 0.0
        offsets = stem.offsets[start : start + frames + 1]
        part = np.array(stem.tokens[offsets[0] : offsets[-1]])
        part[:, GAIN_COLUMN] += gain_db
        counts = np.diff(offsets)
        row = np.repeat(np.arange(frames), counts)
        tokens.append(part)
        rows.append(index * frames + row)
        slots.append(np.arange(len(part)) - np.repeat(offsets[:-1] - offsets[0], counts))
        shifted = stem.mel[start : start + frames].astype(np.float32) + np.float32(
            gain_db * np.log(10.0) / 20.0
        )
        mels.append(np.maximum(shifted, spec.log_floor))
    return TokenBatch(np.stack(mels), np.concatenate(tokens), np.concatenate(rows), np.concatenate(slots))
