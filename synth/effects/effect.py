"""The contract of an effect: what a built-in and an installed package's effect alike must offer.

Effects are inserts of a part or of the master; `inserts.InsertChain` runs them, guards them and tells what
they do wrong.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..manifest import Parameter

__all__ = ["Effect", "Float32", "Parameter", "held"]

Float32 = NDArray[np.float32]


class Effect(Protocol):
    """Turns stereo into stereo, sample for sample: an effect adds no latency at all.

    Made without arguments, then prepared once before anything else is called. The same input gives the same
    samples whatever the sizes of the blocks are that it comes in.

    Threads: `prepare` runs on any thread before the first block; everything else on the render thread, where
    nothing may wait, read files or take longer than a small part of a block.
    """

    @property
    def name(self) -> str:
        """What the panel calls it."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its controls; the ids are what presets store."""
        ...

    @property
    def tail_s(self) -> float:
        """How long it rings at most after its input has ended, until it is 100 dB down."""
        ...

    def prepare(self, rate_hz: int, block_samples: int) -> None:
        """Get ready for blocks of at most `block_samples` samples; every parameter is at its default."""
        ...

    def process(self, audio: Float32) -> Float32:
        """The next block: `audio` `(samples, 2)` float32, 0 to `block_samples` samples → the same shape.

        `audio` is read-only; the array returned is not touched again by the effect.
        """
        ...

    def set(self, parameter_id: str, value: float) -> None:
        """Move a parameter to a value inside its range, from the next sample on and without a click."""
        ...

    def reset(self) -> None:
        """Silence all tails at once; the parameters stay."""
        ...

    def state(self) -> Any:
        """All that the next block depends on, as a copy."""
        ...

    def restore(self, state: Any) -> None:
        """Go on from a `state` of the same effect at the same rate."""
        ...


def held(parameter: Parameter, value: float) -> float:
    """`value` held to the parameter's range. Raises UsageError for one that is not a finite number."""
    if not math.isfinite(value):
        allowed = f"{parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}".rstrip()
        raise UsageError(f"{parameter.id} = {value}; allowed are {allowed}")
    return min(parameter.maximum, max(parameter.minimum, float(value)))
