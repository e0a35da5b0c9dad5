"""Recording a live rack: takes on request, and what was played before anybody asked.

Beside the engine: the history hears what the renderer is told, the feed what the device has played. The rack
goes into a file beside each take from its beginning, so that it can be rendered again, whatever ends it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from .errors import NeumeError, UsageError
from .events import MidiEvent
from .rack.part import Rack
from .rack.preset_write import preset_text, write_preset
from .rack_chain import RackChain
from .takes import Feed, FinishedTake, History, Recipe, Retrospect, Take, live_recipe, rack_path, told_to

MAX_RACKS: Final = 256


def rack_hash(rack: Rack) -> str:
    """What a recipe calls a rack: SHA-256 of its preset's text."""
    return hashlib.sha256(preset_text(rack).encode()).hexdigest()


class LiveTakes:
    """The recordings of one live rack. Its owner calls what is not said to be the render thread's."""

    def __init__(self, chain: RackChain, *, remembers: bool) -> None:
        """`remembers` keeps the last half hour on the disk, in the user's cache."""
        self._chain = chain
        self._steps, self._rack_hash = chain.renderer.steps, rack_hash(chain.rack)
        self._racks = {self._rack_hash: chain.rack}  # those that the take under way may have begun with
        self._history = History(self._recipe())
        self.heard: Callable[[Sequence[MidiEvent]], None] = told_to(self._history, chain)  # render thread
        self.feed = Feed()
        self._take: Take | None = None
        self._target = Path()
        self._retrospect = Retrospect(self._history) if remembers else None
        if self._retrospect is not None:
            self.feed.add(self._retrospect)

    @property
    def recording(self) -> bool:
        return self._take is not None

    @property
    def problem(self) -> NeumeError | None:
        """Of the take under way."""
        return None if self._take is None else self._take.problem

    def changed(self, *, rack: str | None = None, steps: int | None = None) -> None:
        """The chain plays the rack of that hash, or with so many steps, from its next block on. On the render
        thread, so that the hash is the owner's to work out."""
        self._rack_hash = rack or self._rack_hash
        self._steps = self._steps if steps is None else steps
        if self._take is not None and len(self._racks) < MAX_RACKS:
            self._racks[self._rack_hash] = self._chain.rack
        self._history.change(self._recipe(), self._chain.frame)

    def disturbed(self, frame: int) -> None:
        """The block at `frame` is not what the recipe makes. On the render thread."""
        self._history.disturbed(frame)

    def start(self, target: Path, frame: int | None = None) -> None:
        """Record into a WAV or FLAC file from `frame` on, or from the next block on.

        Raises UsageError for another suffix or a second take, OutputError for a file that cannot be made.
        """
        if self._take is not None:
            raise UsageError(f"{self._target} is being recorded: end that take first")
        take = Take(target, self._history, rack_text=self._rack_text)
        self._racks = {self._rack_hash: self._chain.rack}
        self._take, self._target = take, target  # from here on, changes of the rack are noted
        take.start(frame)
        self.feed.add(take)

    def stop(self) -> FinishedTake | None:
        """End the take, if there is one, and give its files their names."""
        take, self._take = self._take, None
        if take is None:
            return None
        self.feed.remove(take)
        return take.finish()

    def keep(self, target: Path) -> None:
        """Save what sounded in the last half hour. Raises UsageError where nothing is remembered."""
        if self._retrospect is None:
            raise UsageError("what was played is not remembered here: record it instead")
        self._retrospect.keep(target)
        write_preset(self._chain.rack, rack_path(target))

    def close(self) -> None:
        """End what is under way. Harmless if nothing is."""
        self.stop()
        if self._retrospect is not None:
            self._retrospect.close()

    def _rack_text(self, preset: str) -> str:
        """The rack of that hash. On the writer's thread of a take."""
        return preset_text(self._racks.get(preset, self._chain.rack))

    def _recipe(self) -> Recipe:
        chain = self._chain
        recipe = live_recipe(
            chain.bundle, chain.renderer, chain.arrangement, self._rack_hash, chain.other_bundles
        )
        steps = self._steps  # those asked for, not those left under load
        return replace(recipe, steps=steps, mpe=chain.router.hears_mpe)
