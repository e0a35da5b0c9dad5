"""Spectral distances that train the inverter: several window lengths, log and linear magnitude."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

WINDOWS: Final = (256, 512, 1024, 2048, 4096)
LOG_FLOOR: Final = 1e-4


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


def _magnitude(signal: Tensor, size: int, window: Tensor) -> Tensor:
    spectrum = torch.stft(signal, size, size // 4, window=window, center=False, return_complex=True)
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-12)
