"""Note tokens: the raw conditioning columns as network features, and sets of tokens, ragged or in slots.

Training packs the tokens of all frames one after another (`RaggedTokens`); playing has a fixed number of
slots a frame (`SlotTokens`). Both offer the same two verbs, so that every formula over notes is written
once.
"""

from __future__ import annotations

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


class RaggedTokens:
    """`raw (pairs, features)`; pair `i` belongs to row `frame_of_pair[i]` of `frames` flattened frames."""

    def __init__(self, raw: Tensor, frame_of_pair: Tensor, frames: int) -> None:
        self.raw, self.frame_of_pair, self.frames = raw, frame_of_pair, frames

    def spread(self, per_frame: Tensor) -> Tensor:
        """`(frames, w)` → `(pairs, w)`."""
        return per_frame[self.frame_of_pair]

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

    def total(self, per_token: Tensor) -> Tensor:
        """`(frames, slots, w)` → `(frames, w)`."""
        return (per_token * self.active).sum(dim=1)


Tokens = RaggedTokens | SlotTokens


class TokenFeatures(nn.Module):
    """Raw columns to smooth features a network can read: `(..., features)` → `(..., width)`."""

    def __init__(self, spec: MelSpec, program_width: int = 48, key_width: int = 40) -> None:
        super().__init__()
        self.program = nn.Embedding(DRUM_PROGRAM + 1, program_width)
        self.key = nn.Embedding(128 + 1, key_width)
        self.drum = nn.Embedding(128, key_width)
        age = np.geomspace(48, 480_000, AGE_SCALES)
        release = np.geomspace(64, 96_000, RELEASE_SCALES)
        self.register_buffer("age_scale", torch.tensor(1.0 / age, dtype=torch.float32), persistent=False)
        self.register_buffer(
            "release_scale", torch.tensor(1.0 / release, dtype=torch.float32), persistent=False
        )
        self.register_buffer("bump", torch.linspace(0.0, 1.0, VELOCITY_BUMPS), persistent=False)
        self.register_buffer("template_table", torch.tensor(harmonic_templates(spec)), persistent=False)
        self.width = program_width + key_width + AGE_SCALES + RELEASE_SCALES + VELOCITY_BUMPS + 12

    def forward(self, raw: Tensor) -> Tensor:
        program, drum = self._program(raw)
        pitch = self._pitch(raw)
        below = pitch.floor()
        above_share = (pitch - below)[..., None]
        row = below.long()
        melodic = self.key(row) * (1.0 - above_share) + self.key(row + 1) * above_share
        hit = self.drum(raw[..., COLUMN["key"]].long())
        velocity = raw[..., COLUMN["velocity"], None] / 127.0
        age = raw[..., COLUMN["age_samples"], None]
        release = raw[..., COLUMN["release_age_samples"], None]
        released = (release >= 0.0).to(raw.dtype)
        rest = [
            velocity,
            released,
            drum,
            (raw[..., COLUMN["level_db"], None] / 40.0).clamp(min=-3.0) + 1.0,
            (pitch[..., None] - 64.0) / 32.0,
            raw[..., COLUMN["modulation"], None],
            raw[..., COLUMN["pressure"], None],
            raw[..., COLUMN["sustain"], None],
            (age * (1.0 / 256.0)).clamp(max=1.0),
            (age * (1.0 / 1024.0)).clamp(max=1.0),
            torch.sin(pitch[..., None] * (2.0 * np.pi / 12.0)),
            torch.cos(pitch[..., None] * (2.0 * np.pi / 12.0)),
        ]
        return torch.cat(
            [
                self.program(program),
                hit * drum + melodic * (1.0 - drum),
                1.0 - torch.exp(-age * self.age_scale),
                released * (1.0 - torch.exp(-release.clamp(min=0.0) * self.release_scale)),
                torch.exp(-((velocity - self.bump) ** 2) * (2.0 * (VELOCITY_BUMPS - 1) ** 2)),
                *rest,
            ],
            dim=-1,
        )

    def templates(self, raw: Tensor) -> Tensor:
        """Log-mel shape of a harmonic tone at each token's bent pitch, zero for drums: `(..., mels)`."""
        _, drum = self._program(raw)
        position = self._pitch(raw) * PITCH_STEPS
        below = position.floor()
        share = (position - below)[..., None]
        row = below.long()
        shape = self.template_table[row] * (1.0 - share) + self.template_table[row + 1] * share
        return shape * (1.0 - drum)

    def _program(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        program = raw[..., COLUMN["program"]].long()
        return program, (program == DRUM_PROGRAM).to(raw.dtype)[..., None]

    def _pitch(self, raw: Tensor) -> Tensor:
        return (raw[..., COLUMN["key"]] + raw[..., COLUMN["bend_semitones"]]).clamp(0.0, 127.0)


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
