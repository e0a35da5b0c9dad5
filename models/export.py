"""From two training runs to a bundle: export, prove, describe, render the golden performance, write."""

from __future__ import annotations

import hashlib
import io
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from neume.synth.bundle import Bundle, manifest_text, open_bundle
from neume.synth.conditioning import FEATURES
from neume.synth.errors import NeumeError
from neume.synth.golden import render_golden
from neume.synth.manifest import (
    CARD_NAME,
    LICENCE_NAME,
    MANIFEST_NAME,
    STAGES,
    BundleInfo,
    BundleManifest,
    EngineContract,
    Golden,
    Program,
    Provenance,
    Sampling,
    StageContract,
    StateTensor,
    VoiceAnchors,
)
from neume.synth.mel import MelSpec
from neume.synth.stages import load_stages

from .build import dataset_soundfont, dataset_voices, stem_folder
from .calibration import note_ranges
from .card import card_text
from .eight_bits import round_linear_weights
from .evaluate.card_pictures import carried_pictures
from .inverter import Inverter, InverterConfig
from .loop import load_checkpoint
from .onnx_export import (
    ExportedStage,
    export_denoiser,
    export_inverter,
    export_spectrogram,
)
from .onnx_weights import half_precision
from .phases import with_phases
from .programs import NAMES, family, substitute
from .spectrogram import Denoiser, MeanModel, SpectrogramConfig, slot_tokens
from .stems import SLOTS, Stem
from .voicing import VoiceRow

BLOCK_HOPS: Final = 2
SLOT_BUCKETS: Final = (4, 8, 12, 16, 24, 32, 48, SLOTS)
STEPS_ALLOWED: Final = (0, 1, 2, 4, 8)
GOLDEN_MIDI, GOLDEN_AUDIO = "golden.mid", "golden.flac"
GOLDEN_SEED: Final = 1
GOLDEN_TOLERANCE_DB: Final = -36.0  # another processor may round elsewhere: products in float32 lie at -44 dB
PROOF_STEMS: Final = 3
PROOF_FRAMES: Final = 64
RESIDUE: Final = "0" * 64  # stands for a hash until its file exists


@dataclass(frozen=True)
class ExportPlan:
    """What an export needs besides the trained weights."""

    info: BundleInfo
    data: str
    data_licence: str
    golden_midi: Path
    licence_file: Path
    steps_default: int = 2
    texture: float = 1.0  # of the spread that training found; less is smoother
    steps_texture: tuple[float, ...] = ()  # times that, for each of `STEPS_ALLOWED`; empty: all 1
    report: Mapping[str, Any] | None = None  # of `neume eval`, for the card and the manifest
    code_version: str = ""


def export_bundle(
    spectrogram_run: Path, inverter_run: Path, datasets: Sequence[Path], plan: ExportPlan, folder: Path
) -> float:
    """Write the bundle of two runs into `folder`, replacing one that is there; returns the parity error.

    `datasets` were trained on; voices are the first one's, their phases those of its SoundFont if it has one.
    Nothing is written when a parity check fails or the finished bundle does not open.
    """
    spectrogram, inverter = load_checkpoint(spectrogram_run), load_checkpoint(inverter_run)
    weights = textured(spectrogram["modules"]["average"], plan.texture)
    stages = export_stages(weights, inverter["modules"]["average"], datasets)
    files = {f"{name}.onnx": stage.onnx for name, stage in stages.items()}
    files[GOLDEN_MIDI] = plan.golden_midi.read_bytes()
    files[LICENCE_NAME] = plan.licence_file.read_bytes()
    files[CARD_NAME] = card_text(plan.info, plan.data, plan.data_licence, plan.report).encode()
    files |= carried_pictures(plan.report or {})
    seconds = spectrogram["seconds"] + inverter["seconds"]
    bundle = Bundle(folder, _manifest(plan, stages, dataset_voices(datasets[0]), seconds), "", files)
    if (soundfont := dataset_soundfont(datasets[0])) is not None:
        bundle = with_phases(bundle, soundfont)
    files[GOLDEN_AUDIO] = _golden_audio(bundle)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = replace(bundle.manifest, files=hashes)
    unfinished = folder.parent / f".{folder.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, content in files.items():
        (unfinished / name).write_bytes(content)
    (unfinished / MANIFEST_NAME).write_text(manifest_text(manifest))
    load_stages(open_bundle(unfinished))
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)
    return manifest.provenance.parity_error


