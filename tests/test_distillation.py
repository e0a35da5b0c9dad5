"""Distillation: the teacher's path is the sampler's own, the student comes nearer to its end in one step."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("fluidsynth")

from test_training import SMALL, SPEC, dataset, spectrogram_task, weights  # noqa: E402, F401

from neume.models.batches import StemSet  # noqa: E402
from neume.models.loop import LoopConfig, run  # noqa: E402
from neume.models.spectrogram import Denoiser  # noqa: E402
from neume.models.train_distillation import (  # noqa: E402
    TEACHER_STEPS,
    DistillationTask,
    DistillationTraining,
    teacher_path,
)
from neume.models.train_spectrogram import SpectrogramTraining  # noqa: E402
from neume.synth.sampler import cosine_schedule  # noqa: E402


@pytest.fixture(scope="module")
def teacher(dataset, tmp_path_factory):  # noqa: F811
    """A run of the spectrogram stage, not long enough to be good at anything."""
    folder = tmp_path_factory.mktemp("runs") / "spectrogram"
    run(spectrogram_task(dataset), LoopConfig(steps=30, learning_rate=3e-3, warmup_steps=2), folder)
    return folder


def distillation_task(dataset, teacher):  # noqa: F811
    config = SpectrogramTraining(batch=2, frames=16, bfloat16=False, model=SMALL)
    return DistillationTask(DistillationTraining(teacher, config), StemSet.open([dataset]))


def test_the_teachers_path_is_the_samplers():
    torch.manual_seed(3)
    denoiser = Denoiser(SMALL, SPEC)
    torch.nn.init.normal_(denoiser.leave.weight, std=0.05)
    context, noise = torch.randn(2, 12, SMALL.width), torch.randn(2, 12, SPEC.mels)
    with torch.no_grad():
        path = teacher_path(denoiser, context, noise)
        noisy = noise.numpy()
        for step in cosine_schedule(TEACHER_STEPS):
            level = torch.tensor([step.noise_level], dtype=torch.float32)
            estimate, _ = denoiser(torch.from_numpy(noisy), level, context, denoiser.initial_states(2))
            noisy = step.advance(noisy, estimate.numpy())
    assert len(path) == TEACHER_STEPS + 1
    np.testing.assert_allclose(path[-1].numpy(), noisy, atol=1e-4)


def test_the_student_comes_nearer_and_the_mean_stays(dataset, teacher, tmp_path):  # noqa: F811
    task = distillation_task(dataset, teacher)
    distances = [task.step(step, 2e-3)["distance"] for step in range(60)]
    assert np.mean(distances[-15:]) < 0.8 * np.mean(distances[:15])
    run(distillation_task(dataset, teacher), LoopConfig(steps=3, warmup_steps=1), tmp_path)
    before, after = weights(teacher), weights(tmp_path)
    same = {name: torch.equal(before[name], value) for name, value in after.items() if "average" in name}
    assert all(equal for name, equal in same.items() if "average.mean." in name)
    assert not all(equal for name, equal in same.items() if "average.denoiser." in name)


def test_a_distillation_goes_on_where_it_stopped(dataset, teacher, tmp_path):  # noqa: F811
    config = LoopConfig(steps=4, warmup_steps=1, decay_share=0.0)
    run(distillation_task(dataset, teacher), config, tmp_path / "whole")
    for steps in (2, 4):
        run(
            distillation_task(dataset, teacher),
            LoopConfig(steps=steps, warmup_steps=1, decay_share=0.0),
            tmp_path / "halved",
        )
    whole, halved = weights(tmp_path / "whole"), weights(tmp_path / "halved")
    assert all(torch.equal(whole[name], halved[name]) for name in whole)
