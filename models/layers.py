"""Causal layers shared by both stages, written so that a whole sequence and a stream are the same graph.

Every layer takes its past as an explicit state tensor and hands the next one back; zeros are silence. Only
plain multiplications, additions and reductions of fixed length are used along time, so that ONNX Runtime
computes a frame the same way whatever the number of frames in a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

States = Sequence[Tensor]
VECTOR = 16  # float32 values of the widest SIMD registers


def windows(longer: Tensor, size: int, frames: int) -> Tensor:
    """Each frame's last `size` frames: `(streams, size - 1 + frames, w)` → `(streams, frames, size, w)`.

    For export: one look-up in place of a slice a lag makes a graph with a sixth of the nodes, which is what a
    block of two frames spends its time on; where to look is worked out once for all layers, since it depends
    on `frames` alone. Training is faster lag by lag, without the copies.
    """
    rows = (torch.arange(frames)[:, None] + torch.arange(size)).flatten()
    return longer.index_select(1, rows).unflatten(1, (frames, size))


def in_whole_vectors(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply an elementwise function with each frame's values padded to whole SIMD vectors.

    ONNX Runtime computes sin, cos and log of a tensor's last odd values by another routine than the others,
    and which values are last depends on the number of frames: without padding, a stream would differ from
    the whole by a rounding now and then.
    """
    width = x.shape[-1]
    return function(nn.functional.pad(x, (0, -width % VECTOR)))[..., :width]


class CausalDepthwise(nn.Module):
    """Depthwise convolution over the last `kernel` frames. In and out `(streams, frames, width)`."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.weight = nn.Parameter(torch.randn(kernel, width) / kernel**0.5)
        self.bias = nn.Parameter(torch.zeros(width))

    @property
    def history(self) -> int:
        """Frames of the past that the state holds."""
        return self.kernel - 1

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """`past` is `(streams, history, width)`."""
        frames = x.shape[1]
        longer = torch.cat([past, x], dim=1)
        if torch.compiler.is_exporting():
            return (windows(longer, self.kernel, frames) * self.weight).sum(2) + self.bias, longer[:, frames:]
        out = self.bias.expand_as(x)
        for tap in range(self.kernel):
            out = out + longer[:, tap : tap + frames] * self.weight[tap]
        return out, longer[:, frames:]


class CausalBlock(nn.Module):
    """ConvNeXt block (Liu et al. 2022) in time. In and out `(streams, frames, width)`."""

    def __init__(self, width: int, kernel: int, hidden: int, residual_scale: float = 0.3) -> None:
        super().__init__()
        self.mix = CausalDepthwise(width, kernel)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        nn.init.normal_(self.down.weight, std=residual_scale / hidden**0.5)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        mixed, following = self.mix(x, past)
        return x + self.down(torch.nn.functional.silu(self.up(self.norm(mixed)))), following
