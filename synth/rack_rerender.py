"""A take of a rack rendered again: the chain that its recipe and the rack beside it describe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .arrangement import UNUSED
from .bundle import Bundle
from .errors import UsageError
from .live_takes import rack_hash
from .rack.preset_read import read_preset
from .rack_chain import RackChain
from .rack_loading import RackLoader
from .stages import Stages
from .takes import Recipe
from .takes.recipe import told_bundle
from .takes.rerender import MakeChain, TakeChain, plain_chain


def chain_of(take: Path, recipe: Recipe) -> MakeChain:
    """What renders the take in the MIDI file `take`: its rack's chain, or plain channels if it had none.

    Raises `PresetError` for a rack that is not there or cannot be read, UsageError for another rack. The
    chain that is made opens the bundles that parts name; it raises UsageError unless all are the take's.
    """
    if not recipe.preset:
        return plain_chain
    path = take.with_suffix(".toml")
    rack = read_preset(path)
    if rack_hash(rack) != recipe.preset:
        raise UsageError(
            f"{path}: is not the rack that {take.name} was played with: bring back the one saved then"
        )

    def make(recipe: Recipe, bundle: Bundle, stages: Stages) -> TakeChain:
        streams = recipe.arrangement.streams
        hops = recipe.block_samples // bundle.manifest.mel.hop_samples
        loader = RackLoader(bundle, stages, streams, seed=recipe.seed, block_hops=hops)
        ready, problems = loader.ready(rack)
        if problems:
            raise UsageError(f"{path}: {'; '.join(problems)}")
        chain = RackChain(ready, steps=recipe.steps)
        if recipe.mpe:
            chain.router.hear_mpe()
        _check_bundles(path, recipe, chain)
        _check_streams(path, recipe, ready.streams)
        return chain

    return make


def _check_bundles(path: Path, recipe: Recipe, chain: RackChain) -> None:
    """Raises UsageError unless the parts play the very bundles that they played in the take."""
    found = tuple(map(told_bundle, chain.other_bundles))
    if found != recipe.others:
        raise UsageError(
            f"{path}: its parts were played with {_shortened(recipe.others)}, and would be with "
            f"{_shortened(found)}: bring back the bundles of then, or name their folder in NEUME_BUNDLES"
        )


def _check_streams(path: Path, recipe: Recipe, streams: Sequence[int]) -> None:
    """Raises UsageError if a part comes to another stream: noise is keyed by stream."""
    for part, (was, now) in enumerate(zip(recipe.stream_of, streams, strict=False)):
        if now not in (UNUSED, was):
            raise UsageError(
                f"{path}: part {part + 1} was on stream {was} and would be on {now}: render the take with "
                "the Neume that recorded it"
            )


def _shortened(bundles: tuple[str, ...]) -> str:
    """Bundles as recipes tell them, with the beginnings of their hashes."""
    return ", ".join(f"{told[:-52]}..." for told in bundles) or "the default bundle alone"
