"""Tiny ONNX models with the interfaces of the three stages, for tests: real graphs, computed by hand.

The spectrogram stage projects the sum of the notes' features, the denoiser scales its noise, the inverter
plays the excitation as loud as the mel frame, one hop late as its look-ahead promises. All keep a state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Axes = Sequence[int | str]
WIDTH = 8
STATE = 4
FEATURES = 12


def value(name: str, *axes: int | str, dtype: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An input or output; texts are free axes."""
    return helper.make_tensor_value_info(name, dtype, list(axes))


def stored(name: str, content: NDArray[np.generic] | Sequence[int] | float) -> onnx.TensorProto:
    """A weight: float32 arrays and numbers, int64 for lists of axes."""
    array = np.asarray(content, np.int64) if isinstance(content, list) else np.asarray(content, np.float32)
    return numpy_helper.from_array(array, name)


def model(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: Sequence[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), name, list(inputs), list(outputs), list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def spectrogram(mels: int) -> onnx.ModelProto:
    """mean = the slots' features summed and projected, -9 in silence; spread = 0.1; context projected."""
    rng = np.random.default_rng(1)
    node = helper.make_node
    return model(
        "spectrogram",
        [
            node("ReduceSum", ["conditioning", "slot_axis"], ["notes"], keepdims=0),
            node("Tanh", ["notes"], ["bounded"]),
            node("MatMul", ["bounded", "to_mel"], ["projected"]),
            node("Add", ["projected", "silence"], ["mean"]),
            node("Mul", ["projected", "zero"], ["nothing"]),
            node("Add", ["nothing", "tenth"], ["spread"]),
            node("MatMul", ["bounded", "to_context"], ["context"]),
            node("Add", ["history", "tenth"], ["next_history"]),
        ],
        [value("conditioning", "streams", "frames", "slots", FEATURES), value("history", "streams", STATE)],
        [
            value("mean", "streams", "frames", mels),
            value("spread", "streams", "frames", mels),
            value("context", "streams", "frames", WIDTH),
            value("next_history", "streams", STATE),
        ],
        [
            stored("slot_axis", [2]),
            stored("to_mel", rng.uniform(0.0, 0.5, (FEATURES, mels))),
            stored("to_context", rng.uniform(-1.0, 1.0, (FEATURES, WIDTH))),
            stored("silence", -9.0),
            stored("zero", 0.0),
            stored("tenth", 0.1),
        ],
    )


def denoiser(mels: int) -> onnx.ModelProto:
    """estimate = noise_level * noisy + mean of the context."""
    node = helper.make_node
    return model(
        "denoiser",
        [
            node("Mul", ["noisy", "noise_level"], ["scaled"]),
            node("ReduceMean", ["context", "width_axis"], ["offset"], keepdims=1),
            node("Add", ["scaled", "offset"], ["estimate"]),
            node("Add", ["memory", "tenth"], ["next_memory"]),
        ],
        [
            value("noisy", "streams", "frames", mels),
            value("noise_level", 1),
            value("context", "streams", "frames", WIDTH),
            value("memory", "streams", STATE),
        ],
        [value("estimate", "streams", "frames", mels), value("next_memory", "streams", STATE)],
        [stored("width_axis", [-1]), stored("tenth", 0.1)],
    )


def inverter(mels: int, hop: int) -> onnx.ModelProto:
    """audio of hop i - 1 at frame i: (harmonic + noise) * sigmoid(mean of the mel frame)."""
    node = helper.make_node
    return model(
        "inverter",
        [
            node("ReduceSum", ["excitation", "last"], ["source"], keepdims=0),
            node("ReduceMean", ["mel", "last"], ["level"], keepdims=1),
            node("Sigmoid", ["level"], ["gain"]),
            node("Mul", ["source", "gain"], ["hops"]),
            node("Unsqueeze", ["held", "one"], ["held_hop"]),
            node("Concat", ["held_hop", "hops"], ["joined"], axis=1),
            node("Slice", ["joined", "zero", "last", "one"], ["audio"]),
            node("Slice", ["hops", "last", "end", "one"], ["last_hop"]),
            node("Squeeze", ["last_hop", "one"], ["next_held"]),
        ],
        [
            value("mel", "streams", "frames", mels),
            value("excitation", "streams", "frames", hop, 2),
            value("held", "streams", hop),
        ],
        [value("audio", "streams", "frames", hop), value("next_held", "streams", hop)],
        [stored("last", [-1]), stored("zero", [0]), stored("one", [1]), stored("end", [1 << 40])],
    )
