"""Weights of eight bits: the linear layers of a bundle in a quarter of the space and of the time to read it.

Between training and the exported graph. ONNX's own DequantizeLinear and QuantizeLinear say how a product is
to be rounded; ONNX Runtime makes one operation of them and the product. Two ways, and in both a row's sums do
not depend on the rows beside it:

- in blocks, for products of few rows: each output has a scale for every `BLOCK` inputs, and what enters is
  rounded by the runtime, a block of a row at a time. Nearest to the trained numbers.
- in a range, for products of many rows, the notes': a scale for each output, and what enters is rounded
  within a range that was measured before. Three times as fast.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

Range: TypeAlias = tuple[float, float]  # of what enters a layer

BLOCK: Final = 32  # inputs that share a scale
LARGEST_IN_BLOCKS: Final = 127
# Two products of an input of eight bits and a weight up to this still fit into sixteen bits, in which older
# x86 processors add them up (ONNX Runtime's quantization guide on saturation).
LARGEST_IN_RANGE: Final = 63
INPUT_STEPS: Final = 255
SCALE_BITS: Final = 11  # of a scale: few enough that a rounded weight, a multiple of it, is exact in float32
NOTHING: Final = 1e-30  # weights below are zero: their scales would come near numbers that players flush
WHOLE: Final = "_whole"  # behind a weight's name: its whole numbers
SCALE: Final = "_scale"


def quantise(weight: NDArray[np.float32], ranged: bool) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`(inputs, outputs)` → whole numbers `(inputs, outputs)` and their scales, `(blocks, outputs)` or, with
    a measured range, `(outputs,)`.

    What `restore` makes of them is a fixed point: quantised again, it is the same to the bit.
    """
    inputs, largest = len(weight), LARGEST_IN_RANGE if ranged else LARGEST_IN_BLOCKS
    block = inputs if ranged else BLOCK
    blocks = -(-inputs // block)
    padded = np.pad(weight, ((0, blocks * block - inputs), (0, 0)))
    peaks = np.abs(padded.reshape(blocks, block, -1)).max(axis=1).astype(np.float64)
    mantissa, exponent = np.frexp(peaks / largest)
    scales = np.ldexp(np.ceil(mantissa * 2.0**SCALE_BITS) / 2.0**SCALE_BITS, exponent)
    scales[peaks < NOTHING] = 1.0
    whole = np.round(weight / np.repeat(scales, block, axis=0)[:inputs])
    return whole.astype(np.int8), (scales[0] if ranged else scales).astype(np.float32)


def restore(whole: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """The weights that whole numbers and scales stand for, `(inputs, outputs)`."""
    each = scales if scales.ndim == 1 else np.repeat(scales, BLOCK, axis=0)[: len(whole)]
    return np.asarray(whole * each)


def round_linear_weights(module: nn.Module, ranged: Collection[nn.Module] = ()) -> None:
    """Round the weights of every linear layer to what eight bits can hold."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                rounded = restore(*quantise(layer.weight.numpy().T, layer in ranged))
                layer.weight.copy_(torch.from_numpy(rounded.T))


def store_in_eight_bits(proto: Any, names: Mapping[str, Range | None]) -> None:
    """Store the constants of these names so, each with the range of what enters or None for blocks, if it is
    exact in eight bits and nothing but the right side of matrix products."""
    graph = proto.graph
    products = _products(graph)
    nodes: list[Any] = []
    for constant in list(graph.initializer):
        name = constant.name
        if name not in names or name not in products:
            continue
        values, within = numpy_helper.to_array(constant), names[name]
        whole, scales = quantise(values, within is not None)
        if not np.array_equal(restore(whole, scales), values):
            continue
        graph.initializer.remove(constant)
        stored = {f"{name}{WHOLE}": whole, f"{name}{SCALE}": scales}
        graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in stored.items())
        how: dict[str, int] = {"axis": 1} if within else {"axis": 0, "block_size": BLOCK}
        nodes.append(helper.make_node("DequantizeLinear", [*stored], [name], **how))
        if within:
            for product in products[name]:
                _round_input(graph, product, within)
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)


def _products(graph: Any) -> dict[str, list[Any]]:
    """Names that nothing but the right side of matrix products refers to, and these products."""
    right: dict[str, list[Any]] = {}
    other: set[str] = set()
    for node in graph.node:
        for index, name in enumerate(node.input):
            if node.op_type == "MatMul" and index == 1:
                right.setdefault(name, []).append(node)
            else:
                other.add(name)
    return {name: nodes for name, nodes in right.items() if name not in other}


def _round_input(graph: Any, product: Any, within: Range) -> None:
    """Put the rounding of its left side in front of a product, once for all products of the same side."""
    left = product.input[0]
    rounded = f"{left}_rounded"
    product.input[0] = rounded
    if any(rounded in node.output for node in graph.node):
        return
    low, high = min(within[0], 0.0), max(within[1], 0.0)
    step = np.float32(max(high - low, 1e-6) / INPUT_STEPS)
    zero = np.uint8(np.clip(np.round(-low / step), 0, INPUT_STEPS))
    how = {f"{left}_step": step, f"{left}_zero": zero}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in how.items())
    quantised = f"{left}_whole_numbers"
    pair = [
        helper.make_node("QuantizeLinear", [left, *how], [quantised]),
        helper.make_node("DequantizeLinear", [quantised, *how], [rounded]),
    ]
    at = next(index for index, node in enumerate(graph.node) if left in node.output) + 1
    for node in reversed(pair):
        graph.node.insert(at, node)
