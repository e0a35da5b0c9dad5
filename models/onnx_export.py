"""The trained models as ONNX graphs with explicit states, and the proof that they are the same models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neume.synth.conditioning import FEATURES
from neume.synth.errors import NeumeError
from neume.synth.stages import session_options

from .eight_bits import Range, store_in_eight_bits
from .inverter import Inverter
from .onnx_weights import TRANSPOSED, compact, name_weights
from .spectrogram import Denoiser, MeanModel, slot_tokens

OPSET: Final = 21  # the first whose DequantizeLinear has a scale for a block of values
PARITY_LIMIT: Final = 2e-3  # largest difference allowed, in natural-log mel or full-scale audio
ROUNDING_LIMIT: Final = 0.5  # the same with the products of eight bits that a player works with
NO_RANGES: Final[Mapping[nn.Module, Range]] = {}


class SpectrogramGraph(nn.Module):
    def __init__(self, model: MeanModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, conditioning: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        tokens, streams = slot_tokens(conditioning)
        mean, spread, context, following = self.model(tokens, streams, states)
        return mean, spread, context, *following


class DenoiserGraph(nn.Module):
    def __init__(self, model: Denoiser) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, noisy: Tensor, noise_level: Tensor, context: Tensor, *states: Tensor
    ) -> tuple[Tensor, ...]:
        estimate, following = self.model(noisy, noise_level, context, states)
        return estimate, *following


class InverterGraph(nn.Module):
    def __init__(self, model: Inverter) -> None:
        super().__init__()
        self.model = model

    def forward(self, mel: Tensor, excitation: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        audio, following = self.model(mel, excitation, states)
        return audio, *following


@dataclass(frozen=True, slots=True)
class ExportedStage:
    """A model's ONNX bytes, its states (name → shape without streams) and its largest measured differences
    from torch: in float32, and with the products of eight bits that a player works with."""

    onnx: bytes
    states: dict[str, tuple[int, ...]]
    parity_error: float
    rounding_error: float


def export_stage(
    graph: nn.Module,
    states: dict[str, tuple[int, ...]],
    inputs: dict[str, Tensor],
    outputs: Sequence[str],
    streamed: Sequence[str],
    ranges: Mapping[nn.Module, Range] = NO_RANGES,
) -> ExportedStage:
    """Trace a graph and prove it: ONNX Runtime streaming block by block against torch on the whole sequence.

    `inputs` are example tensors `(streams, frames, ...)`; those in `streamed` are cut along frames. Linear
    layers whose weights eight bits can hold are stored so; `ranges` tells what enters those of many rows.
    Raises `NeumeError` when the largest difference exceeds `PARITY_LIMIT`, or `ROUNDING_LIMIT` with products
    of eight bits.
    """
    graph = graph.eval()
    example_states = [torch.zeros(inputs[streamed[0]].shape[0], *shape) for shape in states.values()]
    names = [*inputs, *states]
    example = (*inputs.values(), *example_states)
    shapes = [_dynamic_axes(name, name in streamed) for name in inputs]
    shapes += [{0: torch.export.Dim.DYNAMIC}] * len(states)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of its own deprecated internals
        program = torch.onnx.export(
            graph,
            example,
            input_names=names,
            output_names=[*outputs, *(f"next_{name}" for name in states)],
            dynamic_shapes=(*shapes[: len(inputs)], tuple(shapes[len(inputs) :])),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        wanted = graph(*example)[: len(outputs)]
    proto = _bare(program.model_proto)
    name_weights(proto, graph)

    def difference(model: bytes) -> float:
        made = _stream(model, states, inputs, outputs, streamed)
        return max(float(np.abs(m - w.numpy()).max()) for m, w in zip(made, wanted, strict=True))

    parity_error = _within(difference(proto.SerializeToString()), PARITY_LIMIT, "")
    store_in_eight_bits(proto, _linear_weights(graph, ranges))
    model = compact(proto).SerializeToString()
    rounding_error = _within(difference(model), ROUNDING_LIMIT, ", its products in eight bits,")
    return ExportedStage(model, states, parity_error, rounding_error)


def _within(error: float, limit: float, how: str) -> float:
    if not error <= limit:
        raise NeumeError(
            f"export refused: streaming ONNX{how} differs from torch by {error:.2e}, allowed {limit:.0e}"
        )
    return error


def _linear_weights(graph: nn.Module, ranges: Mapping[nn.Module, Range]) -> dict[str, Range | None]:
    """The names that linear layers' weights have in the exported graph, and the ranges of what enters."""
    return {
        f"{name}.weight{form}": ranges.get(layer)
        for name, layer in graph.named_modules()
        if isinstance(layer, nn.Linear)
        for form in ("", TRANSPOSED)
    }


