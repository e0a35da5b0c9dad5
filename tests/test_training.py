"""Training: data sets, stateless batches, exact resume, data parallelism, export with its proof."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("fluidsynth")

from neume.models import cli, onnx_export, programs  # noqa: E402
from neume.models.batches import StemSet, audio_batch, token_batch  # noqa: E402
from neume.models.build import BuildPlan, build_dataset, program_of, stem_folder  # noqa: E402
from neume.models.export import slot_conditioning, textured  # noqa: E402
from neume.models.inverter import Inverter, InverterConfig  # noqa: E402
from neume.models.loop import LoopConfig, _save, learning_rate, load_checkpoint, run  # noqa: E402
from neume.models.onnx_weights import half_precision, load_weights  # noqa: E402
from neume.models.spectrogram import MeanModel, SpectrogramConfig, slot_tokens  # noqa: E402
from neume.models.stems import Stem  # noqa: E402
from neume.models.train_inverter import InverterTask, InverterTraining  # noqa: E402
from neume.models.train_spectrogram import SpectrogramTask, SpectrogramTraining  # noqa: E402
from neume.synth.conditioning import FEATURES  # noqa: E402
from neume.synth.errors import NeumeError, UsageError  # noqa: E402
from neume.synth.mel import MelSpec  # noqa: E402

SPEC = MelSpec()
SMALL = SpectrogramConfig(
    width=32, token_hidden=32, layers=1, hidden=32, heads=4, window=4, denoiser_width=16, denoiser_layers=1
)
PLAN = BuildPlan(seed=5, stems=3, seconds=4.0, corpus_share=0.0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Three four-second stems of piano, flute and drums, rendered by the real reference."""
    folder = tmp_path_factory.mktemp("data") / "set"
    patch = pytest.MonkeyPatch()
    trained = {0: 1.0, 73: 1.0, 128: 1.0}
    patch.setattr(programs, "TRAINED", trained)
    patch.setattr("neume.models.build.TRAINED", trained)
    build_dataset(PLAN, folder, workers=1)
    patch.undo()
    return folder


def spectrogram_task(dataset: Path, seed: int = 1) -> SpectrogramTask:
    config = SpectrogramTraining(seed=seed, batch=2, frames=16, bfloat16=False, model=SMALL)
    return SpectrogramTask(config, StemSet.open([dataset]))


def inverter_task(dataset: Path) -> InverterTask:
    config = InverterTraining(
        batch=2, frames=26, adversarial_from=1, jury_width=2, jury_crop_hops=16,
        model=InverterConfig(width=16, hidden=16, layers=1, bands=20),
    )  # fmt: skip
    return InverterTask(config, StemSet.open([dataset]))


def test_stems_hold_what_was_played(dataset):
    for index in range(PLAN.stems):
        stem = Stem.load(stem_folder(dataset, index))
        frames = int(PLAN.seconds * SPEC.frames_per_second)
        assert stem.audio.shape == (frames, 256)
        assert stem.excitation.shape == (frames, 256, 2)
        assert stem.mel.shape == (frames, SPEC.mels)
        assert stem.offsets[-1] == len(stem.tokens) > 0
        assert np.asarray(stem.audio).any(), "the reference played something"
        quiet = np.diff(stem.offsets) == 0
        assert quiet.any()
        assert not np.asarray(stem.excitation)[quiet].any(), "no note, no excitation"


def test_onsets_of_tokens_are_onsets_of_the_reference(dataset):
    """The first note's age tells its sample: the audio is silent until there and sounds soon after."""
    age = FEATURES.index("age_samples")
    for index in range(PLAN.stems):
        stem = Stem.load(stem_folder(dataset, index))
        first = int(np.flatnonzero(np.diff(stem.offsets))[0])
        onset = (first + 1) * 256 - int(stem.tokens[0, age])
        audio = np.asarray(stem.audio).ravel()
        assert not audio[:onset].any()
        assert np.abs(audio[onset : onset + 2400]).max() > 5


def test_an_unfinished_build_goes_on_and_another_plan_is_refused(dataset, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in dataset.rglob("*.npy")}
    build_dataset(PLAN, dataset, workers=1)
    assert {path: path.stat().st_mtime_ns for path in dataset.rglob("*.npy")} == before
    with pytest.raises(NeumeError, match="another plan"):
        build_dataset(replace(PLAN, seed=6), dataset, workers=1)


@pytest.mark.parametrize(("field", "value"), [("stems", 0), ("seconds", 1.0)])
def test_impossible_plans_are_refused(field, value):
    with pytest.raises(NeumeError, match=field):
        replace(PLAN, **{field: value})


def test_programs_are_drawn_from_the_seed_alone():
    assert [program_of(PLAN, i) for i in range(20)] == [program_of(PLAN, i) for i in range(20)]
    assert {programs.substitute(p) for p in range(129)} == set(programs.TRAINED)


def test_same_seed_same_batch(dataset):
    stems = StemSet.open([dataset])
    for make in (audio_batch, token_batch):
        first, again, other = (make(stems, (1, 0, step), 2, 16, SPEC) for step in (4, 4, 5))
        assert np.array_equal(first.mel, again.mel)
        assert not np.array_equal(first.mel, other.mel)


