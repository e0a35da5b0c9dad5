"""Note tokens: the raw conditioning columns as network features, and sets of tokens, ragged or in slots.

Training packs the tokens of all frames one after another (`RaggedTokens`); playing has a fixed number of
slots a frame (`SlotTokens`). Both offer the same two verbs, so that every formula over notes is written
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neume.synth.conditioning import FEATURES
from neume.synth.excitation import wavetables
from neume.synth.mel import MelSpec
from neume.synth.voices import DRUM_PROGRAM

COLUMN: Final = {name: index for index, name in enumerate(FEATURES)}
AGE_SCALES: Final = 24
RELEASE_SCALES: Final = 16
VELOCITY_BUMPS: Final = 9
PITCH_STEPS: Final = 4  # rows of the harmonic template a semitone
DB_TO_LOG: Final = float(np.log(10.0) / 20.0)
UNUSED: Final = 200.0  # how far below others an unused slot's level lies, in natural log
_FREE: Final = float("inf")
# column, scale, shift, what a semitone of bend adds, least, most; the first `PLAIN` are features as they are.
_SCALED: Final = (
    ("velocity", 1 / 127, 0.0, 0.0, 0.0, _FREE),
    ("release_age_samples", 1.0, 1.0, 0.0, 0.0, 1.0),  # 1 once released: -1 stands for held
    ("program", 1.0, 1.0 - DRUM_PROGRAM, 0.0, 0.0, 1.0),  # 1 for drums
    ("level_db", 1 / 40, 1.0, 0.0, -2.0, _FREE),
    ("key", 1 / 32, -2.0, 1 / 32, -2.0, 63 / 32),
    ("modulation", 1.0, 0.0, 0.0, 0.0, 1.0),
    ("pressure", 1.0, 0.0, 0.0, 0.0, 1.0),
    ("sustain", 1.0, 0.0, 0.0, 0.0, 1.0),
    ("age_samples", 1 / 256, 0.0, 0.0, 0.0, 1.0),
    ("age_samples", 1 / 1024, 0.0, 0.0, 0.0, 1.0),
    ("key", 1.0, 0.0, 1.0, 0.0, 127.0),  # pitch
    ("key", 1.0, 129.0, 0.0, 129.0, 256.0),  # row of a drum's key, behind the melodic keys'
    ("age_samples", 1.0, 0.0, 0.0, 0.0, _FREE),
    ("release_age_samples", 1.0, 0.0, 0.0, 0.0, _FREE),
    ("level_db", DB_TO_LOG, 0.0, 0.0, -100.0 * DB_TO_LOG, _FREE),
)
PLAIN: Final = 10


class RaggedTokens:
    """`raw (pairs, features)`; pair `i` belongs to row `frame_of_pair[i]` of `frames` flattened frames."""

    def __init__(self, raw: Tensor, frame_of_pair: Tensor, frames: int) -> None:
        self.raw, self.frame_of_pair, self.frames = raw, frame_of_pair, frames

    def spread(self, per_frame: Tensor) -> Tensor:
        """`(frames, w)` → `(pairs, w)`."""
        return per_frame[self.frame_of_pair]

    def used(self, weight: Tensor) -> Tensor:
        """Positive weights of tokens, `(pairs, w)`, where every token is in use."""
        return weight

    def gained(self, level: Tensor) -> Tensor:
        """Levels of tokens in natural log, `(pairs, 1)`."""
        return level

    def total(self, per_token: Tensor) -> Tensor:
        """`(pairs, w)` → `(frames, w)`."""
        out = per_token.new_zeros(self.frames, per_token.shape[-1])
        return out.index_add(0, self.frame_of_pair, per_token)


class SlotTokens:
    """`raw (frames, slots, features)`, unused slots marked by their first column."""

    def __init__(self, raw: Tensor) -> None:
        self.raw = raw
        self.active = raw[..., :1]

    def spread(self, per_frame: Tensor) -> Tensor:
        """`(frames, w)` → `(frames, 1, w)`."""
        return per_frame[:, None]

    def used(self, weight: Tensor) -> Tensor:
        """Weights of tokens, `(frames, slots, w)`, 0 in unused slots: masked while they are few numbers."""
        return weight * self.active

    def gained(self, level: Tensor) -> Tensor:
        """Levels in natural log, `(frames, slots, 1)`, so low in unused slots that their power is 0."""
        return level + (self.active - 1.0) * UNUSED

    def total(self, per_token: Tensor) -> Tensor:
        """`(frames, slots, w)` → `(frames, w)`; what unused slots add must be 0 already."""
        return per_token.sum(dim=1)


Tokens = RaggedTokens | SlotTokens


@dataclass(frozen=True, slots=True)
class Noted:
    """Read off the raw columns: features `(..., width)`, log-mel shapes of harmonic tones at the bent pitches
    `(..., mels)`, zero for drums, and levels in natural log `(..., 1)`."""

    features: Tensor
    templates: Tensor
    level: Tensor


class TokenFeatures(nn.Module):
    """Raw columns to smooth features a network can read.

    A live block spends as long on the number of operations as on their size, so the columns are scaled and
    limited all at once, and a table's row and the step to the next one are looked up together.
    """

    def __init__(self, spec: MelSpec, program_width: int = 48, key_width: int = 40) -> None:
        super().__init__()
        self.program = nn.Embedding(DRUM_PROGRAM + 1, program_width)
        self.key = nn.Embedding(128 + 1, key_width)
        self.drum = nn.Embedding(128, key_width)
        age = np.geomspace(48, 480_000, AGE_SCALES)
        release = np.geomspace(64, 96_000, RELEASE_SCALES)
        self._keep("age_scale", 1.0 / age)
        self._keep("release_scale", 1.0 / release)
        self._keep("bump", np.linspace(0.0, 1.0, VELOCITY_BUMPS))
        self._keep("template_table", harmonic_templates(spec))
        columns, scale, shift, bend, least, most = zip(*_SCALED, strict=True)
        self.register_buffer("columns", torch.tensor([COLUMN[name] for name in columns]), persistent=False)
        for name, values in (("scale", scale), ("shift", shift), ("bend", bend)):
            self._keep(name, np.array(values))
        self._keep("least", np.array(least))
        self._keep("most", np.array(most))
        self.width = program_width + key_width + AGE_SCALES + RELEASE_SCALES + VELOCITY_BUMPS + PLAIN + 2

    def _keep(self, name: str, array: NDArray[np.float64] | NDArray[np.float32]) -> None:
        self.register_buffer(name, torch.from_numpy(array.astype(np.float32)), persistent=False)

    def forward(self, raw: Tensor, program_tables: Sequence[Tensor]) -> tuple[Noted, list[Tensor]]:
        """What the columns say, and each token's rows of tables `(129, anything)` with a row a program."""
        bend = raw[..., COLUMN["bend_semitones"], None] * self.bend
        scaled = raw.index_select(-1, self.columns) * self.scale + self.shift + bend
        scaled = torch.minimum(torch.maximum(scaled, self.least), self.most)
        plain, pitch, drum_row, age, release, level = scaled.split([PLAIN, 1, 1, 1, 1, 1], dim=-1)
        velocity, _, drum, _ = plain.split([1, 1, 1, PLAIN - 3], dim=-1)
        program = raw[..., COLUMN["program"]].long()
        keys = torch.cat([self.key.weight, self.drum.weight])
        turn = pitch * (2.0 * np.pi / 12.0)
        features = torch.cat(
            [
                self.program(program),
                _between(keys, torch.where(drum > 0.5, drum_row, pitch)),
                1.0 - torch.exp(-torch.cat([age * self.age_scale, release * self.release_scale], dim=-1)),
                torch.exp(-((velocity - self.bump) ** 2) * (2.0 * (VELOCITY_BUMPS - 1) ** 2)),
                plain,
                torch.sin(turn),
                torch.cos(turn),
            ],
            dim=-1,
        )
        templates = _between(self.template_table, pitch * PITCH_STEPS) * (1.0 - drum)
        return Noted(features, templates, level), [
            nn.functional.embedding(program, t) for t in program_tables
        ]