def _bare(proto: Any) -> Any:
    """The model without what the exporter noted of its making: stack traces, file paths, inferred shapes."""
    del proto.graph.value_info[:]
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]
    for part in (*proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    return proto


def _dynamic_axes(name: str, streamed: bool) -> dict[int, Any]:
    """The free axes of an input: streams and frames, and slots for the conditioning."""
    axes = (0, 1, 2) if name == "conditioning" else (0, 1)
    return dict.fromkeys(axes, torch.export.Dim.DYNAMIC) if streamed else {}


def _stream(
    model: bytes,
    states: dict[str, tuple[int, ...]],
    inputs: dict[str, Tensor],
    outputs: Sequence[str],
    streamed: Sequence[str],
    block: int = 2,
) -> list[NDArray[np.float32]]:
    import onnxruntime as ort

    session = ort.InferenceSession(model, session_options(1), providers=["CPUExecutionProvider"])
    first = inputs[streamed[0]]
    now: dict[str, Any] = {
        name: np.zeros((first.shape[0], *shape), np.float32) for name, shape in states.items()
    }
    pieces: list[list[NDArray[np.float32]]] = []
    for start in range(0, first.shape[1], block):
        feeds = {
            name: (value[:, start : start + block] if name in streamed else value).numpy()
            for name, value in inputs.items()
        }
        results = session.run([*outputs, *(f"next_{name}" for name in states)], {**feeds, **now})
        pieces.append(results[: len(outputs)])
        now = dict(zip(states, results[len(outputs) :], strict=True))
    return [np.concatenate(parts, axis=1) for parts in zip(*pieces, strict=True)]


def export_spectrogram(
    model: MeanModel, conditioning: Tensor, ranges: Mapping[nn.Module, Range] = NO_RANGES
) -> ExportedStage:
    """`conditioning (streams, frames, slots, features)`: real notes to trace and prove with; `ranges` of what
    enters the layers that work on every note (`note_ranges`)."""
    if conditioning.shape[-1] != len(FEATURES):
        raise NeumeError(f"conditioning has {conditioning.shape[-1]} features, the contract {len(FEATURES)}")
    return export_stage(
        SpectrogramGraph(model), model.state_shapes(), {"conditioning": conditioning},
        ("mean", "spread", "context"), ("conditioning",), ranges,
    )  # fmt: skip


def export_denoiser(model: Denoiser, context: Tensor, mels: int) -> ExportedStage:
    noisy = torch.randn(*context.shape[:2], mels, generator=torch.Generator().manual_seed(1))
    inputs = {"noisy": noisy, "noise_level": torch.tensor([0.5]), "context": context}
    return export_stage(
        DenoiserGraph(model), model.state_shapes(), inputs, ("estimate",), ("noisy", "context")
    )


def export_inverter(model: Inverter, mel: Tensor, excitation: Tensor) -> ExportedStage:
    return export_stage(
        InverterGraph(model), model.state_shapes(), {"mel": mel, "excitation": excitation},
        ("audio",), ("mel", "excitation"),
    )  # fmt: skip
