"""Spectral distances that the stages are trained with: of waveforms, and of the levels of mel frames."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

WINDOWS: Final = (256, 512, 1024, 2048, 4096)
LOG_FLOOR: Final = 1e-4
LEVEL_FLOOR: Final = 1e-12
DECIBEL: Final = 20.0 / math.log(10.0)  # in a neper


class SpectralLoss(nn.Module):
    """Multi-resolution STFT distance (Yamamoto et al. 2020) between `(b, samples)` signals."""

    def __init__(self) -> None:
        super().__init__()
        for size in WINDOWS:
            window = torch.hann_window(size)
            self.register_buffer(f"window_{size}", 2.0 * window / window.sum(), persistent=False)

    def forward(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Mean over windows of the log-magnitude L1 distance plus the relative linear one."""
        total = made.new_zeros(())
        for size in WINDOWS:
            window = getattr(self, f"window_{size}")
            a, b = (_magnitude(signal, size, window) for signal in (made, wanted))
            log = (torch.log(a + LOG_FLOOR) - torch.log(b + LOG_FLOOR)).abs().mean()
            linear = (a - b).abs().sum() / (b.sum() + 1e-3)
            total = total + log + linear
        return total / len(WINDOWS)


def level_distance(made: Tensor, wanted: Tensor, frames: int) -> Tensor:
    """Mean distance of the bands' levels over stretches of so many frames, of log-mels `(b, frames, mels)`.

    A level is the natural logarithm of the mean power. The mean of logarithms lies below it: learnt from
    frames alone, whatever beats or rustles comes out too quiet.
    """
    return (_levels(made, frames) - _levels(wanted, frames)).abs().mean()


def shape_distance(made: Tensor, wanted: Tensor, frames: int) -> Tensor:
    """Mean distance of log-mels `(b, frames, mels)` averaged over stretches of so many frames.

    What rustles from frame to frame averages out; what is left is a spectrum that is steadily too flat or too
    steep, of which a distance of lone frames hears little.
    """
    return (_stretches(made, frames).mean(-1) - _stretches(wanted, frames).mean(-1)).abs().mean()


def _levels(mel: Tensor, frames: int) -> Tensor:
    power = torch.exp(2.0 * _stretches(mel.float(), frames)).mean(-1)
    return 0.5 * torch.log(power + LEVEL_FLOOR)


def _stretches(mel: Tensor, frames: int) -> Tensor:
    """`(b, stretches, mels, frames)`; one stretch of all frames if there are fewer."""
    frames = min(frames, mel.shape[1])
    return mel.unfold(1, frames, frames)


def _magnitude(signal: Tensor, size: int, window: Tensor) -> Tensor:
    spectrum = torch.stft(signal, size, size // 4, window=window, center=False, return_complex=True)
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-12)
