"""Batches of stem crops, a pure function of (seed, rank, step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby
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
MAX_TEMPERATURE: Final = 100.0
GAIN_COLUMN: Final = FEATURES.index("gain_db")


@dataclass(frozen=True, slots=True)
class StemSet:
    """The finished stems of one or more data folders, and how a crop's folder is drawn.

    sets: the part of `folders` that each data folder has; temperature: a data folder of `n` stems is drawn
    with a probability in proportion to `n ** (1 / temperature)` (Raffel et al. 2020, section 3.5.2). At 1
    every stem is as likely as any other, whatever its folder; above it small folders are heard more often.
    """

    folders: tuple[Path, ...]
    sets: tuple[range, ...] = ()
    temperature: float = 1.0

    @staticmethod
    def open(roots: Sequence[Path], temperature: float = 1.0) -> StemSet:
        if not 1.0 <= temperature <= MAX_TEMPERATURE:
            raise NeumeError(f"temperature = {temperature}: give a number from 1 to {MAX_TEMPERATURE:g}")
        folders = tuple(sorted(f for root in roots for f in root.glob("[0-9]*") if f.is_dir()))
        if not folders:
            raise NeumeError(
                f"no stems in {', '.join(map(str, roots))}: build a set with `neume data build` "
                "or `neume data import`"
            )
        sizes = [len(list(group)) for _, group in groupby(folders, key=lambda folder: folder.parent)]
        ends = list(accumulate(sizes))
        return StemSet(folders, tuple(map(range, [0, *ends], ends)), temperature)

    def stem(self, index: int) -> Stem:
        return _load(self.folders[index])

    @property
    def names(self) -> tuple[str, ...]:
        """The data folders' own names, one a set."""
        return tuple(self.folders[part.start].parent.name for part in self.sets)

    @property
    def shares(self) -> NDArray[np.float64]:
        """How often each set is drawn, `(sets,)`, 1 in all."""
        weights = np.array([len(part) for part in self.sets]) ** (1.0 / self.temperature)
        return np.asarray(weights / weights.sum())

    def set_of(self, index: int) -> int:
        """The number of the set that a stem belongs to."""
        return next(number for number, part in enumerate(self.sets) if index in part)

    def draw(self, rng: np.random.Generator) -> int:
        """A random stem's index."""
        if len(self.sets) < 2 or self.temperature == 1.0:
            return int(rng.integers(len(self.folders)))
        part = self.sets[int(rng.choice(len(self.sets), p=self.shares))]
        return part[int(rng.integers(len(part)))]

    def crop(self, rng: np.random.Generator, frames: int) -> tuple[int, int]:
        """A random stem's index and the first frame of a crop that mostly sounds."""
        for _ in range(SILENT_TRIES):
            index = self.draw(rng)
            stem = self.stem(index)
            start = int(rng.integers(0, len(stem.mel) - frames + 1))
            pairs = stem.offsets[start : start + frames + 1]
            if np.count_nonzero(np.diff(pairs)) > frames // 4:
                break
        return index, start


@lru_cache(maxsize=4096)
def _load(folder: Path) -> Stem:
    return Stem.load(folder)


@dataclass(frozen=True, slots=True)
class AudioBatch:
    """audio `(b, f, hop)`, excitation `(b, f, hop, 2)`, mel `(b, f, mels)`, all float32; sets `(b,)`, the
    number of the set that each crop came from."""

    audio: NDArray[np.float32]
    excitation: NDArray[np.float32]
    mel: NDArray[np.float32]
    sets: NDArray[np.int64]


def audio_batch(stems: StemSet, seed: tuple[int, ...], size: int, frames: int, spec: MelSpec) -> AudioBatch:
    """Crops for the inverter, half of them at another level."""
    rng = np.random.default_rng(seed)
    audio, excitation, mel, sets = [], [], [], []
    for _ in range(size):
        chosen, start = stems.crop(rng, frames)
        stem = stems.stem(chosen)
        sets.append(stems.set_of(chosen))
        part = slice(start, start + frames)
        gain_db = rng.uniform(*GAIN_RANGE_DB) if rng.random() < GAIN_SHARE else 0.0
        gain = np.float32(10.0 ** (gain_db / 20.0))
        audio.append(stem.audio[part].astype(np.float32) * (gain / AUDIO_SCALE))
        excitation.append(stem.excitation[part].astype(np.float32) * gain)
        shifted = stem.mel[part].astype(np.float32) + np.log(gain)
        mel.append(np.maximum(shifted, spec.log_floor))
    return AudioBatch(np.stack(audio), np.stack(excitation), np.stack(mel), np.array(sets))


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """mel `(b, f, mels)`; tokens `(pairs, features)`; frame_of_pair `(pairs,)`, row of each pair in `b * f`;
    slot_of_pair `(pairs,)`, its place among its frame's tokens; sets `(b,)`, where each crop came from."""

    mel: NDArray[np.float32]
    tokens: NDArray[np.float32]
    frame_of_pair: NDArray[np.int64]
    slot_of_pair: NDArray[np.int64]
    sets: NDArray[np.int64]


def token_batch(stems: StemSet, seed: tuple[int, ...], size: int, frames: int, spec: MelSpec) -> TokenBatch:
    """Crops for the spectrogram stage; a changed level is told to the model as a gain, as CC7 would."""
    rng = np.random.default_rng(seed)
    mels, tokens, rows, slots, sets = [], [], [], [], []
    for index in range(size):
        chosen, start = stems.crop(rng, frames)
        stem = stems.stem(chosen)
        sets.append(stems.set_of(chosen))
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
    return TokenBatch(
        np.stack(mels),
        np.concatenate(tokens),
        np.concatenate(rows),
        np.concatenate(slots),
        np.array(sets),
    )
