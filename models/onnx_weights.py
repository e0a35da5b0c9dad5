"""A bundle's weights under their own names, so that training can go on from a bundle alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from neume.synth.errors import NeumeError

from .eight_bits import SCALE, WHOLE, restore

LARGE_CONSTANT: Final = 1024  # values
HALF: Final = "_half"
KEPT: Final = "kept."  # before the name of a weight that only training reads
TRANSPOSED: Final = ".transposed"


def half_precision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights rounded to float16 and back: what `compact` can store in half the space without loss."""
    return {name: value.half().to(value.dtype) for name, value in state.items()}


def name_weights(proto: Any, module: nn.Module) -> None:
    """Give back the parameters' names to constants that the exporter folded a change of shape into; weights
    that it joined into other constants are kept beside them, rounded to float16, used by no operator."""
    known = {constant.name for constant in proto.graph.initializer}
    wanted = {name: value.detach().numpy() for name, value in module.named_parameters() if name not in known}
    renamed: dict[str, str] = {}
    for constant in proto.graph.initializer:
        values = numpy_helper.to_array(constant)
        for name, weight in wanted.items():
            same = np.array_equal(values.ravel(), weight.ravel())
            if same or np.array_equal(values, weight.T):
                renamed[constant.name] = name if same else f"{name}{TRANSPOSED}"
                constant.name = renamed[constant.name]
                del wanted[name]
                break
    for node in proto.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    for name, weight in wanted.items():  # joined with others into one table, by which no training can go on
        proto.graph.initializer.append(numpy_helper.from_array(weight.astype(np.float16), f"{KEPT}{name}"))


def compact(proto: Any) -> Any:
    """Large float32 constants that float16 holds exactly become float16 and a cast, folded on loading."""
    casts = []
    for constant in proto.graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):  # a constant beyond float16's range is left as it is
            small = values.astype(np.float16)
        if values.size < LARGE_CONSTANT or not np.array_equal(small.astype(np.float32), values):
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(small, f"{name}{HALF}"))
        casts.append(helper.make_node("Cast", [f"{name}{HALF}"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto


def load_weights(module: nn.Module, model: bytes, prefix: str = "model.") -> None:
    """Set a module's parameters to those of its exported graph. Raises `NeumeError` if one is not there."""
    stored = {}
    for name, values in _stored(model).items():
        name, tensor = name.removeprefix(KEPT), torch.from_numpy(values.astype(np.float32))
        stored[name.removesuffix(TRANSPOSED)] = tensor.T if name.endswith(TRANSPOSED) else tensor
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            found = stored.get(prefix + name)
            if found is None or found.numel() != parameter.numel():
                raise NeumeError(f"the bundle's model has no weights {name} of {tuple(parameter.shape)}")
            parameter.copy_(found.reshape(parameter.shape))


def _stored(model: bytes) -> dict[str, NDArray[Any]]:
    """A graph's constants under the names that its operators know, in whatever precision they are stored."""
    constants = onnx.load_model_from_string(model).graph.initializer
    arrays = {constant.name.removesuffix(HALF): numpy_helper.to_array(constant) for constant in constants}
    for name in [name.removesuffix(WHOLE) for name in arrays if name.endswith(WHOLE)]:
        arrays[name] = restore(arrays.pop(f"{name}{WHOLE}"), arrays.pop(f"{name}{SCALE}"))
    return arrays
