"""What the engine asks of an audio device; a real one and a clock that writes a file look the same to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Fill: TypeAlias = Callable[[NDArray[np.float32]], None]  # writes the next frames into `(frames, 2)`


class AudioDevice(Protocol):
    """Opened when made; calls back between `start` and `stop`."""

    name: str
    rate_hz: int
    block_samples: int
    latency_samples: int  # from the callback to the loudspeaker

    @property
    def alive(self) -> bool:
        """Whether a started device still calls back."""
        ...

    def start(self, fill: Fill) -> None: ...

    def stop(self) -> None: ...
