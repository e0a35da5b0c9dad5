"""Distil the denoiser: what takes the teacher many steps, the student learns to reach in one.

From noise, the teacher walks the deterministic path of its sampler; from any point of that path the student
is taught to name its end (consistency distillation along the whole path; Song et al. 2023). The mean
model stays as it is, so that a run of this task exports like one of `train_spectrogram`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from neume.synth.bundle import Bundle
from neume.synth.errors import NeumeError
from neume.synth.sampler import SamplerStep, cosine_schedule

from .batches import StemSet
from .loop import load_checkpoint, rank, step_optimiser, update_average
from .spectrogram import RESIDUAL_LIMIT, Denoiser
from .train_spectrogram import WARM_FRAMES, SpectrogramTask, SpectrogramTraining

TEACHER_STEPS: Final = 8
FIRST_STEP_SHARE: Final = 0.5  # of updates that start from pure noise: what one-step playing does


@dataclass(frozen=True)
class DistillationTraining:
    teacher: Path  # run folder of the spectrogram stage
    spectrogram: SpectrogramTraining


class DistillationTask:
    def __init__(self, config: DistillationTraining, stems: StemSet) -> None:
        self.config = config
        self.spectrogram = SpectrogramTask(config.spectrogram, stems)
        checkpoint = load_checkpoint(config.teacher)
        trained, self.spent_s = checkpoint["modules"]["average"], float(checkpoint["seconds"])
        self.model, self.average = self.spectrogram.model, self.spectrogram.average
        for owner in (self.model, self.average):
            owner.load_state_dict(trained)
        self.teacher: Denoiser = copy.deepcopy(self.model["denoiser"])
        student = self.model["denoiser"].parameters()
        self.optimiser = torch.optim.AdamW(student, betas=(0.9, 0.98), weight_decay=1e-3)

    def start_from(self, bundle: Bundle) -> None:
        raise NeumeError(f"bundle {bundle.folder}: distillation starts from its teacher, leave out --from")

    def modules(self) -> Mapping[str, nn.Module]:
        return {"model": self.model, "average": self.average}

    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        return {"denoiser": self.optimiser}

    def step(self, step: int, learning_rate: float) -> dict[str, float]:
        config = self.config.spectrogram
        seed = (config.seed, rank(), step, 2)
        with torch.autocast(config.device.partition(":")[0], torch.bfloat16, enabled=config.bfloat16):
            with torch.no_grad():
                context, noise = self._context_and_noise(seed)
                path = teacher_path(self.teacher, context, noise)
            rng = np.random.default_rng([*seed, 3])
            chosen = 0 if rng.random() < FIRST_STEP_SHARE else int(rng.integers(1, TEACHER_STEPS))
            student = self.model["denoiser"]
            named, _ = clean_and_noise(student, path[chosen], cosine_schedule(TEACHER_STEPS)[chosen], context)
            loss = ((named - path[-1])[:, WARM_FRAMES:] ** 2).mean()
        figures = {
            "distance": loss.item(),
            "spread": (named[:, WARM_FRAMES:].std() / path[-1][:, WARM_FRAMES:].std()).item(),
        }
        figures["gradient"] = step_optimiser(self.optimiser, loss, learning_rate)
        update_average(self.average["denoiser"], student, step)
        return figures

    def preview(self, folder: Path, step: int) -> None:
        self.spectrogram.preview(folder, step)

    def _context_and_noise(self, seed: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        mel, tokens = self.spectrogram.batch(seed)
        mean = self.model["mean"]
        _, _, context, _ = mean(tokens, len(mel), mean.initial_states(len(mel)))
        noise = np.random.default_rng([*seed, 1]).standard_normal(mel.shape, np.float32)
        return context, torch.from_numpy(noise).to(mel)


def teacher_path(teacher: Denoiser, context: Tensor, noise: Tensor) -> list[Tensor]:
    """The points that `TEACHER_STEPS` steps of the sampler pass through, the noise first, the end last."""
    path = [noise]
    for step in cosine_schedule(TEACHER_STEPS):
        clean, noise = clean_and_noise(teacher, path[-1], step, context)
        path.append(step.next_signal * clean + step.next_noise * noise)
    return path


def clean_and_noise(
    denoiser: Denoiser, noisy: Tensor, step: SamplerStep, context: Tensor
) -> tuple[Tensor, Tensor]:
    """The residual and the noise, `(s, f, mels)` each, that a v-prediction at one noise level stands for."""
    level = torch.full((1,), step.noise_level, device=noisy.device)
    estimate = denoiser(noisy, level, context, denoiser.initial_states(len(noisy)))[0].float()
    clean = (step.signal * noisy - step.noise * estimate).clamp(-RESIDUAL_LIMIT, RESIDUAL_LIMIT)
    return clean, step.noise * noisy + step.signal * estimate
