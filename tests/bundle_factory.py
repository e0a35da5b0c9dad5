"""A tiny valid bundle for tests, and the ways to rebuild one around changed parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnx
import tiny_models

from neume.synth.bundle import manifest_text
from neume.synth.conditioning import FEATURES
from neume.synth.manifest import (
    BundleInfo,
    BundleManifest,
    EngineContract,
    Golden,
    Parameter,
    Program,
    Provenance,
    Sampling,
    StageContract,
    StateTensor,
    VoiceAnchors,
)
from neume.synth.mel import MelSpec

PIANO = VoiceAnchors(
    (21, 60, 108), (4.0, 8.5, 40.0), (90.0, 120.0, 300.0), (0.05, 0.0, -0.1), (3600.0, 3600.0, 3600.0)
)
DRUMS = VoiceAnchors((36, 50), (60.0, 80.0), (60.0, 80.0), (2.0, -1.5))


def tiny_models_of(mel: MelSpec) -> dict[str, onnx.ModelProto]:
    """The three stages by name."""
    return {
        "spectrogram": tiny_models.spectrogram(mel.mels),
        "denoiser": tiny_models.denoiser(mel.mels),
        "inverter": tiny_models.inverter(mel.mels, mel.hop_samples),
    }


def file_contents(models: Mapping[str, onnx.ModelProto]) -> dict[str, bytes]:
    """Every file of a bundle but its manifest. The golden files are placeholders that no loader opens."""
    contents = {f"{stage}.onnx": model.SerializeToString() for stage, model in models.items()}
    texts = {"card.md": b"# Tiny\n", "LICENSE": b"CC0\n", "golden.mid": b"MThd", "golden.flac": b"fLaC"}
    return contents | texts


def tiny_manifest(contents: Mapping[str, bytes], mel: MelSpec | None = None) -> BundleManifest:
    """The manifest that fits `file_contents` of the tiny models; piano and drums sound for everything."""
    mel = mel or MelSpec()
    return BundleManifest(
        bundle=BundleInfo("tiny", 'Tiny "test" bundle', "0.1.0", "CC0-1.0", "Nothing is trained; für Tests."),
        mel=mel,
        engine=EngineContract(2, 1, 64, (16, 32, 64), FEATURES),
        sampling=Sampling((0, 1, 2, 4), 1, "cosine"),
        stages={
            "spectrogram": _stage("spectrogram", "history", tiny_models.STATE),
            "denoiser": _stage("denoiser", "memory", tiny_models.STATE),
            "inverter": _stage("inverter", "held", mel.hop_samples),
        },
        files={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        programs=tuple(_program(number) for number in range(129)),
        parameters=(Parameter("vibrato-depth", "Vibrato depth", "semitones", 0.0, 2.0, 0.5),),
        provenance=Provenance("none", "none", "0.1.0", 0.0, 1e-6, {"log_mel_db": 7.5, "onset f1": 0.9}),
        golden=Golden("golden.mid", "golden.flac", 7, 1, -60.0),
    )


def write_bundle(
    folder: Path, models: Mapping[str, onnx.ModelProto] | None = None, mel: MelSpec | None = None
) -> BundleManifest:
    """Write a bundle into `folder`, with hashes that fit; `models` replaces some of the tiny ones."""
    contents = file_contents(tiny_models_of(mel or MelSpec()) | dict(models or {}))
    manifest = tiny_manifest(contents, mel)
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "bundle.toml").write_text(manifest_text(manifest), encoding="utf-8")
    return manifest


def _stage(name: str, state: str, length: int) -> StageContract:
    return StageContract(f"{name}.onnx", (StateTensor(state, (length,), "float32"),))


def _program(number: int) -> Program:
    if number == 128:
        return Program(128, "Standard kit", "Drums", 128, None, DRUMS)
    if number == 0:
        return Program(0, "Acoustic Grand Piano", "Piano", 0, 8.25, PIANO)
    return Program(number, f"Program {number}", "Other", 0)
