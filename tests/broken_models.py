"""One broken denoiser for each rule about ONNX files: how to spoil the tiny one, and the fault to tell."""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import TensorProto, helper
from tiny_models import value

Spoil = Callable[[onnx.ModelProto], None]
MELS = 100


def external(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Make a tensor point at a file."""
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def outside_tensor(name: str = "outside") -> onnx.TensorProto:
    return external(helper.make_tensor(name, TensorProto.FLOAT, [1], [0.0]))


def branch(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "branch", [], [value("b", 1)])


def hidden_branch(model: onnx.ModelProto, graph: onnx.GraphProto) -> None:
    """Put a graph two levels down: an If inside an If."""
    inner = helper.make_node("If", ["c"], ["i"], then_branch=graph, else_branch=branch())
    model.graph.node.append(
        helper.make_node("If", ["c"], ["o"], then_branch=branch(inner), else_branch=branch())
    )


def external_weight(model: onnx.ModelProto) -> None:
    external(model.graph.initializer[0])


def external_entries_alone(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="x")


def external_constant(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=outside_tensor()))


def external_tensor_list(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["c"])
    node.attribute.append(helper.make_attribute("values", [outside_tensor()]))
    model.graph.node.append(node)


def external_sparse(model: onnx.ModelProto) -> None:
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(outside_tensor(), indices, [4]))


def external_sparse_indices(model: onnx.ModelProto) -> None:
    values = helper.make_tensor("v", TensorProto.FLOAT, [1], [0.0])
    sparse = helper.make_sparse_tensor(values, helper.make_tensor("i", TensorProto.INT64, [1], [0]), [4])
    external(sparse.indices)
    node = helper.make_node("Constant", [], ["c"])
    node.attribute.append(helper.make_attribute("sparse_value", sparse))
    model.graph.node.append(node)


def external_sparse_list(model: onnx.ModelProto) -> None:
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    attribute = onnx.AttributeProto(name="many", type=onnx.AttributeProto.SPARSE_TENSORS)
    attribute.sparse_tensors.append(helper.make_sparse_tensor(outside_tensor(), indices, [4]))
    node = helper.make_node("Constant", [], ["c"])
    node.attribute.append(attribute)
    model.graph.node.append(node)


def external_in_branch(model: onnx.ModelProto) -> None:
    graph = branch()
    graph.initializer.append(outside_tensor())
    hidden_branch(model, graph)


def external_in_graph_list(model: onnx.ModelProto) -> None:
    graph = branch(helper.make_node("Constant", [], ["c"], value=outside_tensor()))
    node = helper.make_node("Neg", ["x"], ["y"])
    node.attribute.append(helper.make_attribute("graphs", [graph]))
    model.graph.node.append(node)


def function(model: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    opset = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("", "Double", ["x"], ["y"], list(nodes), opset))


def own_function(model: onnx.ModelProto) -> None:
    function(model, helper.make_node("Add", ["x", "x"], ["y"]))


def external_in_function(model: onnx.ModelProto) -> None:
    function(model, helper.make_node("Constant", [], ["y"], value=outside_tensor()))


def external_in_function_branch(model: onnx.ModelProto) -> None:
    graph = branch(helper.make_node("Constant", [], ["c"], value=outside_tensor()))
    function(model, helper.make_node("If", ["x"], ["y"], then_branch=graph, else_branch=branch()))


def external_function_default(model: onnx.ModelProto) -> None:
    own_function(model)
    model.functions[0].attribute_proto.append(helper.make_attribute("a", outside_tensor()))


def external_in_training(model: onnx.ModelProto) -> None:
    model.training_info.add().initialization.initializer.append(outside_tensor())


def training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def foreign_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def foreign_operator_in_branch(model: onnx.ModelProto) -> None:
    hidden_branch(model, branch(helper.make_node("Evil", ["x"], ["b"], domain="my.ops")))


def foreign_operator_in_function(model: onnx.ModelProto) -> None:
    function(model, helper.make_node("Evil", ["x"], ["y"], domain="my.ops"))


def foreign_opset(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def random_operator(model: onnx.ModelProto) -> None:
    hidden_branch(model, branch(helper.make_node("RandomNormal", [], ["b"], shape=[1])))


def extra_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(value("secret", 1))


def extra_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(value("offset", "streams", "frames", 1))


def input_is_a_weight(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("noise_level", TensorProto.FLOAT, [1], [0.5]))


def missing_output(model: onnx.ModelProto) -> None:
    del model.graph.output[0]


def state_does_not_come_out(model: onnx.ModelProto) -> None:
    del model.graph.output[1]


def double_precision(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def unknown_type(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = 99


def sequence(model: onnx.ModelProto) -> None:
    model.graph.output[0].CopyFrom(
        helper.make_tensor_sequence_value_info("estimate", TensorProto.FLOAT, None)
    )


def wrong_rank(model: onnx.ModelProto) -> None:
    model.graph.output[0].CopyFrom(value("estimate", "streams", "frames"))


def unknown_rank(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.ClearField("shape")


def wrong_length(model: onnx.ModelProto) -> None:
    model.graph.output[0].CopyFrom(value("estimate", "streams", "frames", MELS + 1))


def free_length(model: onnx.ModelProto) -> None:
    model.graph.output[0].CopyFrom(value("estimate", "streams", "frames", "bands"))


def fixed_streams(model: onnx.ModelProto) -> None:
    model.graph.input[0].CopyFrom(value("noisy", 1, "frames", MELS))


def wrong_state(model: onnx.ModelProto) -> None:
    model.graph.input[3].CopyFrom(value("memory", "streams", 5))


def free_width(model: onnx.ModelProto) -> None:
    model.graph.input[2].CopyFrom(value("context", "streams", "frames", "width"))


def other_width(model: onnx.ModelProto) -> None:
    model.graph.input[2].CopyFrom(value("context", "streams", "frames", 7))


OUTSIDE = "denoiser.onnx: keeps 1 tensors outside the file, the first is "
FOREIGN = "only ONNX's own are allowed"
BROKEN: dict[Spoil, str] = {
    external_weight: OUTSIDE,
    external_entries_alone: OUTSIDE,
    external_constant: OUTSIDE,
    external_tensor_list: OUTSIDE,
    external_sparse: OUTSIDE,
    external_sparse_indices: OUTSIDE,
    external_sparse_list: OUTSIDE,
    external_in_branch: OUTSIDE,
    external_in_graph_list: OUTSIDE,
    external_in_function: OUTSIDE,
    external_in_function_branch: OUTSIDE,
    external_function_default: OUTSIDE,
    external_in_training: OUTSIDE,
    own_function: "denoiser.onnx: defines the function 'Double', functions must be inlined",
    training: "denoiser.onnx: holds training information",
    foreign_operator: f"uses operators of 'com.microsoft', {FOREIGN}",
    foreign_operator_in_branch: f"uses operators of 'my.ops', {FOREIGN}",
    foreign_operator_in_function: f"uses operators of 'my.ops', {FOREIGN}",
    foreign_opset: f"uses operators of 'com.example', {FOREIGN}",
    random_operator: "draws its own random numbers (RandomNormal), noise must be an input",
    extra_input: "denoiser.onnx: input 'secret' is not in the manifest",
    extra_output: "denoiser.onnx: output 'offset' is not in the manifest",
    input_is_a_weight: "denoiser.onnx: input 'noise_level' is missing",
    missing_output: "denoiser.onnx: output 'estimate' is missing",
    state_does_not_come_out: "denoiser.onnx: output 'next_memory' is missing",
    double_precision: "denoiser.onnx: input 'noisy' is double, must be float (32 bits)",
    unknown_type: "denoiser.onnx: input 'noisy' is of an unknown type, must be float",
    sequence: "denoiser.onnx: output 'estimate' is undefined, must be float",
    wrong_rank: "output 'estimate' is shaped (streams, frames), must be (streams, frames, 100)",
    unknown_rank: "output 'estimate' is shaped (), must be (streams, frames, 100)",
    wrong_length: "output 'estimate' is shaped (streams, frames, 101), must be (streams, frames, 100)",
    free_length: "output 'estimate' is shaped (streams, frames, bands), must be (streams, frames, 100)",
    fixed_streams: "input 'noisy' is shaped (1, frames, 100), must be (streams, frames, 100)",
    wrong_state: "input 'memory' is shaped (streams, 5), must be (streams, 4)",
    free_width: "input 'context' is shaped (streams, frames, width), must be (streams, frames, width)",
    other_width: "the spectrogram stage's context is shaped (streams, frames, 8), the denoiser's",
}
