"""Fréchet distance between two sets of sounds, in an embedding that needs nothing but arithmetic."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .metrics import DECIBEL, sounding_frames

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

EMBEDDING: Final = (
    "log-mel patches of 48 frames (256 ms) every 24, averaged over 4 frames, in units of 10 dB, "
    "through a fixed Gaussian projection (seed 1) to 48 numbers and their rectified twins"
)
PATCH_FRAMES: Final = 48
PATCH_HOP: Final = 24
POOL: Final = 4
LINEAR: Final = 48
SEED: Final = 1
SCALE_DB: Final = 10.0
CENTRE_DB: Final = -60.0


@lru_cache(maxsize=4)
def _projection(values: int) -> Float64:
    matrix = np.random.default_rng(SEED).standard_normal((values, LINEAR))
    return np.asarray(matrix / np.sqrt(values * LINEAR))


def embed(made: Float32, reference: Float32) -> Float64:
    """Embed the patches of `made` in more than half of which `reference` sounds: `(patches, 2 * LINEAR)`.

    Both are natural-log mels `(frames, mels)`. The embedding is `EMBEDDING`; the rectified twins let the
    Gaussian statistics see more than means and covariances of the patches themselves.
    """
    level = (made.astype(np.float64) * DECIBEL - CENTRE_DB) / SCALE_DB
    found = patches(level, reference)
    values = PATCH_FRAMES // POOL * made.shape[1]
    linear = found.reshape(len(found), values) @ _projection(values)
    return np.concatenate([linear, np.maximum(linear, 0.0)], axis=1)


def patches(level: Float64, reference: Float32) -> Float64:
    """Patches of `level (frames, mels)` in more than half of which `reference` sounds, averaged over `POOL`
    frames: `(patches, PATCH_FRAMES / POOL, mels)`."""
    sounds = sounding_frames(reference)
    starts = [
        start
        for start in range(0, len(reference) - PATCH_FRAMES + 1, PATCH_HOP)
        if sounds[start : start + PATCH_FRAMES].mean() > 0.5
    ]
    pooled = [level[s : s + PATCH_FRAMES].reshape(-1, POOL, level.shape[1]).mean(axis=1) for s in starts]
    return np.array(pooled).reshape(len(starts), PATCH_FRAMES // POOL, level.shape[1])


def frechet_distance(one: Float64, two: Float64) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets `(items, values)` (Dowson & Landau 1982).

    In squared units of the embedding; 0 for equal sets, NaN with fewer than two items in either.
    """
    if min(len(one), len(two)) < 2:
        return float("nan")
    (mean1, cov1), (mean2, cov2) = ((s.mean(axis=0), np.cov(s, rowvar=False)) for s in (one, two))
    values, vectors = np.linalg.eigh(cov1)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov2 @ root), 0.0)).sum()
    return max(0.0, float(((mean1 - mean2) ** 2).sum() + np.trace(cov1) + np.trace(cov2) - 2.0 * cross))
