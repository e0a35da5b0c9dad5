"""Which program is this? A classifier trained on the reference's own notes, asked about everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neume.synth.mel import MelSpec

from ..fluid import FluidReference
from .frechet import patches
from .metrics import DECIBEL
from .probes import performance

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

METHOD: Final = (
    "linear discriminants (Fisher 1936, within-class covariance shrunk by 90 %) of log-mel patches of "
    "256 ms, levels below each patch's own peak down to 60 dB, trained on 120 reference notes a program; "
    "what is heard is taken for the program with the largest sum over its patches"
)
LESSONS: Final = 3  # performances that it learns from, the first ones
DEPTH_DB: Final = 60.0
SHRINKAGE: Final = 0.9  # the reference's own probes are recognised best from 0.6 on: 0.88, at 0.1 0.85


class Recogniser:
    """`weights` `(values, classes)` and `offsets` `(classes,)`: the class with the largest score is it."""

    def __init__(self, examples: Float64, labels: NDArray[np.int64], programs: Sequence[int]) -> None:
        """Fit to `examples` `(items, values)` of the classes `labels` `(items,)`, places in `programs`."""
        self.programs = np.array(programs)
        classes = len(programs)
        counts = np.bincount(labels, minlength=classes)
        means = np.zeros((classes, examples.shape[1]))
        np.add.at(means, labels, examples)
        means /= np.maximum(counts, 1)[:, None]
        inner = examples - means[labels]
        within = inner.T @ inner / max(1, len(examples) - classes)
        level = np.trace(within) / len(within)
        shrunk = (1.0 - SHRINKAGE) * within + SHRINKAGE * level * np.eye(len(within))
        self.weights: Float64 = np.linalg.solve(shrunk, means.T)
        self.offsets: Float64 = -0.5 * np.einsum("cv,vc->c", means, self.weights)
        self.offsets[counts == 0] = -np.inf

    @staticmethod
    def trained(reference: FluidReference, spec: MelSpec, programs: Sequence[int]) -> Recogniser:
        """Let the reference play every program, and learn to tell them apart. Deterministic."""
        examples, labels = [], []
        for place, program in enumerate(programs):
            for number in range(LESSONS):
                events, samples = performance(program, number)
                mel = spec.analyse(reference.render_mono(events, samples))
                described = describe(mel, mel)
                examples.append(described)
                labels.append(np.full(len(described), place))
        return Recogniser(np.concatenate(examples), np.concatenate(labels), programs)

    def program_of(self, made: Float32, reference: Float32) -> int | None:
        """The program that `made` is taken for where `reference` sounds, None if it never does.

        Both are natural-log mels `(frames, mels)`.
        """
        described = describe(made, reference)
        if not len(described):
            return None
        return int(self.programs[(described @ self.weights + self.offsets).sum(axis=0).argmax()])


def describe(made: Float32, reference: Float32) -> Float64:
    """The patches of `made` in which `reference` sounds, loudness left out: `(patches, values)`."""
    level_db = patches(made.astype(np.float64) * DECIBEL, reference)
    peaks = level_db.max(axis=(1, 2), keepdims=True, initial=-np.inf)
    below = np.maximum(level_db - peaks, -DEPTH_DB) / DEPTH_DB
    return np.asarray(below.reshape(len(below), below.shape[1] * below.shape[2]))
