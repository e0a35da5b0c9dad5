"""Which of ONNX Runtime's execution providers really run a model here, not only in a list.

`get_available_providers` names what was compiled in. A session that is asked for one that cannot load runs on
the processor without a word, so each is tried with a model of one addition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from .quiet import quiet_stderr
from .stages import session_options

REMOTE: Final = ("AzureExecutionProvider",)  # runs models on another machine: nothing for playing
TINY_OPSET: Final = 17
TINY_IR: Final = 8


def working_providers() -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Names of those that run a model, and why each of the others does not."""
    working: list[str] = []
    failing: dict[str, str] = {}
    for provider in ort.get_available_providers():
        if provider not in REMOTE:
            fault = _fault(provider)
            if fault is None:
                working.append(provider)
            else:
                failing[provider] = fault
    return tuple(working), failing


def _fault(provider: str) -> str | None:
    """What keeps a provider from running a model, None if nothing does."""
    try:
        with quiet_stderr():
            session = ort.InferenceSession(_tiny_model(), session_options(1), providers=[provider])
            used = session.get_providers()
            session.run(None, {"x": [1.0]})
    except Exception as error:  # ONNX Runtime's errors have no base class of their own
        return " ".join(str(error).split())[:200]
    return None if provider in used else f"a session that was asked for it runs on {used[0]}"


def _tiny_model() -> bytes:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "tiny", [x], [y])
    opset = helper.make_opsetid("", TINY_OPSET)
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=TINY_IR)
    return bytes(model.SerializeToString())
