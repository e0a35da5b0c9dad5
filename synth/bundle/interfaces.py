"""The ONNX interfaces of the three stages: which tensors go in and come out, and which axes are free.

All tensors are float32. Free axes: `streams` (parts), `frames` (mel frames of the call) and `slots` (notes).
`width` belongs to the models: the spectrogram stage's context feeds the denoiser, so the two must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..manifest import BundleManifest

FREE_AXES: Final = ("streams", "frames", "slots")
NEXT: Final = "next_"  # what a state's name gains on its way out


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output. An axis is a length, the name of a free axis, or "width"."""

    name: str
    axes: tuple[int | str, ...]


INPUTS: Final = {
    "spectrogram": (Port("conditioning", ("streams", "frames", "slots", "features")),),
    "denoiser": (
        Port("noisy", ("streams", "frames", "mels")),
        Port("noise_level", (1,)),  # 0 (clean) to 1 (noise)
        Port("context", ("streams", "frames", "width")),
    ),
    "inverter": (
        Port("mel", ("streams", "frames", "mels")),
        Port("excitation", ("streams", "frames", "hop", 2)),
    ),
}

OUTPUTS: Final = {
    "spectrogram": (
        Port("mean", ("streams", "frames", "mels")),  # natural-log mel
        Port(
            "spread", ("streams", "frames", "mels")
        ),  # standard deviation of the residual, natural-log units
        Port("context", ("streams", "frames", "width")),
    ),
    "denoiser": (Port("estimate", ("streams", "frames", "mels")),),  # v-prediction
    "inverter": (Port("audio", ("streams", "frames", "hop")),),
}


def stage_inputs(manifest: BundleManifest, stage: str) -> tuple[Port, ...]:
    """Every input the manifest promises for a stage, states last."""
    states = (Port(s.name, ("streams", *s.shape)) for s in manifest.stages[stage].states)
    return (*_with_lengths(manifest, INPUTS[stage]), *states)


def stage_outputs(manifest: BundleManifest, stage: str) -> tuple[Port, ...]:
    """Every output the manifest promises for a stage, next states last."""
    states = (Port(NEXT + s.name, ("streams", *s.shape)) for s in manifest.stages[stage].states)
    return (*_with_lengths(manifest, OUTPUTS[stage]), *states)


def _with_lengths(manifest: BundleManifest, ports: tuple[Port, ...]) -> tuple[Port, ...]:
    lengths: dict[int | str, int] = {
        "mels": manifest.mel.mels,
        "hop": manifest.mel.hop_samples,
        "features": len(manifest.engine.features),
    }
    return tuple(Port(port.name, tuple(lengths.get(axis, axis) for axis in port.axes)) for port in ports)