def test_no_stems_is_one_clear_line(tmp_path):
    with pytest.raises(NeumeError, match="neume data build"):
        StemSet.open([tmp_path])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {
        f"{module}.{name}": value
        for module, state in load_checkpoint(folder)["modules"].items()
        for name, value in state.items()
    }


@pytest.mark.parametrize("make", [spectrogram_task, inverter_task])
def test_a_resumed_run_is_the_run_that_was_not_stopped(dataset, tmp_path, make):
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    config = LoopConfig(steps=4, warmup_steps=2, log_steps=1)
    run(make(dataset), config, whole)
    assert run(make(dataset), replace(config, time_limit_s=-1.0), halved) == 0
    half = make(dataset)
    for step in range(2):
        half.step(step, learning_rate(config, step))
    _save(half, halved, 2, 1.0)
    assert run(make(dataset), config, halved) == 4
    wanted, made = weights(whole), weights(halved)
    assert all(torch.equal(wanted[name], made[name]) for name in wanted)
    rows = [json.loads(line) for line in (whole / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert list(whole.glob("preview-*.png"))


def test_two_processes_over_gloo_share_their_gradients(dataset, tmp_path):
    """Both ranks end with the same weights, which are not those of a single process."""
    script = Path(__file__).parent / "gloo_worker.py"
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
        str(script), str(dataset), str(tmp_path),
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    alone = spectrogram_task(dataset)
    for step in range(2):
        alone.step(step, 1e-3)
    assert any(not torch.equal(first[name], value) for name, value in alone.model.state_dict().items())


def test_training_learns(dataset):
    task = spectrogram_task(dataset)
    errors = [task.step(step, 3e-3)["error_db"] for step in range(30)]
    assert np.mean(errors[-8:]) < 0.7 * np.mean(errors[:4])


def test_export_proves_itself(dataset):
    stem = Stem.load(stem_folder(dataset, 0))
    conditioning = torch.from_numpy(np.stack([slot_conditioning(stem, 20, 12)] * 2))
    stage = onnx_export.export_spectrogram(MeanModel(SMALL, SPEC), conditioning)
    assert stage.parity_error < 1e-4
    assert str(Path(__file__).parent.parent).encode() not in stage.onnx, "no paths of this machine"


def test_texture_scales_the_spread_and_nothing_else(dataset):
    stem = Stem.load(stem_folder(dataset, 0))
    tokens, streams = slot_tokens(torch.from_numpy(slot_conditioning(stem, 20, 12)[None]))
    model, smoother = MeanModel(SMALL, SPEC), MeanModel(SMALL, SPEC)
    state = textured({f"mean.{name}": value for name, value in model.state_dict().items()}, 0.65)
    smoother.load_state_dict({name.removeprefix("mean."): value for name, value in state.items()})
    with torch.no_grad():
        mean, spread, *_ = model(tokens, streams, model.initial_states(1))
        same, less, *_ = smoother(tokens, streams, smoother.initial_states(1))
    assert torch.equal(mean, same)
    torch.testing.assert_close(less, 0.65 * spread)


@pytest.mark.parametrize("given", [["1"], ["1"] * 6])
def test_texture_by_steps_is_told_for_all_of_them_or_none(tmp_path, given):
    file = tmp_path / "file"
    file.touch()
    options = {"spectrogram": file, "inverter": file, "data": file, "golden": file, "licence-file": file}
    flags = [text for name, path in options.items() for text in (f"--{name}", str(path))]
    flags += [text for number in given for text in ("--steps-texture", number)]
    licences = ["--trained-on", "noise", "--data-licence", "CC0-1.0"]
    app = typer.Typer()
    cli.register(app)
    result = CliRunner().invoke(app, ["export", str(tmp_path / "out"), *flags, *licences])
    assert isinstance(result.exception, UsageError), result.output
    assert str(result.exception) == (
        f"--steps-texture came {len(given)} times; give one for each of 0, 1, 2, 4, 8 steps, or none"
    )


def test_weights_come_back_from_an_exported_model(dataset):
    stem = Stem.load(stem_folder(dataset, 0))
    conditioning = torch.from_numpy(np.stack([slot_conditioning(stem, 20, 12)] * 2))
    model = MeanModel(SMALL, SPEC)
    trained = {name: value + 0.1 * torch.randn_like(value) for name, value in model.state_dict().items()}
    model.load_state_dict(half_precision(trained))
    stage = onnx_export.export_spectrogram(model, conditioning)
    torch.manual_seed(77)
    other = MeanModel(SMALL, SPEC)
    load_weights(other, stage.onnx)
    for (name, wanted), (_, made) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        assert torch.equal(wanted, made), name
    with pytest.raises(NeumeError, match="no weights"):
        load_weights(MeanModel(replace(SMALL, width=64), SPEC), stage.onnx)


def test_export_refuses_a_model_that_differs(dataset, monkeypatch):
    model = Inverter(InverterConfig(width=16, hidden=16, layers=1, bands=20), SPEC)
    stream = onnx_export._stream
    monkeypatch.setattr(onnx_export, "_stream", lambda *a: [part + 0.01 for part in stream(*a)])
    with pytest.raises(NeumeError, match="export refused"):
        onnx_export.export_inverter(model, torch.zeros(2, 12, SPEC.mels), torch.randn(2, 12, 256, 2))
