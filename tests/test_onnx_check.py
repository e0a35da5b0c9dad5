"""What may be inside a bundle's ONNX files: each rule has one deliberately broken model, hashed correctly."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import tiny_models
from broken_models import BROKEN, MELS, Spoil, extra_input, foreign_operator
from bundle_factory import write_bundle
from tiny_models import value

from neume.synth.bundle import open_bundle
from neume.synth.errors import BundleError


def spoilt(spoil: Spoil) -> onnx.ModelProto:
    model = tiny_models.denoiser(MELS)
    spoil(model)
    return model


@pytest.mark.parametrize(("spoil", "fault"), BROKEN.items(), ids=[spoil.__name__ for spoil in BROKEN])
def test_spoilt_model_is_refused(tmp_path: Path, spoil: Spoil, fault: str) -> None:
    write_bundle(tmp_path / "b", {"denoiser": spoilt(spoil)})
    with pytest.raises(BundleError) as caught:
        open_bundle(tmp_path / "b")
    assert [told for told in caught.value.faults if fault in told], caught.value.faults


def test_file_that_is_no_model(tmp_path: Path) -> None:
    class Garbage:
        def SerializeToString(self) -> bytes:
            return b"\xff\xff not a model"

    write_bundle(tmp_path / "b", {"denoiser": Garbage()})
    with pytest.raises(BundleError) as caught:
        open_bundle(tmp_path / "b")
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith("denoiser.onnx: is not an ONNX model")


def test_empty_file_is_no_model(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", {"inverter": onnx.ModelProto()})
    with pytest.raises(BundleError, match=r"inverter.onnx: input 'mel' is missing"):
        open_bundle(tmp_path / "b")


def test_weights_listed_among_the_inputs_are_fine(tmp_path: Path) -> None:
    """ONNX before IR version 4 lists them there."""
    model = tiny_models.denoiser(MELS)
    model.graph.input.append(value("tenth"))
    write_bundle(tmp_path / "b", {"denoiser": model})
    open_bundle(tmp_path / "b")


def test_faults_of_all_models_are_told(tmp_path: Path) -> None:
    denoiser, inverter = tiny_models.denoiser(MELS), tiny_models.inverter(MELS, 256)
    foreign_operator(denoiser)
    extra_input(inverter)
    write_bundle(tmp_path / "b", {"denoiser": denoiser, "inverter": inverter})
    with pytest.raises(BundleError) as caught:
        open_bundle(tmp_path / "b")
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["denoiser.onnx", "inverter.onnx"]
