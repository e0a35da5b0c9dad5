"""What a bundle says of itself: frozen records, read from `bundle.toml` by `bundle.parse_manifest`.

The manifest ties the two halves of the program together: training writes it beside the three ONNX models, the
player reads it and refuses models that differ from it. Nothing past the parser checks these values again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from .mel import MelSpec
from .voices import DRUM_PROGRAM, VoiceTable

SCHEMA: Final = 1
MANIFEST_NAME: Final = "bundle.toml"
CARD_NAME: Final = "card.md"
LICENCE_NAME: Final = "LICENSE"
STAGES: Final = ("spectrogram", "denoiser", "inverter")
ALL_PROGRAMS: Final = DRUM_PROGRAM + 1  # 128 melodic programs and the drum kit


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """Who the bundle is. `licence` is an SPDX expression or the licence's name; `version` is semantic."""

    id: str
    name: str
    version: str
    licence: str
    description: str


@dataclass(frozen=True, slots=True)
class EngineContract:
    """How the player must drive the models."""

    block_hops: int  # hops rendered by one call
    lookahead_hops: int  # the inverter emits hop i - lookahead_hops at frame i
    note_slots: int  # notes of one stream that can sound together
    slot_buckets: tuple[int, ...]  # slot counts the models are called with; the last is note_slots
    features: tuple[str, ...]  # columns of the conditioning, in order


@dataclass(frozen=True, slots=True)
class Sampling:
    """DDPM steps a player may choose from; 0 plays the mean alone.

    `texture` multiplies what the steps add to the mean, a number for each of `steps_allowed`; empty: all 1.
    """

    steps_allowed: tuple[int, ...]
    steps_default: int
    schedule: str
    texture: tuple[float, ...] = ()

    def texture_with(self, steps: int) -> float:
        """For one of `steps_allowed`."""
        return self.texture[self.steps_allowed.index(steps)] if self.texture else 1.0


@dataclass(frozen=True, slots=True)
class StateTensor:
    """A state that goes in as `name` and comes out as `next_name`; it starts as zeros.

    `shape` leaves out the leading axis of streams.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class StageContract:
    """One ONNX model: its file and the states it carries from call to call."""

    file: str
    states: tuple[StateTensor, ...]


@dataclass(frozen=True, slots=True)
class VoiceAnchors:
    """A program's measured notes at some keys, ascending; `VoiceTable.from_anchors` spreads them out."""

    keys: tuple[int, ...]
    decay_db_per_s: tuple[float, ...]
    release_db_per_s: tuple[float, ...]
    tuning_semitones: tuple[float, ...]
    settle_s: tuple[float, ...] = ()  # after which a held note fades no more; empty: it never stops
    phase_cycles: tuple[float, ...] = ()  # in which the excitation begins; empty: 0


@dataclass(frozen=True, slots=True)
class Program:
    """One program number and what really sounds for it.

    `substitute` is the trained program that plays it, its own number if it was trained itself; only such a
    program has a `voice`. `quality_db` is the measured log-mel distance, None if nobody measured it.
    """

    number: int
    name: str
    family: str
    substitute: int
    quality_db: float | None = None
    voice: VoiceAnchors | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A control that the bundle offers, in its own unit."""

    id: str
    name: str
    unit: str
    minimum: float
    maximum: float
    default: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the models come from. `parity_error`: largest difference of the ONNX from the trained models."""

    data: str
    data_licence: str
    code_version: str
    training_time_s: float
    parity_error: float
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Golden:
    """A MIDI file and the audio this bundle made of it.

    `tolerance_db`: level of the difference that a new rendering may show, relative to the golden audio.
    """

    midi: str
    audio: str
    seed: int
    steps: int
    tolerance_db: float


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """Everything `bundle.toml` says. `programs` holds the entries of 0 to 128 at their own index."""

    bundle: BundleInfo
    mel: MelSpec
    engine: EngineContract
    sampling: Sampling
    stages: Mapping[str, StageContract]  # one for each name in STAGES
    files: Mapping[str, str]  # file name → SHA-256 in hex
    programs: tuple[Program, ...]
    parameters: tuple[Parameter, ...]
    provenance: Provenance
    golden: Golden

    @property
    def block_samples(self) -> int:
        """Samples that one block of the engine renders."""
        return self.engine.block_hops * self.mel.hop_samples

    def resolve(self, program: int) -> int:
        """The trained program that sounds for `program` (0 to 128, 128 is the drum kit)."""
        return self.programs[program].substitute

    def voice_table(self) -> VoiceTable:
        """The voices of all programs; a substituted program takes its substitute's row."""
        rows = {}
        for program in self.programs:
            voice = self.programs[program.substitute].voice
            assert voice is not None, "the parser lets only voiced programs stand in for others"
            rows[program.number] = asdict(voice)
        return VoiceTable.from_anchors(rows)
