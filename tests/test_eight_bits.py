"""Weights of eight bits: what is rounded, what comes back, and that a frame is the same in any company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from ordinary_floats import floats

torch = pytest.importorskip("torch")

import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
from onnx import numpy_helper  # noqa: E402

from neume.models import onnx_export  # noqa: E402
from neume.models.eight_bits import (  # noqa: E402
    BLOCK,
    LARGEST_IN_BLOCKS,
    LARGEST_IN_RANGE,
    NOTHING,
    WHOLE,
    quantise,
    restore,
    round_linear_weights,
)
from neume.models.inverter import Inverter, InverterConfig  # noqa: E402
from neume.models.onnx_weights import half_precision, load_weights  # noqa: E402
from neume.models.spectrogram import MeanModel, SpectrogramConfig, slot_tokens  # noqa: E402
from neume.synth.conditioning import FEATURES  # noqa: E402
from neume.synth.mel import MelSpec  # noqa: E402
from neume.synth.stages import session_options  # noqa: E402

SPEC = MelSpec()
SMALL = SpectrogramConfig(
    width=64, token_hidden=96, layers=1, hidden=64, heads=4, window=4, denoiser_width=32, denoiser_layers=1
)
COLUMN = {name: index for index, name in enumerate(FEATURES)}

shapes = st.tuples(st.integers(1, 70), st.integers(1, 5))
weights = shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=floats(-8.0, 8.0, width=32)))


@given(weights, st.booleans())
def test_rounding_is_small_and_happens_once(weight, ranged):
    whole, scales = quantise(weight, ranged)
    rounded = restore(whole, scales)
    assert rounded.shape == weight.shape
    assert rounded.dtype == np.float32
    assert np.abs(whole.astype(int)).max() <= (LARGEST_IN_RANGE if ranged else LARGEST_IN_BLOCKS)
    each = scales if ranged else np.repeat(scales, BLOCK, axis=0)[: len(weight)]
    assert (np.abs(rounded - weight) <= 0.5 * each * (1.0 + 1e-5)).all()
    again, same = quantise(rounded, ranged)
    assert np.array_equal(restore(again, same), rounded)


@given(weights)
def test_a_scale_is_no_larger_than_its_block_needs(weight):
    _, scales = quantise(weight, ranged=False)
    for block, row in enumerate(scales):
        peaks = np.abs(weight[block * BLOCK : (block + 1) * BLOCK]).max(axis=0)
        some = peaks >= NOTHING
        assert (row[some] <= peaks[some] / LARGEST_IN_BLOCKS * 1.001).all()


def notes(streams: int, frames: int, slots: int, seed: int = 3) -> np.ndarray:
    """Conditioning of plausible notes, `(streams, frames, slots, features)`; every fourth slot is unused."""
    rng = np.random.default_rng(seed)
    out = np.zeros((streams, frames, slots, len(FEATURES)), np.float32)
    out[..., 0] = 1.0
    for name, low, high in (
        ("program", 0, 127),
        ("key", 30, 90),
        ("velocity", 20, 127),
        ("level_db", -30, 0),
    ):
        values = rng.uniform(low, high, (streams, 1, slots)).astype(np.float32)
        out[..., COLUMN[name]] = np.round(values) if name != "level_db" else values
    out[..., COLUMN["age_samples"]] = 256.0 * np.arange(frames)[None, :, None]
    out[..., COLUMN["release_age_samples"]] = -1.0
    out[:, :, ::4] = 0.0
    return out


@pytest.fixture(scope="module")
def mean_model():
    torch.manual_seed(5)
    model = MeanModel(SMALL, SPEC)
    state = {name: value + 0.05 * torch.randn_like(value) for name, value in model.state_dict().items()}
    model.load_state_dict(half_precision(state))
    ranges = dict.fromkeys(model.note_layers(), (-4.0, 4.0))
    round_linear_weights(model, ranges)
    return model, ranges


@pytest.fixture(scope="module")
def stage(mean_model):
    model, ranges = mean_model
    return onnx_export.export_spectrogram(model, torch.from_numpy(notes(2, 12, 8)), ranges)


def test_every_linear_layer_is_stored_in_eight_bits(mean_model, stage):
    constants = onnx.load_model_from_string(stage.onnx).graph.initializer
    stored = {c.name for c in constants if c.name.endswith(WHOLE)}
    assert all(numpy_helper.to_array(c).dtype == np.int8 for c in constants if c.name in stored)
    layers = [module for module in mean_model[0].modules() if isinstance(module, torch.nn.Linear)]
    assert len(stored) == len(layers)


def test_rounded_products_are_told_from_a_wrong_graph(stage):
    assert stage.parity_error < 1e-4
    assert stage.parity_error < stage.rounding_error < onnx_export.ROUNDING_LIMIT


def test_rounded_weights_come_back_from_an_exported_model(mean_model, stage):
    model, _ = mean_model
    torch.manual_seed(77)
    other = MeanModel(SMALL, SPEC)
    load_weights(other, stage.onnx)
    for (name, wanted), (_, made) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        assert torch.equal(wanted, made), name


def test_notes_beyond_the_measured_range_saturate(mean_model):
    """What was never measured is played at the range's end: finite, and no wrapping around."""
    model, _ = mean_model
    narrow = dict.fromkeys(model.note_layers(), (-0.5, 0.5))
    graph = onnx_export.SpectrogramGraph(model).eval()
    conditioning = torch.from_numpy(notes(1, 6, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_export, "ROUNDING_LIMIT", np.inf)
        made = onnx_export.export_spectrogram(model, conditioning, narrow)
    session = ort.InferenceSession(made.onnx, session_options(1), providers=["CPUExecutionProvider"])
    states = {f"past_{i}": np.zeros((1, *shape), np.float32) for i, shape in enumerate(made.states.values())}
    (mean,) = session.run(["mean"], {"conditioning": conditioning.numpy(), **states})
    with torch.no_grad():
        tokens, streams = slot_tokens(conditioning)
        wanted = graph.model(tokens, streams, model.initial_states(1))[0].numpy()
    assert np.isfinite(mean).all()
    assert np.abs(mean - wanted).max() < 20.0


def run(session, conditioning, chunk):
    """Stream conditioning `(s, f, slots, features)` in chunks of frames; the mean frames."""
    states = {
        i.name: np.zeros((len(conditioning), *i.shape[1:]), np.float32)
        for i in session.get_inputs()
        if i.name.startswith("past")
    }
    made = []
    for start in range(0, conditioning.shape[1], chunk):
        part = conditioning[:, start : start + chunk]
        mean, *after = session.run(["mean", *(f"next_{s}" for s in states)], {"conditioning": part, **states})
        states = dict(zip(states, after, strict=True))
        made.append(mean)
    return np.concatenate(made, axis=1)


@pytest.mark.parametrize("chunk", [2, 3, 4, 8, 24])
def test_a_frame_is_the_same_whatever_is_computed_beside_it(stage, chunk):
    session = ort.InferenceSession(stage.onnx, session_options(1), providers=["CPUExecutionProvider"])
    conditioning = notes(3, 24, 8)
    whole = run(session, conditioning, 24)
    assert np.array_equal(run(session, conditioning, chunk), whole)
    for stream in range(3):
        assert np.array_equal(run(session, conditioning[stream : stream + 1], chunk)[0], whole[stream])


def test_unused_slots_add_nothing(stage):
    session = ort.InferenceSession(stage.onnx, session_options(1), providers=["CPUExecutionProvider"])
    conditioning = notes(1, 12, 8)
    padded = np.concatenate([conditioning, np.zeros_like(conditioning)], axis=2)
    np.testing.assert_allclose(run(session, padded, 4), run(session, conditioning, 4), atol=1e-5)


def test_an_inverter_keeps_its_transforms_exact():
    """Its linear layers are rounded; Fourier matrices and filters are not, or silence would hiss."""
    torch.manual_seed(6)
    model = Inverter(InverterConfig(width=32, hidden=64, layers=1, bands=20), SPEC)
    model.load_state_dict(half_precision(model.state_dict()))
    round_linear_weights(model)
    excitation = torch.randn(2, 12, 256, 2) * 0.1
    stage = onnx_export.export_inverter(model, torch.full((2, 12, SPEC.mels), -6.0), excitation)
    constants = onnx.load_model_from_string(stage.onnx).graph.initializer
    stored = {c.name.removesuffix(WHOLE) for c in constants if c.name.endswith(WHOLE)}
    linear = {f"model.{name}.weight" for name, m in model.named_modules() if isinstance(m, torch.nn.Linear)}
    assert {name.removesuffix(".transposed") for name in stored} == linear
