"""Windowed Fourier transforms as small matrix products, for graphs of standard operators.

A transform of N = R * R points is R transforms of R points, a twiddle, and R transforms of R points again
(Cooley & Tukey 1965). With R = 32 the constants are some kilobytes instead of the megabytes of a whole
transform's matrix, which a player would read from memory anew for every block.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class RealFourier(nn.Module):
    """Hann-windowed real transform, zero-padded to `size` points, and its inverse.

    `size` is the square of a whole number that divides `window`. The Hann windows add up to one at half
    overlap; a full-scale sine has magnitude 1. Spectra hold real parts and then imaginary parts.
    """

    def __init__(self, window: int, size: int) -> None:
        super().__init__()
        self.size, self.bins, self.radix = size, size // 2 + 1, round(size**0.5)
        radix, rows = self.radix, self.radix // 2 + 1  # rows: of the spectrum laid out `radix` bins a row
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        scale = 2.0 / hann.sum()
        dft = np.exp(-2j * np.pi * np.outer(np.arange(radix), np.arange(radix)) / radix)
        twiddle = np.exp(-2j * np.pi * np.outer(np.arange(radix), np.arange(radix)) / size)
        shares = np.zeros(rows * radix)
        shares[: self.bins] = 2.0 / (size * scale)
        shares[[0, self.bins - 1]] /= 2.0
        first = dft[: window // radix]
        back = np.conj(dft)
        self._keep("window", hann * scale)
        self._keep("first", np.concatenate([first.real, first.imag], axis=1))
        self._keep("second", _complex_product(dft[:, :rows]))
        self._keep("shares", shares[: self.bins])
        self._keep("back_first", _complex_product(back[:rows]))
        self._keep("back_second", np.concatenate([back.real, -back.imag], axis=0))
        self._keep("twiddle_real", twiddle.real)
        self._keep("twiddle_imaginary", twiddle.imag)

    def _keep(self, name: str, array: NDArray[np.float64]) -> None:
        tensor = torch.from_numpy(np.ascontiguousarray(array, np.float32))
        self.register_buffer(name, tensor, persistent=False)

    def forward(self, signal: Tensor) -> Tensor:
        """`(..., window)` → `(..., 2 bins)`."""
        grid = (signal * self.window).unflatten(-1, (-1, self.radix)).transpose(-1, -2)
        real, imaginary = self._twiddle(*(grid @ self.first).chunk(2, dim=-1), 1.0)
        rows = torch.cat([real.transpose(-1, -2), imaginary.transpose(-1, -2)], dim=-1) @ self.second
        parts = [part.transpose(-1, -2).flatten(-2)[..., : self.bins] for part in rows.chunk(2, dim=-1)]
        return torch.cat(parts, dim=-1)

    def inverse(self, spectrum: Tensor) -> Tensor:
        """`(..., 2 bins)` → `(..., size)`."""
        missing = (self.radix // 2 + 1) * self.radix - self.bins
        rows = [
            nn.functional.pad(part * self.shares, (0, missing))
            .unflatten(-1, (-1, self.radix))
            .transpose(-1, -2)
            for part in spectrum.chunk(2, dim=-1)
        ]
        grid = (torch.cat(rows, dim=-1) @ self.back_first).chunk(2, dim=-1)
        real, imaginary = self._twiddle(*grid, -1.0)
        columns = torch.cat([real.transpose(-1, -2), imaginary.transpose(-1, -2)], dim=-1)
        return (columns @ self.back_second).transpose(-1, -2).flatten(-2)

    def _twiddle(self, real: Tensor, imaginary: Tensor, direction: float) -> tuple[Tensor, Tensor]:
        """Multiply by the twiddle factors (direction 1) or their conjugates (-1)."""
        across, along = self.twiddle_real, self.twiddle_imaginary * direction
        return real * across - imaginary * along, real * along + imaginary * across


def _complex_product(matrix: NDArray[np.complex128]) -> NDArray[np.float64]:
    """The real matrix that multiplies rows of real and imaginary parts side by side."""
    return np.block([[matrix.real, matrix.imag], [-matrix.imag, matrix.real]])
