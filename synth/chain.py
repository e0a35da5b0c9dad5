"""The chain from events to a stereo block: routing, renderer, mixer, and a stop-watch on each stage.

What the render thread calls, and what `neume bench` measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .arrangement import Arrangement
from .block_timer import BlockTimer
from .bundle import Bundle
from .events import MidiEvent
from .mixer import Meters, Mixer, Strip
from .renderer import StreamRenderer
from .shedding import Load
from .stages import Stages

Float32 = NDArray[np.float32]


class Chain:
    """Makes blocks one after the other. Not thread-safe: the render thread owns it once it runs."""

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
        self.arrangement = arrangement
        self.renderer = StreamRenderer(
            bundle, stages, arrangement.streams, steps=steps, seed=seed, block_hops=block_hops
        )
        self.mixer = Mixer(arrangement.streams, self.renderer.rate_hz)
        self._strips: Sequence[Strip] = ()
        self._control_changes = -1  # that the note tables had seen when the strips were asked for
        self.timer = timer or BlockTimer()
        self.renderer.time_with(self.timer.lap)

    @property
    def frame(self) -> int:
        """The first sample of the next block."""
        return self.renderer.frame

    @property
    def block_samples(self) -> int:
        return self.renderer.block_samples

    @property
    def meters(self) -> Meters:
        return self.mixer.meters

    @property
    def faults(self) -> tuple[str, ...]:
        """Nothing here can fail alone."""
        return ()

    @property
    def silent(self) -> bool:
        """Whether nothing sounds."""
        return self.renderer.silent

    @property
    def sounding(self) -> tuple[int, ...]:
        """Notes of each stream."""
        return tuple(table.sounding for table in self.renderer.notes)

    def make_block(self, events: Iterable[MidiEvent]) -> Float32:
        """The next block, `(block_samples, 2)`, late by the inverter's look-ahead.

        `events` are in order of their frames and none is past the block's end; late ones take effect at once.
        """
        self.timer.start()
        audio = self.renderer.render_block(self.arrangement.route(events))
        self.timer.lap("prepare")  # what the renderer does after its last lap, or all of a silent block
        stereo = self.mixer.mix(audio, self._strips_now())
        self.timer.lap("mixer")
        self.timer.stop()
        return stereo

    def _strips_now(self) -> Sequence[Strip]:
        """What the channels ask for; the same ones as long as no controller moves."""
        changes = sum([table.control_changes for table in self.renderer.notes])
        if changes != self._control_changes:
            self._strips = self.arrangement.strips(self.renderer.notes)
            self._control_changes = changes
        return self._strips

    def set_load(self, load: Load) -> None:
        """Render with less, or with more again."""
        self.renderer.set_load(load)

    def pass_over(self) -> None:
        """Leave the next block out: time goes on, nothing is rendered. Its events go into the next one."""
        self.renderer.frame += self.block_samples
