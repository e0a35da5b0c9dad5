"""The bundles of a rack, each played by a renderer of its own: sections, and the sum of what they make.

In the rack's chain between routing and the mixer. A stream has the same number in every section, that of its
row in the mixer, and a number is given to one section at a time: so noise, which is keyed by stream, is never
the same twice, and what rings on in a section that was left sounds through the strip that it had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .block_timer import Lap
from .bundle import Bundle
from .manifest import Sampling
from .renderer import StreamEvent, StreamRenderer
from .shedding import Load
from .stages import Stages
from .stand_in import StandIn

Float32: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One bundle as a chain plays it: checked, warmed up, and with a renderer for some number of streams."""

    bundle: Bundle
    stages: Stages
    renderer: StreamRenderer
    stand_in: StandIn

    @property
    def id(self) -> str:
        return self.bundle.manifest.bundle.id

    @property
    def version(self) -> str:
        return self.bundle.manifest.bundle.version

    @property
    def streams(self) -> int:
        return len(self.renderer.notes)


def make_section(
    bundle: Bundle, stages: Stages, streams: int, *, seed: int = 0, block_samples: int | None = None
) -> Section:
    """A section at frame 0 with nothing sounding; blocks are as long as the bundle says if that is not given.

    A renderer makes blocks of any number of hops, so bundles of different blocks play together.
    """
    hops = None if block_samples is None else block_samples // bundle.manifest.mel.hop_samples
    renderer = StreamRenderer(bundle, stages, streams, seed=seed, block_hops=hops)
    return Section(bundle, stages, renderer, StandIn(renderer))


def matched_steps(steps: int, known: Sampling, other: Sampling) -> int:
    """What so many steps of one bundle are to another, whose default may differ: its default for the default,
    its fewest for the fewest, else as many rungs away from the default."""
    if steps == known.steps_default:
        return other.steps_default
    if steps == min(known.steps_allowed):
        return min(other.steps_allowed)
    from_default = sorted(known.steps_allowed).index(steps) - sorted(known.steps_allowed).index(
        known.steps_default
    )
    rungs = sorted(other.steps_allowed)
    return rungs[min(max(rungs.index(other.steps_default) + from_default, 0), len(rungs) - 1)]


class Sections:
    """The sections of a chain: the default one, which keeps the time, the others in use, and those that are
    left and ring on.

    The render thread owns it. A section that has been left and is silent goes into `departed`, for the
    owner's thread to let go of: freeing models takes its time.
    """

    def __init__(self, default: Section, lap: Lap, departed: deque[object]) -> None:
        self.default = default
        self.rows = default.streams  # of what `render` gives; never fewer again
        self.mel: Float32 = default.renderer.mel.max(axis=0)  # the loudest of all streams' frames
        self._lap, self._departed = lap, departed
        self._load = Load(default.renderer.steps)
        self._others: tuple[Section, ...] = ()  # playing beside the default one, then those left
        self._left: frozenset[Section] = frozenset()

    @property
    def all(self) -> tuple[Section, ...]:
        return (self.default, *self._others)

    @property
    def silent(self) -> bool:
        return all(section.stand_in.silent for section in self.all)

    @property
    def plain(self) -> bool:
        """Whether the fallback voice plays, from the next block on."""
        return any(section.stand_in.plain for section in self.all)

    @plain.setter
    def plain(self, plain: bool) -> None:
        for section in self.all:
            section.stand_in.plain = plain

    @property
    def faults(self) -> tuple[str, ...]:
        """Why models have failed, one line a bundle."""
        failed = (section for section in self.all if section.stand_in.fault is not None)
        return tuple(f"bundle {section.id}: {section.stand_in.fault}" for section in failed)

    def rehearse(self) -> bool:
        """As `StandIn.rehearse`, of all."""
        in_time = [section.stand_in.rehearse() for section in self.all]  # every one, whatever the first says
        return all(in_time)

    @property
    def sounding(self) -> tuple[int, ...]:
        """Notes of each stream."""
        notes = [0] * self.rows
        for section in self.all:
            for stream, table in enumerate(section.renderer.notes):
                notes[stream] += table.sounding
        return tuple(notes)

    def take(self, default: Section, others: Iterable[Section]) -> None:
        """Play these from the next block on; those that are not among them ring on."""
        playing = {default, *others}
        known = self.all
        self._left = frozenset(section for section in known if section not in playing)
        default.renderer.frame = self.default.renderer.frame
        self._load = replace(
            self._load, steps=_carried_steps(self._load.steps, self.default.bundle, default.bundle)
        )
        self.default = default
        beside = [section for section in playing if section is not default]
        self._others = (*sorted(beside, key=lambda section: section.id), *self._left)
        self.rows = max(self.rows, *(section.streams for section in self.all))
        for section in self.all:
            if section not in known:
                section.renderer.time_with(self._lap)
        self.set_load(self._load)

    def set_load(self, load: Load) -> None:
        """Render with less, or with more again. `load.steps` are the default section's; what rings on in a
        section that was left keeps its texture, unless no steps are left for it."""
        self._load = load
        self.default.renderer.set_load(load)
        sampling = self.default.bundle.manifest.sampling
        for section in self._others:
            steps = matched_steps(load.steps, sampling, section.bundle.manifest.sampling)
            if section in self._left and load.steps > min(sampling.steps_allowed):
                steps = section.renderer.steps
            section.renderer.set_load(replace(load, steps=steps))

    def render(self, queues: Mapping[Section, Sequence[StreamEvent]]) -> Float32:
        """The next block of all streams, `(rows, block_samples)`; events by section, as for its renderer."""
        renderer = self.default.renderer
        frame = renderer.frame
        audio = self.default.stand_in.render_block(queues[self.default])
        self.mel = renderer.mel.max(axis=0)
        if self._others:
            audio = self._joined(audio, queues, frame)
        if len(audio) < self.rows:
            audio = _with_rows(audio, self.rows)
        return audio

    def departing(self) -> list[Section]:
        """Those that have been left and are silent now: they are no longer played."""
        if not self._left:
            return []
        gone = [section for section in self._left if section.stand_in.silent]
        if gone:
            self._left = self._left.difference(gone)
            self._others = tuple(section for section in self._others if section not in gone)
            self._departed.extend(gone)
        return gone

    def _joined(self, audio: Float32, queues: Mapping[Section, Sequence[StreamEvent]], frame: int) -> Float32:
        for section in self._others:
            renderer, queue = section.renderer, queues[section]
            renderer.frame = frame
            if section.stand_in.silent and not queue:
                continue
            more = section.stand_in.render_block(queue)
            if len(audio) < len(more):
                audio = _with_rows(audio, len(more))
            audio[: len(more)] += more
            frames = renderer.mel.max(axis=0)
            if frames.shape == self.mel.shape:  # other bands cannot be shown in the same picture
                self.mel = np.maximum(self.mel, frames)
        return audio


def _carried_steps(steps: int, known: Bundle, other: Bundle) -> int:
    if known is other:
        return steps
    return matched_steps(steps, known.manifest.sampling, other.manifest.sampling)


def _with_rows(audio: Float32, rows: int) -> Float32:
    longer = np.zeros((rows, audio.shape[1]), np.float32)
    longer[: len(audio)] = audio
    return longer
