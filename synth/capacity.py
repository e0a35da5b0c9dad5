"""How many streams this machine can render in time: measured before a performance, as its load is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from .arrangement import live_arrangement
from .block_timer import STAGES
from .bundle import Bundle
from .chain import Chain
from .events import CHANNELS, MidiEvent, NoteOn
from .stages import Stages

SHARE: Final = 0.6  # of a block that its rendering may take; the rest is for busier moments
NOTES: Final = 8  # on each stream while measuring
WARM_UP_BLOCKS, TIMED_BLOCKS = 3, 12


def affordable_streams(
    bundle: Bundle, stages: Stages, wanted: int, steps: int | None = None, block_hops: int | None = None
) -> int:
    """The most streams up to `wanted`, by halving, whose blocks are rendered in time; at least 1."""
    manifest = bundle.manifest
    block_samples = (block_hops or manifest.engine.block_hops) * manifest.mel.hop_samples
    allowed_ms = SHARE * 1000.0 * block_samples / manifest.mel.rate_hz
    return _largest(
        wanted, lambda streams: _block_ms(bundle, stages, streams, steps, block_hops) <= allowed_ms
    )


def _largest(wanted: int, fits: Callable[[int], bool]) -> int:
    streams = wanted
    while streams > 1 and not fits(streams):
        streams = (streams + 1) // 2
    return streams


def _block_ms(
    bundle: Bundle, stages: Stages, streams: int, steps: int | None, block_hops: int | None
) -> float:
    """The median time of a block with `streams` busy streams."""
    chain = Chain(bundle, stages, live_arrangement(), steps=steps, block_hops=block_hops)
    chain.make_block(_chords(streams))
    for _ in range(WARM_UP_BLOCKS + TIMED_BLOCKS):
        chain.make_block(())
    return float(np.median(chain.timer.times_ms()[-TIMED_BLOCKS:, STAGES.index("block")]))


def _chords(streams: int) -> Iterator[MidiEvent]:
    for channel in range(min(streams, CHANNELS)):
        for note in range(NOTES):
            yield NoteOn(0, channel, 36 + 5 * note, 100)