def export_stages(
    spectrogram: Mapping[str, Tensor], inverter: Mapping[str, Tensor], datasets: Sequence[Path]
) -> dict[str, ExportedStage]:
    """The three models, each proved on real stems of the first data set; ranges are measured over all."""
    spec = MelSpec()
    mean, denoiser = MeanModel(SpectrogramConfig(), spec), Denoiser(SpectrogramConfig(), spec)
    mean.load_state_dict(half_precision(_part(spectrogram, "mean.")))
    denoiser.load_state_dict(half_precision(_part(spectrogram, "denoiser.")))
    second = Inverter(InverterConfig(), spec)
    second.load_state_dict(half_precision(inverter))
    ranges = note_ranges(mean, datasets, spec)
    for model in (mean, denoiser, second):
        round_linear_weights(model, ranges)
    stems = [Stem.load(stem_folder(datasets[0], index)) for index in range(PROOF_STEMS)]
    conditioning = torch.from_numpy(np.stack([slot_conditioning(stem, 40, PROOF_FRAMES) for stem in stems]))
    part = slice(40, 40 + PROOF_FRAMES)
    mel, excitation = (
        torch.from_numpy(np.stack([np.asarray(getattr(stem, name)[part], np.float32) for stem in stems]))
        for name in ("mel", "excitation")
    )
    with torch.no_grad():
        tokens, streams = slot_tokens(conditioning)
        context = mean(tokens, streams, mean.initial_states(streams))[2]
    return {
        "spectrogram": export_spectrogram(mean, conditioning, ranges),
        "denoiser": export_denoiser(denoiser, context, spec.mels),
        "inverter": export_inverter(second, mel, excitation),
    }


def textured(spectrogram: Mapping[str, Tensor], texture: float) -> dict[str, Tensor]:
    """The weights with the spread of the frames multiplied by `texture`, a shift of its logarithm's bias."""
    bias = spectrogram["mean.leave.bias"].clone()
    bias[len(bias) // 2 :] += math.log(texture)
    return {**spectrogram, "mean.leave.bias": bias}


def slot_conditioning(stem: Stem, start: int, frames: int) -> NDArray[np.float32]:
    """A stem's packed tokens laid out in slots, `(frames, SLOTS, features)`."""
    out = np.zeros((frames, SLOTS, len(FEATURES)), np.float32)
    for row in range(frames):
        tokens = stem.tokens[stem.offsets[start + row] : stem.offsets[start + row + 1]]
        out[row, : len(tokens)] = tokens
    return out


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _manifest(
    plan: ExportPlan, stages: Mapping[str, ExportedStage], voices: Mapping[int, VoiceRow], seconds: float
) -> BundleManifest:
    metrics, quality_db = manifest_figures(plan.report) if plan.report else ({}, {})
    return BundleManifest(
        bundle=plan.info,
        mel=MelSpec(),
        engine=EngineContract(BLOCK_HOPS, Inverter.lookahead_hops, SLOTS, SLOT_BUCKETS, FEATURES),
        sampling=Sampling(STEPS_ALLOWED, plan.steps_default, "cosine", plan.steps_texture),
        stages={name: _contract(name, stages[name]) for name in STAGES},
        files=dict.fromkeys(
            [*(f"{n}.onnx" for n in STAGES), CARD_NAME, LICENCE_NAME, GOLDEN_MIDI, GOLDEN_AUDIO], RESIDUE
        ),
        programs=tuple(_program(number, voices, quality_db) for number in range(len(NAMES))),
        parameters=(),
        provenance=Provenance(
            data=plan.data,
            data_licence=plan.data_licence,
            code_version=plan.code_version,
            training_time_s=round(seconds, 1),
            parity_error=max(stage.rounding_error for stage in stages.values()),
            metrics=metrics,
        ),
        golden=Golden(GOLDEN_MIDI, GOLDEN_AUDIO, GOLDEN_SEED, plan.steps_default, GOLDEN_TOLERANCE_DB),
    )


def _contract(name: str, stage: ExportedStage) -> StageContract:
    states = tuple(StateTensor(state, shape, "float32") for state, shape in stage.states.items())
    return StageContract(f"{name}.onnx", states)


def _program(number: int, voices: Mapping[int, VoiceRow], quality_db: Mapping[int, float]) -> Program:
    voice = None
    if number in voices:
        row: dict[str, Any] = {name: tuple(values) for name, values in voices[number].items()}
        voice = VoiceAnchors(**row | {"keys": tuple(int(key) for key in voices[number]["keys"])})
    return Program(number, NAMES[number], family(number), substitute(number), quality_db.get(number), voice)


def _golden_audio(bundle: Bundle) -> bytes:
    """The golden performance as the bundle plays it: mono FLAC."""
    audio = render_golden(bundle, load_stages(bundle))
    if not np.isfinite(audio).all() or np.abs(audio).max() > 1.0:
        peak = np.abs(audio).max()
        raise NeumeError(f"the golden performance peaks at {peak:.2f}: give a quieter one")
    stream = io.BytesIO()
    soundfile.write(stream, audio, bundle.manifest.mel.rate_hz, format="FLAC", subtype="PCM_24")
    return stream.getvalue()


def manifest_figures(report: Mapping[str, Any]) -> tuple[dict[str, float], dict[int, float]]:
    """Figures for the manifest from an evaluation: solo parts, the song, log-mel distance per program."""
    rows = report["rows"]
    metrics = {
        f"{row} {scope} {name}": float(value)
        for row in ("inverter only", "whole chain")
        for scope in ("solo", "song")
        for name, value in rows[row][scope].items()
        if isinstance(value, float)
    }
    quality_db = {
        int(number): float(program["log_mel_db"]["whole chain"])
        for number, program in report["programs"].items()
    }
    return metrics, quality_db
