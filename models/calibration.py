"""What enters the layers that work on notes, measured over a data set: the ranges within which it is rounded.

Part of an export, before weights and inputs of these layers go into eight bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from neume.synth.mel import MelSpec

from .batches import StemSet, token_batch
from .eight_bits import Range
from .spectrogram import MeanModel
from .tokens import RaggedTokens

SEED: Final = 4_021  # far from a training's steps, so that no crop is measured twice for a small set
BATCHES: Final = 24
CROPS, FRAMES = 16, 64  # of a batch


def note_ranges(model: MeanModel, datasets: Sequence[Path], spec: MelSpec) -> dict[nn.Module, Range]:
    """Least and greatest value that entered each of the model's note layers, over crops of data sets."""
    stems = StemSet.open(datasets)
    ranges: dict[nn.Module, Range] = {}
    with torch.no_grad(), ExitStack() as watched:
        for layer in model.note_layers():
            watched.enter_context(_watching(layer, ranges))
        for number in range(BATCHES):
            batch = token_batch(stems, (SEED, number), CROPS, FRAMES, spec)
            raw, rows = torch.from_numpy(batch.tokens), torch.from_numpy(batch.frame_of_pair)
            model(RaggedTokens(raw, rows, CROPS * FRAMES), CROPS, model.initial_states(CROPS))
    return ranges


@contextmanager
def _watching(layer: nn.Module, ranges: dict[nn.Module, Range]) -> Iterator[None]:
    def widen(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        x: Tensor = inputs[0]
        if x.numel():
            low, high = ranges.get(layer, (0.0, 0.0))
            ranges[layer] = min(low, float(x.min())), max(high, float(x.max()))

    handle = layer.register_forward_pre_hook(widen)
    try:
        yield
    finally:
        handle.remove()
