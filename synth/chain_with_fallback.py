"""The chain for MIDI channels as they are, with a fallback voice for blocks that come too late."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .arrangement import Arrangement
from .block_timer import BlockTimer
from .bundle import Bundle
from .chain import Chain
from .events import MidiEvent
from .stages import Stages
from .stand_in import StandIn


class ChainWithFallback(Chain):
    """A `Chain` and a `fallback.PlainChain`. Not thread-safe: the render thread owns it once it runs."""

    def __init__(
        self,
        bundle: Bundle,
        stages: Stages,
        arrangement: Arrangement,
        *,
        steps: int | None = None,
        seed: int = 0,
        block_hops: int | None = None,
        timer: BlockTimer | None = None,
    ) -> None:
        super().__init__(
            bundle, stages, arrangement, steps=steps, seed=seed, block_hops=block_hops, timer=timer
        )
        self.stand_in = StandIn(self.renderer)

    @property
    def plain(self) -> bool:
        return self.stand_in.plain

    @plain.setter
    def plain(self, plain: bool) -> None:
        self.stand_in.plain = plain

    @property
    def silent(self) -> bool:
        return self.stand_in.silent

    @property
    def faults(self) -> tuple[str, ...]:
        fault = self.stand_in.fault
        return () if fault is None else (fault,)

    def make_block(self, events: Iterable[MidiEvent]) -> NDArray[np.float32]:
        """As `Chain.make_block`, with or without the models."""
        self.timer.start()
        audio = self.stand_in.render_block(self.arrangement.route(events))
        self.timer.lap("prepare")
        stereo = self.mixer.mix(audio, self.arrangement.strips(self.renderer.notes))
        self.timer.lap("mixer")
        self.timer.stop()
        return stereo

    def rehearse(self) -> bool:
        self.timer.start()
        in_order = self.stand_in.rehearse()
        self.timer.stop()
        return in_order
