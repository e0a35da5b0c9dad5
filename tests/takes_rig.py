"""What tests of takes share: a recipe, and a chain that is played live block by block, as the engine does."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import cycle

import numpy as np

from neume.synth.arrangement import live_arrangement
from neume.synth.chain import Chain
from neume.synth.takes import Feed, History, Recipe, live_recipe, on_time, told_to

RATE_HZ = 48_000
BLOCK = 512
LOOKAHEAD = 256
RECIPE = Recipe(
    bundle="tiny",
    bundle_version="0.1.0",
    bundle_sha256="0" * 64,
    seed=7,
    steps=2,
    rate_hz=RATE_HZ,
    block_samples=BLOCK,
    lookahead_samples=LOOKAHEAD,
    stream_of=tuple(range(16)),
)


def recipe(**changes):
    return replace(RECIPE, **changes)


def ramp(begin, frames):
    """Stereo frames that tell their position in the stream, exact in 24 bits; none of them is silent."""
    left = (np.arange(begin, begin + frames) % 2**20 + 1) / 2**23
    return np.stack([left, -left], axis=1).astype(np.float32)


class LivePlaying:
    """A chain with its history, whose samples reach the feed some blocks later, in a device's block sizes."""

    def __init__(self, bundle, stages, sizes=(128,), ahead=3, arrangement=None, **options):
        self.chain = Chain(bundle, stages, arrangement or live_arrangement(), **options)
        self.recipe = live_recipe(bundle, self.chain.renderer, self.chain.arrangement)
        self.history = History(self.recipe)
        self._told = told_to(self.history, self.chain)
        self.feed = Feed()
        self.made = []
        self._sizes = cycle(sizes)
        self._ahead = ahead * self.chain.block_samples
        self._waiting = deque()

    def play(self, events, until):
        """Render all blocks that begin before frame `until`, with those of `events` that are to come."""
        waiting = [event for event in events if event.frame >= self.chain.frame]
        while (frame := self.chain.frame) < until:
            end = frame + self.chain.block_samples
            due = on_time([event for event in waiting if event.frame < end], frame)
            waiting = [event for event in waiting if event.frame >= end]
            self._told(due)
            self.made.append(self.chain.make_block(due))
            self._hand_over(len(self.made) * self.chain.block_samples - self._ahead)

    def play_out(self, position):
        """Let the device play up to a position of the stream and stop there; it must be rendered already."""
        assert self.feed.position <= position <= len(self.made) * self.chain.block_samples
        self._hand_over(position)

    def audio(self, recipe):
        """What the chain made where a take's audio is."""
        return np.concatenate(self.made)[slice(*recipe.audio_span)]

    def _hand_over(self, end):
        while self.feed.position < end:
            begin = self.feed.position
            size = min(next(self._sizes), end - begin)
            block = self.chain.block_samples
            pieces = self.made[begin // block : -(-(begin + size) // block)]
            first = begin % block
            self.feed.put(np.concatenate(pieces)[first : first + size])
