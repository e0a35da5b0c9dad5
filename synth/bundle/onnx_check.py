"""Looking into an ONNX model before any runtime loads it: self-contained, and only standard operators.

ONNX Runtime would follow references to external data relative to the working folder, and would run any
operator it knows; a bundle is data from strangers, so both are refused, wherever in the model they hide.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import onnx
from google.protobuf.message import DecodeError

from ..manifest import BundleManifest
from .interfaces import FREE_AXES, Port, stage_inputs, stage_outputs

STANDARD_DOMAINS: Final = ("", "ai.onnx")
RANDOM_OPERATORS: Final = (  # noise is an input: a rendering must be repeatable to the bit
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
)
_DTYPE_NAMES: Final = {number: name.lower() for name, number in onnx.TensorProto.DataType.items()}


def model_faults(models: dict[str, bytes], manifest: BundleManifest) -> list[str]:
    """All faults of a bundle's ONNX files. `models` maps stages to file contents; a stage may be absent."""
    parsed: dict[str, onnx.ModelProto] = {}
    faults: list[str] = []
    for stage, content in models.items():
        file = manifest.stages[stage].file
        try:
            parsed[stage] = onnx.load_model_from_string(content)
        except DecodeError as error:
            faults.append(f"{file}: is not an ONNX model: {error}")
            continue
        found = chain(_content_faults(parsed[stage]), _port_faults(parsed[stage], manifest, stage))
        faults += [f"{file}: {fault}" for fault in found]
    return faults + _width_faults(parsed)


def _content_faults(model: onnx.ModelProto) -> Iterator[str]:
    if model.functions:
        yield f"defines the function {model.functions[0].name!r}, functions must be inlined"
    if model.training_info:
        yield "holds training information, export the model for inference"
    foreign = {opset.domain for opset in model.opset_import} - set(STANDARD_DOMAINS)
    nodes = list(_nodes(model))
    foreign |= {node.domain for node in nodes} - set(STANDARD_DOMAINS)
    if foreign:
        yield f"uses operators of {', '.join(sorted(map(repr, foreign)))}, only ONNX's own are allowed"
    random = {node.op_type for node in nodes} & set(RANDOM_OPERATORS)
    if random:
        yield f"draws its own random numbers ({', '.join(sorted(random))}), noise must be an input"
    external = [tensor.name for tensor in _tensors(model, nodes) if _is_external(tensor)]
    if external:
        yield f"keeps {len(external)} tensors outside the file, the first is {external[0]!r}"


def _is_external(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == onnx.TensorProto.EXTERNAL or bool(tensor.external_data)


def _graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The main graph, those of the training information, and every graph inside a node, at any depth."""
    waiting = [model.graph]
    for info in model.training_info:
        waiting += [info.initialization, info.algorithm]
    for function in model.functions:
        for node in function.node:
            waiting += _inner_graphs(node)
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            waiting += _inner_graphs(node)


def _inner_graphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    held = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return held + [graph for attribute in node.attribute for graph in attribute.graphs]


def _nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    for graph in _graphs(model):
        yield from graph.node
    for function in model.functions:
        yield from function.node


def _tensors(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    """Every tensor stored in the model: initializers, attributes, and the two halves of sparse ones."""
    attributes = chain.from_iterable(node.attribute for node in nodes)
    defaults = chain.from_iterable(function.attribute_proto for function in model.functions)
    sparse: list[onnx.SparseTensorProto] = []
    for graph in _graphs(model):
        yield from graph.initializer
        sparse += graph.sparse_initializer
    for attribute in chain(attributes, defaults):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        sparse += [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
        sparse += attribute.sparse_tensors
    for pair in sparse:
        yield pair.values
        yield pair.indices


def _port_faults(model: onnx.ModelProto, manifest: BundleManifest, stage: str) -> Iterator[str]:
    stored = {tensor.name for tensor in model.graph.initializer}  # old files list weights among the inputs
    inputs = {value.name: value for value in model.graph.input if value.name not in stored}
    outputs = {value.name: value for value in model.graph.output}
    yield from _side_faults("input", inputs, stage_inputs(manifest, stage))
    yield from _side_faults("output", outputs, stage_outputs(manifest, stage))


def _side_faults(side: str, found: dict[str, onnx.ValueInfoProto], wanted: tuple[Port, ...]) -> Iterator[str]:
    for name in sorted(set(found) - {port.name for port in wanted}):
        yield f"{side} {name!r} is not in the manifest"
    for port in wanted:
        if port.name not in found:
            yield f"{side} {port.name!r} is missing"
            continue
        tensor = found[port.name].type.tensor_type
        if tensor.elem_type != onnx.TensorProto.FLOAT:
            dtype = _DTYPE_NAMES.get(tensor.elem_type, "of an unknown type")
            yield f"{side} {port.name!r} is {dtype}, must be float (32 bits)"
        axes = _axes(found[port.name])
        if len(axes) != len(port.axes) or not all(map(_fits, axes, port.axes)):
            yield f"{side} {port.name!r} is shaped {_shown(axes)}, must be {_shown(port.axes)}"


def _axes(value: onnx.ValueInfoProto) -> tuple[int | str, ...]:
    """Lengths of the fixed axes, names (or "?") of the free ones; `()` also stands for an unknown rank."""
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims)


def _fits(found: int | str, wanted: int | str) -> bool:
    if wanted in FREE_AXES:
        return isinstance(found, str)
    return isinstance(found, int) if isinstance(wanted, str) else found == wanted


def _width_faults(parsed: dict[str, onnx.ModelProto]) -> list[str]:
    if not {"spectrogram", "denoiser"} <= set(parsed):
        return []
    made = [_axes(value) for value in parsed["spectrogram"].graph.output if value.name == "context"]
    read = [_axes(value) for value in parsed["denoiser"].graph.input if value.name == "context"]
    if made and read and made[0][-1:] != read[0][-1:]:
        return [
            f"the spectrogram stage's context is shaped {_shown(made[0])}, the denoiser's {_shown(read[0])}"
        ]
    return []


def _shown(axes: tuple[int | str, ...]) -> str:
    return "(" + ", ".join(map(str, axes)) + ")"
