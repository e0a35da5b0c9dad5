"""Train stage 2: spectral distances first, then the jury of discriminators joins."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from neume.synth.bundle import Bundle
from neume.synth.mel import MelSpec

from .batches import StemSet, audio_batch
from .discriminators import Jury, feature_loss, jury_loss, persuasion_loss
from .inverter import Inverter, InverterConfig
from .loop import rank, step_optimiser, update_average
from .made_frames import MadeFrames
from .onnx_weights import load_weights
from .pictures import spectrogram_pairs
from .spectral_loss import DECIBEL, SpectralLoss, level_distance, shape_distance

WARM_HOPS: Final = 8  # of a crop, not judged: the stream begins there without its past
ADVERSARIAL_WEIGHT: Final = 0.1
FEATURE_WEIGHT: Final = 1.0
MEL_WEIGHT: Final = 1.0
LEVEL_WEIGHT: Final = 1.0
SHAPE_WEIGHT: Final = 2.0
LEVEL_FRAMES: Final = 13  # 69 ms


@dataclass(frozen=True)
class InverterTraining:
    seed: int = 1
    batch: int = 16
    frames: int = 48
    adversarial_from: int = 1_000_000_000
    jury_width: int = 16
    jury_crop_hops: int = 32
    frames_by: Path | None = None  # run folder of a distilled spectrogram stage that makes half of the frames
    texture: float = 1.0  # of the made frames
    device: str = "cpu"
    model: InverterConfig = field(default_factory=InverterConfig)


class InverterTask:
    def __init__(self, config: InverterTraining, stems: StemSet) -> None:
        self.config, self.stems, self.spec = config, stems, MelSpec()
        torch.manual_seed(config.seed)
        self.spent_s = 0.0
        self.device = torch.device(config.device)
        self.model = Inverter(config.model, self.spec).to(self.device)
        self.average = copy.deepcopy(self.model)
        self.jury = Jury(config.jury_width).to(self.device)
        self.spectral = SpectralLoss().to(self.device)
        self.mel = TorchMel(self.spec).to(self.device)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), betas=(0.8, 0.99), weight_decay=1e-3)
        self.made_frames = (
            MadeFrames(config.frames_by, config.texture, self.device) if config.frames_by else None
        )
        self.jury_optimiser = torch.optim.AdamW(self.jury.parameters(), betas=(0.8, 0.99), weight_decay=1e-3)

    def start_from(self, bundle: Bundle) -> None:
        for owner in (self.model, self.average):
            load_weights(owner, bundle.model("inverter"))

    def modules(self) -> Mapping[str, nn.Module]:
        return {"model": self.model, "average": self.average, "jury": self.jury}

    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        return {"model": self.optimiser, "jury": self.jury_optimiser}

    def step(self, step: int, learning_rate: float) -> dict[str, float]:
        config = self.config
        seed = (config.seed, rank(), step)
        batch = audio_batch(self.stems, seed, config.batch, config.frames, self.spec)
        mel, excitation, audio = (
            torch.from_numpy(array).to(self.device) for array in (batch.mel, batch.excitation, batch.audio)
        )
        if self.made_frames is not None:  # for every other crop
            mel[::2] = self.made_frames(self.stems, seed, config.batch, config.frames)[::2]
        states = [state.to(self.device) for state in self.model.initial_states(config.batch)]
        made, _ = self.model(mel, excitation, states)
        made, wanted = made[:, WARM_HOPS + 1 :].flatten(1), audio[:, WARM_HOPS:-1].flatten(1)
        spectral = self.spectral(made, wanted)
        made_mel, wanted_mel = self.mel(made), self.mel(wanted)
        mel_distance = (made_mel - wanted_mel).abs().mean()
        level = level_distance(made_mel, wanted_mel, LEVEL_FRAMES)
        shape = shape_distance(made_mel, wanted_mel, LEVEL_FRAMES)
        loss = spectral + MEL_WEIGHT * mel_distance + LEVEL_WEIGHT * level + SHAPE_WEIGHT * shape
        figures = {
            "spectral": spectral.item(),
            "mel_db": mel_distance.item() * DECIBEL,
            "level_db": level.item() * DECIBEL,
            "shape_db": shape.item() * DECIBEL,
            "louder_db": (made_mel - wanted_mel).mean().item() * DECIBEL,
        }
        if step >= config.adversarial_from:
            loss = loss + self._adversarial(made, wanted, step, learning_rate, figures)
        figures["gradient"] = step_optimiser(self.optimiser, loss, learning_rate)
        update_average(self.average, self.model, step)
        return figures

    def _adversarial(
        self, made: Tensor, wanted: Tensor, step: int, learning_rate: float, figures: dict[str, float]
    ) -> Tensor:
        """Update the jury on a crop, then return what it adds to the generator's loss."""
        samples = self.config.jury_crop_hops * self.spec.hop_samples
        start = int(
            np.random.default_rng([self.config.seed, step, 7]).integers(0, made.shape[1] - samples + 1)
        )
        made, wanted = (signal[:, start : start + samples] for signal in (made, wanted))
        judged = jury_loss(self.jury(wanted), self.jury(made.detach()))
        step_optimiser(self.jury_optimiser, judged, learning_rate)
        with torch.no_grad():
            real = self.jury(wanted)
        self.jury.requires_grad_(False)
        fake = self.jury(made)
        self.jury.requires_grad_(True)
        features, persuasion = feature_loss(real, fake), persuasion_loss(fake)
        figures |= {"jury": judged.item(), "features": features.item(), "persuasion": persuasion.item()}
        return FEATURE_WEIGHT * features + ADVERSARIAL_WEIGHT * persuasion

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        batch = audio_batch(self.stems, (self.config.seed, 99, 0), 4, 375, self.spec)
        states = [state.to(self.device) for state in self.average.initial_states(4)]
        mel, excitation = (torch.from_numpy(a).to(self.device) for a in (batch.mel, batch.excitation))
        made, _ = self.average(mel, excitation, states)
        hop = self.spec.hop_samples
        spectrograms = [
            self.spec.analyse(np.ascontiguousarray(row, np.float32).reshape(-1))
            for row in made[:, 1:].cpu().numpy()
        ]
        wanted = [self.spec.analyse(row.reshape(-1)[:-hop]) for row in batch.audio]
        spectrogram_pairs(folder / f"preview-{step:07d}.png", wanted, spectrograms)


class TorchMel(nn.Module):
    """`MelSpec.analyse` for batches of `(b, samples)`, differentiable; starts with the first whole window."""

    def __init__(self, spec: MelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.register_buffer("window", torch.from_numpy(spec.window), persistent=False)
        self.register_buffer("filterbank", torch.from_numpy(spec.filterbank), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        frames = audio.unfold(1, self.spec.window_samples, self.spec.hop_samples) * self.window
        spectrum = torch.fft.rfft(frames, self.spec.fft_samples)
        power = (spectrum.real**2 + spectrum.imag**2) @ self.filterbank
        return 0.5 * torch.log(torch.clamp(power, min=self.spec.floor**2))
