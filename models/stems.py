"""One training stem: events as audio, excitation, mel frames and note tokens.

The very `NoteTable`, conditioning and excitation that play live make the inputs, so that training and playing
cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.conditioning import FEATURES
from neume.synth.events import MidiEvent
from neume.synth.hops import play_hops
from neume.synth.mel import MelSpec
from neume.synth.noise import white_noise
from neume.synth.notes import NoteTable
from neume.synth.voices import VoiceTable

from .fluid import FluidReference

SLOTS: Final = 64
ACTIVE: Final = FEATURES.index("active")
AUDIO_SCALE: Final = 16_384.0  # int16 per unit: 6 dB of headroom above full scale
NOTHING: Final = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Stem:
    """`frames` hops of one part.

    audio: `(frames, hop)` int16, `AUDIO_SCALE` per unit; excitation: `(frames, hop, 2)` float16; mel:
    `(frames, mels)` float16, natural log; tokens: `(pairs, features)` float32, the active slots of all
    frames one after another; offsets: `(frames + 1,)` int64, where each frame's tokens begin.
    """

    audio: NDArray[np.int16]
    excitation: NDArray[np.float16]
    mel: NDArray[np.float16]
    tokens: NDArray[np.float32]
    offsets: NDArray[np.int64]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for field in fields(self):
            np.save(folder / f"{field.name}.npy", getattr(self, field.name))

    @staticmethod
    def load(folder: Path) -> Stem:
        """Memory-mapped: pages are read when a batch asks for them."""
        arrays: dict[str, Any] = {
            field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r", allow_pickle=False)
            for field in fields(Stem)
        }
        return Stem(**arrays)


def render_stem(
    events: Sequence[MidiEvent],
    frames: int,
    reference: FluidReference,
    voices: VoiceTable,
    spec: MelSpec,
    noise_key: tuple[int, int],
) -> Stem:
    """Render events (sorted, on the reference's grid) into a stem of `frames` hops."""
    audio = reference.render_mono(events, frames * spec.hop_samples)
    return make_stem(audio, events, NoteTable(SLOTS, voices, spec.rate_hz), spec, noise_key)


def make_stem(
    audio: NDArray[np.float32],
    events: Sequence[MidiEvent],
    notes: NoteTable,
    spec: MelSpec,
    noise_key: tuple[int, int],
    start: int = 0,
    before: NDArray[np.float32] = NOTHING,
) -> Stem:
    """The stem of audio `(frames * hop,)` that begins at sample `start`, and of the events in it (sorted).

    `notes` holds what sounds at `start` already and goes on to the end, so that a long performance is cut
    into stems one after the other. `before`: samples just before `start`, a whole number of hops.
    """
    hop = spec.hop_samples
    frames = len(audio) // hop
    excitation = np.zeros((frames, hop, 2), np.float32)
    rows = np.zeros((frames, SLOTS, len(FEATURES)), np.float32)
    play_hops(notes, events, start, rows, excitation, np.zeros(frames, np.bool_))
    active = rows[..., ACTIVE] > 0.0
    excitation[..., 1] *= white_noise(*noise_key, 0, frames * hop).reshape(frames, hop)
    mel = spec.analyse(np.concatenate([before, audio]))[len(before) // hop :]
    return Stem(
        audio=np.clip(np.round(audio * AUDIO_SCALE), -32768, 32767).astype(np.int16).reshape(frames, hop),
        excitation=excitation.astype(np.float16),
        mel=mel.astype(np.float16),
        tokens=rows[active],
        offsets=np.concatenate([[0], np.cumsum(active.sum(axis=1))]),
    )