def _between(table: Tensor, position: Tensor) -> Tensor:
    """The table's rows at fractional positions `(..., 1)`, in a straight line from row to row."""
    steps = torch.cat([table[1:] - table[:-1], torch.zeros_like(table[:1])])
    below = position.floor()
    rows = nn.functional.embedding(below.squeeze(-1).long(), torch.cat([table, steps], dim=1))
    row, step = rows.chunk(2, dim=-1)
    return row + step * (position - below)


@lru_cache(maxsize=4)
def harmonic_templates(spec: MelSpec) -> NDArray[np.float32]:
    """Log-mel shape of the excitation's tone over its own smoothed level, `(128 * PITCH_STEPS + 2, mels)`."""
    tables = wavetables(spec.rate_hz)
    rows = []
    samples = 4 * spec.window_samples
    for step in range(128 * PITCH_STEPS + 2):
        pitch = min(step / PITCH_STEPS, 127.5)
        cycles = np.arange(samples) * 440.0 * 2.0 ** ((pitch - 69) / 12) / spec.rate_hz
        wave = np.interp((cycles % 1.0) * 4096, np.arange(4097), tables[min(127, int(np.ceil(pitch)))])
        level = spec.analyse(wave.astype(np.float32))[-8:].mean(axis=0)
        rows.append(np.maximum(level, -6.0) + 1.5)
    return np.stack(rows).astype(np.float32)
