"""Loading a bundle's models into ONNX Runtime: they run, nothing is printed, and bad ones are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_models
from bundle_factory import write_bundle
from onnx import TensorProto, helper
from tiny_models import FEATURES, STATE, WIDTH, stored, value

from neume.synth.bundle import open_bundle
from neume.synth.errors import BundleError
from neume.synth.stages import SESSION_ENTRIES, load_stages, session_options

MELS, HOP = 100, 256


def load_faults(folder: Path, budget_s: float = 5.0, **models: onnx.ModelProto) -> list[str]:
    """Faults of loading a bundle that opens well but holds these models."""
    write_bundle(folder, models)
    bundle = open_bundle(folder)
    with pytest.raises(BundleError) as caught:
        load_stages(bundle, budget_s=budget_s)
    return caught.value.faults


def test_loaded_stages_compute_what_the_models_say(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny")
    stages = load_stages(open_bundle(tmp_path / "tiny"), threads=1)
    mel = np.zeros((1, 3, MELS), np.float32)
    excitation = np.random.default_rng(0).standard_normal((1, 3, HOP, 2)).astype(np.float32)
    held = np.full((1, HOP), 0.25, np.float32)
    audio, next_held = stages.inverter.run(None, {"mel": mel, "excitation": excitation, "held": held})
    hops = excitation.sum(axis=3) * 0.5
    np.testing.assert_allclose(audio, np.concatenate([held[:, None], hops[:, :-1]], axis=1), rtol=1e-6)
    np.testing.assert_allclose(next_held, hops[:, -1], rtol=1e-6)
    for session in (stages.spectrogram, stages.denoiser, stages.inverter):
        assert session.get_providers() == ["CPUExecutionProvider"]


def test_session_options_are_the_players() -> None:
    options = session_options(2)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.execution_mode.name == "ORT_SEQUENTIAL"
    assert options.log_severity_level == 4
    entries = {key: options.get_session_config_entry(key) for key in SESSION_ENTRIES}
    assert entries["session.intra_op.allow_spinning"] == "0"
    assert entries["session.inter_op.allow_spinning"] == "0"
    assert entries["session.set_denormal_as_zero"] == "1"
    assert entries["session.load_model_format"] == "ONNX"


def test_operator_that_does_not_exist(tmp_path: Path) -> None:
    broken = tiny_models.denoiser(MELS)
    broken.graph.node[0].op_type = "Multiply"
    (fault,) = load_faults(tmp_path / "b", denoiser=broken)
    assert fault.startswith("denoiser: ONNX Runtime refuses the model: ")
    assert "\n" not in fault


def scaled_denoiser(factor: float) -> onnx.ModelProto:
    """estimate = factor * (noisy / noise_level): not finite at a noise level of zero."""
    node = helper.make_node
    return tiny_models.model(
        "denoiser",
        [
            node("Div", ["noisy", "noise_level"], ["scaled"]),
            node("Mul", ["scaled", "factor"], ["estimate"]),
            node("Identity", ["memory"], ["next_memory"]),
        ],
        [
            value("noisy", "streams", "frames", MELS),
            value("noise_level", 1),
            value("context", "streams", "frames", WIDTH),
            value("memory", "streams", STATE),
        ],
        [value("estimate", "streams", "frames", MELS), value("next_memory", "streams", STATE)],
        [stored("factor", factor)],
    )


def test_result_that_is_not_finite(tmp_path: Path) -> None:
    assert load_faults(tmp_path / "b", denoiser=scaled_denoiser(1.0)) == [
        "denoiser: output 'estimate' is not finite for a block of silence"
    ]


def test_length_baked_into_a_free_axis(tmp_path: Path) -> None:
    """The state always comes out for one stream, whatever the declared axes say."""
    broken = tiny_models.denoiser(MELS)
    del broken.graph.node[-1]
    broken.graph.initializer.append(stored("once", np.zeros((1, STATE))))
    broken.graph.node.append(helper.make_node("Identity", ["once"], ["next_memory"]))
    assert load_faults(tmp_path / "b", denoiser=broken) == [
        "denoiser: output 'next_memory' came out shaped (1, 4), must be (2, 4)"
    ]


def inflexible_spectrogram() -> onnx.ModelProto:
    """Reshapes to one block of one stream, which a second stream does not fit."""
    broken = tiny_models.spectrogram(MELS)
    broken.graph.node[0].output[0] = "summed"
    broken.graph.node.insert(1, helper.make_node("Reshape", ["summed", "shape"], ["notes"]))
    broken.graph.initializer.append(stored("shape", [1, 2, FEATURES]))
    return broken


def test_failure_while_running(tmp_path: Path) -> None:
    (fault,) = load_faults(tmp_path / "b", spectrogram=inflexible_spectrogram())
    assert fault.startswith("spectrogram: fails on a block of silence: ")
    assert "\n" not in fault


def endless_denoiser() -> onnx.ModelProto:
    """The tiny denoiser with a loop before its state that would take days."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Neg", ["x"], ["y"])],
        "body",
        [
            value("i", dtype=TensorProto.INT64),
            value("go", dtype=TensorProto.BOOL),
            value("x", "streams", STATE),
        ],
        [value("on", dtype=TensorProto.BOOL), value("y", "streams", STATE)],
    )
    slow = tiny_models.denoiser(MELS)
    slow.graph.node[-1].input[0] = "looped"
    count = helper.make_tensor("count", TensorProto.INT64, [], [1 << 50])
    slow.graph.initializer.append(count)
    slow.graph.node.insert(0, helper.make_node("Loop", ["count", "", "memory"], ["looped"], body=body))
    return slow


def test_endless_model_is_stopped(tmp_path: Path) -> None:
    assert load_faults(tmp_path / "b", budget_s=0.5, denoiser=endless_denoiser()) == [
        "denoiser: one block takes longer than 0.5 s"
    ]


def test_faults_of_all_stages_are_told(tmp_path: Path) -> None:
    wrong = tiny_models.inverter(MELS, HOP)
    wrong.graph.node[0].op_type = "Sum3"
    faults = load_faults(tmp_path / "b", denoiser=scaled_denoiser(1.0), inverter=wrong)
    assert [fault.split(":")[0] for fault in faults] == ["denoiser", "inverter"]


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_is_printed_by_the_runtime(tmp_path: Path, broken: bool) -> None:
    """In a process of its own, since the runtime writes past Python's streams."""
    write_bundle(tmp_path / "b", {"spectrogram": inflexible_spectrogram()} if broken else {})
    code = (
        "import sys; from pathlib import Path\n"
        "from neume.synth.bundle import open_bundle\n"
        "from neume.synth.errors import BundleError\n"
        "from neume.synth.stages import load_stages\n"
        "try: load_stages(open_bundle(Path(sys.argv[1])))\n"
        "except BundleError: print('refused')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "b")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("refused\n" if broken else "", "")
