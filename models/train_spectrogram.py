"""Train stage 1: the mean by absolute error, its spread by likelihood, the denoiser on what they leave."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from neume.synth.bundle import Bundle
from neume.synth.mel import MelSpec

from .batches import StemSet, token_batch
from .loop import fast_bfloat16, rank, step_optimiser, update_average
from .onnx_weights import load_weights
from .pictures import spectrogram_pairs
from .spectral_loss import DECIBEL, level_distance
from .spectrogram import RESIDUAL_LIMIT, Denoiser, MeanModel, SpectrogramConfig
from .tokens import RaggedTokens

WARM_FRAMES: Final = 6  # of a crop, not judged: the stream begins there without its past
SPREAD_WEIGHT: Final = 0.2
DIFFUSION_WEIGHT: Final = 0.5
LEVEL_WEIGHT: Final = 0.3
LEVEL_FRAMES: Final = 29  # over which power is averaged for the level: longer than beating's usual period


@dataclass(frozen=True)
class SpectrogramTraining:
    seed: int = 1
    batch: int = 16
    frames: int = 64
    device: str = "cpu"
    bfloat16: bool = field(default_factory=fast_bfloat16)
    model: SpectrogramConfig = field(default_factory=SpectrogramConfig)


class SpectrogramTask:
    def __init__(self, config: SpectrogramTraining, stems: StemSet) -> None:
        self.config, self.stems, self.spec = config, stems, MelSpec()
        torch.manual_seed(config.seed)
        self.spent_s = 0.0
        self.device = torch.device(config.device)
        mean, denoiser = MeanModel(config.model, self.spec), Denoiser(config.model, self.spec)
        self.model = nn.ModuleDict({"mean": mean, "denoiser": denoiser}).to(self.device)
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), betas=(0.9, 0.98), weight_decay=1e-3)

    def start_from(self, bundle: Bundle) -> None:
        for owner in (self.model, self.average):
            load_weights(owner["mean"], bundle.model("spectrogram"))
            load_weights(owner["denoiser"], bundle.model("denoiser"))

    def modules(self) -> Mapping[str, nn.Module]:
        return {"model": self.model, "average": self.average}

    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        return {"model": self.optimiser}

    def step(self, step: int, learning_rate: float) -> dict[str, float]:
        config = self.config
        seed = (config.seed, rank(), step)
        mel, tokens = self.batch(seed)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.bfloat16):
            loss, figures = self._losses(mel, tokens, seed)
        figures["gradient"] = step_optimiser(self.optimiser, loss, learning_rate)
        update_average(self.average, self.model, step)
        return figures

    def _losses(
        self, mel: Tensor, tokens: RaggedTokens, seed: tuple[int, ...]
    ) -> tuple[Tensor, dict[str, float]]:
        size, model = mel.shape[0], self.model["mean"]
        mean, spread, context, _ = model(tokens, size, model.initial_states(size))
        judged = slice(WARM_FRAMES, None)
        residual = mel - mean
        error = residual[:, judged].abs().mean()
        standard = residual.detach() / spread
        likelihood = (torch.log(spread) + 0.5 * standard**2)[:, judged].mean()
        clean = standard.detach().clamp(-RESIDUAL_LIMIT, RESIDUAL_LIMIT)
        diffusion = self._diffusion(clean, context.detach(), seed)
        level = level_distance(mean[:, judged], mel[:, judged], LEVEL_FRAMES)
        loss = error + SPREAD_WEIGHT * likelihood + DIFFUSION_WEIGHT * diffusion + LEVEL_WEIGHT * level
        return loss, {
            "error_db": error.item() * DECIBEL,
            "level_db": level.item() * DECIBEL,
            "diffusion": diffusion.item(),
            "likelihood": likelihood.item(),
        }

    def batch(self, seed: tuple[int, ...]) -> tuple[Tensor, RaggedTokens]:
        """Log-mel frames `(b, f, mels)` and the tokens of their notes, decided by the seed."""
        return self._crops(seed, self.config.batch, self.config.frames)

    def _crops(self, seed: tuple[int, ...], size: int, frames: int) -> tuple[Tensor, RaggedTokens]:
        batch = token_batch(self.stems, seed, size, frames, self.spec)
        raw, rows = (torch.from_numpy(a).to(self.device) for a in (batch.tokens, batch.frame_of_pair))
        return torch.from_numpy(batch.mel).to(self.device), RaggedTokens(raw, rows, size * frames)

    def _diffusion(self, clean: Tensor, context: Tensor, seed: tuple[int, ...]) -> Tensor:
        """Squared error of the v-prediction at one random noise level a crop."""
        noise, level, signal_share, noise_share = noise_and_level(clean, seed)
        denoiser = self.model["denoiser"]
        estimate, _ = denoiser(
            signal_share * clean + noise_share * noise, level, context, denoiser.initial_states(len(clean))
        )
        wanted = signal_share * noise - noise_share * clean
        return ((estimate - wanted)[:, WARM_FRAMES:] ** 2).mean()

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        mel, tokens = self._crops((self.config.seed, 99, 0), 4, 375)
        model = self.average["mean"]
        mean, *_ = model(tokens, 4, model.initial_states(4))
        spectrogram_pairs(
            folder / f"preview-{step:07d}.png", list(mel.cpu().numpy()), list(mean.cpu().numpy())
        )


def noise_and_level(clean: Tensor, seed: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noise like `clean (b, f, mels)`, one noise level a crop, spread evenly over the batch, `(b,)`, and the
    shares of signal and noise that it stands for, `(b, 1, 1)`."""
    rng = np.random.default_rng([*seed, 1])
    size = len(clean)
    level = torch.from_numpy(((rng.random() + np.arange(size) / size) % 1.0).astype(np.float32)).to(clean)
    noise = torch.from_numpy(rng.standard_normal(clean.shape, np.float32)).to(clean)
    angle = (level * (math.pi / 2))[:, None, None]
    return noise, level, torch.cos(angle), torch.sin(angle)
