"""A take of a rack rendered again: the chain that its recipe and the rack beside it describe."""

from __future__ import annotations

from pathlib import Path

from .bundle import Bundle
from .errors import UsageError
from .live_takes import rack_hash
from .rack.preset_read import read_preset
from .rack_chain import RackChain
from .rack_loading import RackLoader
from .stages import Stages
from .takes import Recipe
from .takes.rerender import MakeChain, TakeChain, plain_chain


def chain_of(take: Path, recipe: Recipe) -> MakeChain:
    """What renders the take in the MIDI file `take`: its rack's chain, or plain channels if it had none.

    Raises `PresetError` for a rack that is not there or cannot be read, UsageError for another rack.
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
        loader = RackLoader(bundle.manifest.bundle.id, recipe.rate_hz, recipe.block_samples, streams)
        ready, problems = loader.ready(rack)
        if any("is silent" in problem for problem in problems):
            raise UsageError(f"{path}: {'; '.join(problems)}")
        hops = recipe.block_samples // bundle.manifest.mel.hop_samples
        return RackChain(
            bundle, stages, ready, streams=streams, steps=recipe.steps, seed=recipe.seed, block_hops=hops
        )

    return make
