"""Distances of stretches of mel frames: what they hear, and what averages out."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from neume.models.spectral_loss import level_distance, shape_distance  # noqa: E402

FRAMES, STRETCH = 260, 13


def frames(deviation=0.0, seed=1):
    """Log-mels `(2, FRAMES, 8)` around -3."""
    generator = torch.Generator().manual_seed(seed)
    return -3.0 + deviation * torch.randn(2, FRAMES, 8, generator=generator)


@pytest.mark.parametrize("distance", [level_distance, shape_distance])
def test_a_steady_difference_is_heard_whole(distance):
    assert distance(frames() + 0.25, frames(), STRETCH).item() == pytest.approx(0.25, rel=1e-3)
    assert distance(frames(), frames(), 10 * FRAMES).item() == 0.0, "one stretch of all there is"


def test_what_rustles_from_frame_to_frame_averages_out_of_the_shape():
    made, wanted = frames(0.5, 1), frames(0.5, 2)
    alone, averaged = (made - wanted).abs().mean().item(), shape_distance(made, wanted, STRETCH).item()
    assert averaged == pytest.approx(alone / math.sqrt(STRETCH), rel=0.1)


def test_the_level_hears_what_the_shape_does_not():
    """Rustling with the same mean of its logarithms has more power."""
    rustles = frames(0.7)
    rustles -= rustles.mean(dim=1, keepdim=True) + 3.0
    assert level_distance(rustles, frames(), FRAMES).item() > 0.3
    assert shape_distance(rustles, frames(), FRAMES).item() < 1e-5
