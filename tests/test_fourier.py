"""The factored transform is the transform, and its windows add up."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neume.models.fourier import RealFourier  # noqa: E402


@pytest.mark.parametrize(("window", "size"), [(512, 1024), (1024, 1024), (128, 256), (32, 64)])
def test_it_is_the_fourier_transform(window, size):
    signal = torch.randn(3, 2, window, generator=torch.Generator().manual_seed(1))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    wanted = np.fft.rfft(signal.numpy() * hann * 2 / hann.sum(), size)
    real, imaginary = RealFourier(window, size)(signal).chunk(2, dim=-1)
    np.testing.assert_allclose(real.numpy(), wanted.real, atol=1e-6)
    np.testing.assert_allclose(imaginary.numpy(), wanted.imag, atol=1e-6)


def test_there_and_back_is_the_windowed_signal():
    fourier = RealFourier(512, 1024)
    signal = torch.randn(4, 512, generator=torch.Generator().manual_seed(2))
    hann = torch.from_numpy((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)).astype(np.float32))
    back = fourier.inverse(fourier(signal))
    torch.testing.assert_close(back[:, :512], signal * hann, atol=1e-5, rtol=0)
    torch.testing.assert_close(back[:, 512:], torch.zeros(4, 512), atol=1e-5, rtol=0)


def test_a_full_scale_sine_has_magnitude_one():
    sine = torch.sin(2 * np.pi * 32 * torch.arange(512) / 512)
    real, imaginary = RealFourier(512, 1024)(sine).chunk(2)
    assert float(torch.hypot(real, imaginary).max()) == pytest.approx(1.0, abs=1e-4)
