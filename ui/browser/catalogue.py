"""What the browser offers, as a value: the bundles that were found, and their programs.

bundle.search ─ shelf (off the panel's thread) ─▶ Catalogue ─▶ rows ─▶ model ─▶ list
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from neume.synth.bundle.search import ListedBundle
from neume.synth.manifest import Program
from neume.synth.voices import DRUM_PROGRAM

from .search_text import Words, words_of


@dataclass(frozen=True, slots=True)
class Instrument:
    """One program of one bundle. `relative` is the program that sounds for it, empty if it has its own."""

    bundle: str  # its id
    bundle_title: str
    program: int  # 0 to 127, 128 is the drum kit
    name: str
    family: str
    relative: str
    quality_db: float | None
    words: Words

    @property
    def number(self) -> str:
        """As musicians and keyboards count programs, from 1; the drum kit has none."""
        return number_of(self.program)

    @property
    def key(self) -> str:
        """How favourites and what was used lately name it."""
        return f"{self.bundle}:{self.program}"


@dataclass(frozen=True)
class Catalogue:
    """Every bundle in search order, and the instruments of those that can be played."""

    bundles: tuple[ListedBundle, ...] = ()
    instruments: tuple[Instrument, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Instrument]:
        return {instrument.key: instrument for instrument in self.instruments}

    @cached_property
    def by_bundle(self) -> Mapping[str, Sequence[Instrument]]:
        shelves: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            shelves.setdefault(instrument.bundle, []).append(instrument)
        return shelves

    @cached_property
    def families(self) -> tuple[str, ...]:
        """In the order in which they first come."""
        return tuple(dict.fromkeys(instrument.family for instrument in self.instruments))

    def listed(self, folder: str) -> ListedBundle | None:
        """The bundle of that folder."""
        return next((bundle for bundle in self.bundles if str(bundle.folder) == folder), None)

    def playable(self, bundle_id: str) -> ListedBundle | None:
        """The bundle that is played by that name."""
        return next((b for b in self.bundles if b.name == bundle_id and is_playable(b)), None)


def catalogue_of(bundles: Sequence[ListedBundle]) -> Catalogue:
    """A bad bundle has no instruments, and neither has one that another of the same name hides."""
    instruments = [
        _instrument(bundle, program, bundle.manifest.programs)
        for bundle in bundles
        if is_playable(bundle) and bundle.manifest is not None
        for program in bundle.manifest.programs
    ]
    return Catalogue(tuple(bundles), tuple(instruments))


def is_playable(bundle: ListedBundle) -> bool:
    return bundle.manifest is not None and not bundle.hidden


def title_of(bundle: ListedBundle) -> str:
    """A bundle's name, that of its folder if it is bad."""
    return bundle.manifest.bundle.name if bundle.manifest else bundle.name


def number_of(program: int) -> str:
    return "" if program == DRUM_PROGRAM else str(program + 1)


def _instrument(bundle: ListedBundle, program: Program, programs: Sequence[Program]) -> Instrument:
    own = program.substitute == program.number
    title = title_of(bundle)
    return Instrument(
        bundle=bundle.name,
        bundle_title=title,
        program=program.number,
        name=program.name,
        family=program.family,
        relative="" if own else programs[program.substitute].name,
        quality_db=programs[program.substitute].quality_db,
        words=words_of(program.name, number_of(program.number), program.family, f"{title} {bundle.name}"),
    )
