"""A take rendered again from its MIDI: the same samples that the live chain gave, however long ago.

The offline end of this package: the recipe says which bundle, seed, steps, streams and frame to begin with,
the chain does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle, open_named
from ..chain import Chain
from ..errors import UsageError
from ..events import MidiEvent
from ..renderer import StreamRenderer
from ..stages import Stages, load_stages
from .midi_take import RecordedTake, read_take
from .recipe import Recipe

Float32 = NDArray[np.float32]


class TakeChain(Protocol):
    """What a take is rendered with: `chain.Chain` or `rack_chain.RackChain`, just made."""

    renderer: StreamRenderer

    def make_block(self, events: Iterable[MidiEvent]) -> Float32: ...


MakeChain = Callable[[Recipe, Bundle, Stages], TakeChain]


def plain_chain(recipe: Recipe, bundle: Bundle, stages: Stages) -> Chain:
    """A chain without a rack: every channel as it is, each on the stream that it had."""
    return Chain(
        bundle,
        stages,
        recipe.arrangement,
        steps=recipe.steps,
        seed=recipe.seed,
        block_hops=recipe.block_samples // bundle.manifest.mel.hop_samples,
    )


def render_take(
    midi: Path, bundle: str | Path | None = None, *, make_chain: MakeChain = plain_chain
) -> Iterator[Float32]:
    """The audio of a take, rendered from its MIDI file, as `take_audio` gives it.

    `bundle` is opened in place of the one that the recipe names; it must be the same. Everything is checked
    before the first piece is rendered. Raises MidiFileError for a file that is no take, BundleError for a
    bundle that cannot be opened, UsageError for one that is not the take's.
    """
    take = read_take(midi)
    opened = open_named(take.recipe.bundle if bundle is None else bundle)
    return take_audio(take, opened, load_stages(opened), make_chain=make_chain)


def take_audio(
    take: RecordedTake, bundle: Bundle, stages: Stages, *, make_chain: MakeChain = plain_chain
) -> Iterator[Float32]:
    """Pieces of shape `(frames, 2)`, as long together as the take's audio, at the rate of its recipe.

    With an `exact` recipe, the samples of the audio file before they were rounded to its bits. A take that
    was never finished is rendered up to the end of its MIDI. Raises UsageError for another bundle.
    """
    recipe, info = take.recipe, bundle.manifest.bundle
    if bundle.digest != recipe.bundle_sha256:
        raise UsageError(
            f"the take was played with bundle {recipe.bundle} {recipe.bundle_version}, SHA-256 "
            f"{recipe.bundle_sha256[:12]}..., and would sound otherwise with {info.id} {info.version}, "
            f"{bundle.digest[:12]}...: name the folder of the one that it was played with"
        )
    chain = make_chain(recipe, bundle, stages)
    if chain.renderer.block_samples != recipe.block_samples:
        raise UsageError(
            f"the take has blocks of {recipe.block_samples} samples; allowed are whole hops of "
            f"{bundle.manifest.mel.hop_samples}"
        )
    return _rendered(take, chain)


def _rendered(take: RecordedTake, chain: TakeChain) -> Iterator[Float32]:
    recipe, events = take.recipe, take.events
    begin, end = recipe.audio_span
    midi_end = take.end_frame + recipe.lookahead_samples  # bounds what a stranger's recipe can ask for
    end = min(end, midi_end) if recipe.frames else midi_end
    _set_up(chain, take)
    upcoming = recipe.chased
    while (block := chain.renderer.frame) < end:
        first = upcoming
        while upcoming < len(events) and events[upcoming].frame < block + recipe.block_samples:
            upcoming += 1
        audio = chain.make_block(events[first:upcoming])
        kept = audio[max(0, begin - block) : end - block]
        if len(kept):
            yield kept


def _set_up(chain: TakeChain, take: RecordedTake) -> None:
    """Bring the chain to the first frame, and its controllers to what they were there.

    They are set in a silent block before it: a mixer glides from one block's gains to the next one's, and
    when the take began, it had glided already.
    """
    start, chased = take.recipe.start_frame, take.recipe.chased
    before = max(0, start - take.recipe.block_samples)
    chain.renderer.frame = before
    if before < start:
        chain.make_block([replace(event, frame=before) for event in take.events[:chased]])
