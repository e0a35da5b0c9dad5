"""What tests of racks share: a chain that is driven block by block, and small bundles under several names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from tiny_songs import write_loud_bundle

from neume.synth.bundle import manifest_text, open_bundle
from neume.synth.bundle.manifest_read import parse_manifest
from neume.synth.events import MidiEvent
from neume.synth.manifest import BundleManifest, Sampling
from neume.synth.rack.part import Rack
from neume.synth.rack_chain import RackChain
from neume.synth.rack_loading import RackLoader
from neume.synth.stages import load_stages

BLOCK, LOOKAHEAD = 512, 256
SAMPLING = Sampling((0, 1, 2, 4), 1, "cosine")


def write_named(
    root: Path,
    name: str,
    version: str = "0.1.0",
    *,
    sampling: Sampling = SAMPLING,
    block_hops: int = 2,
    lookahead_hops: int = 1,
) -> Path:
    """The loud tiny bundle in `root` under a name of its own."""
    folder = root / name
    write_loud_bundle(folder)
    known = manifest_of(folder)
    changed = replace(
        known,
        bundle=replace(known.bundle, id=name, version=version),
        engine=replace(known.engine, block_hops=block_hops, lookahead_hops=lookahead_hops),
        sampling=sampling,
    )
    (folder / "bundle.toml").write_text(manifest_text(changed), encoding="utf-8")
    return folder


def manifest_of(folder: Path) -> BundleManifest:
    return parse_manifest((folder / "bundle.toml").read_text(encoding="utf-8"), str(folder))


def opened(folder: Path):
    bundle = open_bundle(folder)
    return bundle, load_stages(bundle)


class Rig:
    """A loader and a chain, driven block by block."""

    def __init__(self, player, rack: Rack, streams: int = 16, steps: int = 2, seed: int = 0) -> None:
        self.loader = RackLoader(*player, streams, seed=seed)
        ready, self.problems = self.loader.ready(rack)
        self.chain = RackChain(ready, steps=steps)

    @property
    def frame(self) -> int:
        return self.chain.frame

    def play(self, blocks: int, *events: MidiEvent) -> np.ndarray:
        """So many blocks, `(samples, 2)`, with events in any order."""
        waiting, parts = sorted(events, key=lambda e: e.frame), []
        for _ in range(blocks):
            end = self.chain.frame + BLOCK
            now = [event for event in waiting if event.frame < end]
            waiting = waiting[len(now) :]
            parts.append(self.chain.make_block(now))
        return np.concatenate(parts)

    def change(self, rack: Rack) -> None:
        ready, self.problems = self.loader.ready(rack)
        self.chain.set_rack(ready)

    def swap(self, folder: Path) -> None:
        """Another default bundle."""
        self.loader.set_default(self.loader.candidate(folder))
        self.change(self.chain.rack)

    def play_until_silent(self, blocks: int = 800) -> None:
        for _ in range(blocks):
            if self.chain.silent:
                return
            self.play(1)
        raise AssertionError(f"still sounding: {self.chain.sounding}")


def peak(audio: Iterable) -> float:
    return float(np.abs(np.asarray(audio)).max())
