"""Discriminators that teach the inverter texture: multi-period and multi-resolution.

After Kong et al. 2020 (HiFi-GAN) and Jang et al. 2021 (UnivNet), with few channels: they must train on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

PERIODS: Final = (2, 3, 5, 7, 11)
RESOLUTIONS: Final = ((512, 128), (1024, 256), (2048, 512))
SLOPE: Final = 0.1

Judgement = tuple[Tensor, list[Tensor]]  # score map and the features it was made from


class PeriodJudge(nn.Module):
    """Folds `(b, samples)` to `(b, 1, samples / period, period)` and judges every phase alike."""

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        sizes = (1, width, width * 2, width * 4, width * 4)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in pairwise(sizes)
        )
        self.score = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, audio: Tensor) -> Judgement:
        usable = audio.shape[1] // self.period * self.period
        return _judge(self, audio[:, :usable].reshape(len(audio), 1, -1, self.period))


class SpectrumJudge(nn.Module):
    """Judges the log-magnitude spectrogram of `(b, samples)` at one resolution."""

    def __init__(self, size: int, hop: int, width: int) -> None:
        super().__init__()
        self.size, self.hop = size, hop
        self.register_buffer("window", torch.hann_window(size), persistent=False)
        layers = [nn.Conv2d(1, width, (7, 5), (2, 1), (3, 2))]
        layers += [nn.Conv2d(width, width, (5, 3), (2, 1), (2, 1)) for _ in range(3)]
        self.layers = nn.ModuleList(weight_norm(layer) for layer in layers)
        self.score = weight_norm(nn.Conv2d(width, 1, 3, 1, 1))

    def forward(self, audio: Tensor) -> Judgement:
        spectrum = torch.stft(
            audio, self.size, self.hop, window=self.window, center=False, return_complex=True
        )
        power = spectrum.real**2 + spectrum.imag**2
        level = 0.5 * torch.log(power * (2.0 / self.size) ** 2 * 4.0 + 1e-8)
        return _judge(self, (level[:, None] + 5.0) / 2.5)


def _judge(module: PeriodJudge | SpectrumJudge, x: Tensor) -> Judgement:
    features = []
    for layer in module.layers:
        x = nn.functional.leaky_relu(layer(x), SLOPE)
        features.append(x)
    return module.score(x), features


class Jury(nn.Module):
    """All discriminators together."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        judges: list[nn.Module] = [PeriodJudge(period, width) for period in PERIODS]
        judges += [SpectrumJudge(size, hop, width) for size, hop in RESOLUTIONS]
        self.judges = nn.ModuleList(judges)

    def forward(self, audio: Tensor) -> list[Judgement]:
        """`(b, samples)` → one judgement a judge."""
        return [judge(audio) for judge in self.judges]


def jury_loss(real: Sequence[Judgement], made: Sequence[Judgement]) -> Tensor:
    """Least-squares loss of the discriminators (Mao et al. 2017)."""
    terms = [((1 - r) ** 2).mean() + (m**2).mean() for (r, _), (m, _) in zip(real, made, strict=True)]
    return torch.stack(terms).mean()


def persuasion_loss(made: Sequence[Judgement]) -> Tensor:
    """The generator's side of `jury_loss`."""
    return torch.stack([((1 - score) ** 2).mean() for score, _ in made]).mean()


def feature_loss(real: Sequence[Judgement], made: Sequence[Judgement]) -> Tensor:
    """Mean absolute feature distance, relative to the real features' size (Kumar et al. 2019)."""
    terms = [
        (a.detach() - b).abs().mean() / (a.detach().abs().mean() + 1e-4)
        for (_, wanted), (_, got) in zip(real, made, strict=True)
        for a, b in zip(wanted, got, strict=True)
    ]
    return torch.stack(terms).mean()
