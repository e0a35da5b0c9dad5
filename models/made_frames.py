"""Mel frames as a trained spectrogram stage makes them, for the inverter to learn from.

An inverter that has seen only the reference's frames takes every slip of stage 1 at its word. Beside them it
is given made frames of the same crops, and is asked for the reference's sound all the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from neume.synth.mel import MelSpec
from neume.synth.sampler import cosine_schedule

from .batches import StemSet, token_batch
from .loop import fast_bfloat16, load_checkpoint
from .spectrogram import Denoiser, MeanModel, SpectrogramConfig
from .tokens import RaggedTokens
from .train_distillation import clean_and_noise


class MadeFrames:
    """The spectrogram stage of a run (a distilled one: it takes one step), its weights fixed."""

    def __init__(self, run: Path, texture: float, device: torch.device) -> None:
        """`texture` multiplies the spread, as in export."""
        self._spec, self._texture, self._device = MelSpec(), texture, device
        weights = load_checkpoint(run)["modules"]["average"]
        model = torch.nn.ModuleDict(
            {
                "mean": MeanModel(SpectrogramConfig(), self._spec),
                "denoiser": Denoiser(SpectrogramConfig(), self._spec),
            }
        )
        model.load_state_dict(weights)
        self._model = model.to(device).eval()

    @torch.no_grad()
    def __call__(self, stems: StemSet, seed: tuple[int, ...], size: int, frames: int) -> Tensor:
        """`(size, frames, mels)`, of the very crops that `audio_batch` takes for the same seed."""
        batch = token_batch(stems, seed, size, frames, self._spec)
        raw, rows = (torch.from_numpy(a).to(self._device) for a in (batch.tokens, batch.frame_of_pair))
        mean_model, denoiser = self._model["mean"], self._model["denoiser"]
        drawn = np.random.default_rng([*seed, 5]).standard_normal(batch.mel.shape, np.float32)
        noise = torch.from_numpy(drawn).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=fast_bfloat16()):
            tokens = RaggedTokens(raw, rows, size * frames)
            mean, spread, context, _ = mean_model(tokens, size, mean_model.initial_states(size))
            residual, _ = clean_and_noise(denoiser, noise, cosine_schedule(1)[0], context)
        made = mean.float() + self._texture * spread.float() * residual
        return made.clamp(min=self._spec.log_floor)
