"""The lines of the instrument list: a tree of bundles and families, or a flat list of what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

from neume.synth.bundle.search import ListedBundle

from .catalogue import Catalogue, Instrument, is_playable, title_of
from .search_text import fold, search

ALL: Final = "all"
FAVOURITES: Final = "favourites"
RECENTS: Final = "recents"
FAMILY: Final = "family:"  # with the family's name behind it


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle's headline; `default` is the one that the engine plays where no other is named."""

    bundle: ListedBundle
    is_open: bool
    default: bool

    @property
    def key(self) -> str:
        return str(self.bundle.folder)


@dataclass(frozen=True, slots=True)
class FamilyRow:
    bundle: str
    family: str
    count: int
    is_open: bool

    @property
    def key(self) -> str:
        return f"{self.bundle}/{self.family}"


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """`with_bundle`: it stands without headlines beside those of other bundles, so it must say its own."""

    instrument: Instrument
    favourite: bool
    with_bundle: bool

    @property
    def key(self) -> str:
        return self.instrument.key


Row: TypeAlias = BundleRow | FamilyRow | InstrumentRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for. `closed`: keys of headlines whose lines are folded away."""

    query: str = ""
    filter: str = ALL
    favourites: tuple[str, ...] = ()
    recents: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()
    default_bundle: str = ""


def rows_of(catalogue: Catalogue, wanted: Wanted) -> list[Row]:
    """A tree if everything is wanted; else the instruments asked for, without headlines.

    A search also finds bundles that cannot be played, by their names.
    """
    if wanted.filter == ALL and not fold(wanted.query):
        return list(_tree(catalogue, wanted))
    several = len(catalogue.by_bundle) > 1
    starred = frozenset(wanted.favourites)
    found = search(wanted.query, _filtered(catalogue, wanted))
    rows: list[Row] = [InstrumentRow(i, i.key in starred, several) for i in found]
    return rows + _unplayable(catalogue, wanted)


def _tree(catalogue: Catalogue, wanted: Wanted) -> Iterator[Row]:
    """The default bundle first, what cannot be played last."""
    starred = frozenset(wanted.favourites)
    rows = [_bundle_row(bundle, wanted) for bundle in catalogue.bundles]
    for row in sorted(rows, key=lambda row: (not row.default, not is_playable(row.bundle))):
        bundle = row.bundle
        yield row
        if row.is_open:
            yield from _families(catalogue.by_bundle[bundle.name], wanted.closed, starred)


def _families(
    instruments: Sequence[Instrument], closed: Collection[str], starred: Collection[str]
) -> Iterator[Row]:
    for family, members in groupby(instruments, key=lambda instrument: instrument.family):
        within = list(members)
        row = FamilyRow(within[0].bundle, family, len(within), True)
        if row.key in closed:
            yield FamilyRow(within[0].bundle, family, len(within), False)
        else:
            yield row
            yield from (InstrumentRow(i, i.key in starred, False) for i in within)


def _filtered(catalogue: Catalogue, wanted: Wanted) -> Sequence[Instrument]:
    """What passes the filter, in its order; a favourite whose bundle is not there now is left out."""
    if wanted.filter in (FAVOURITES, RECENTS):
        keys = wanted.favourites if wanted.filter == FAVOURITES else wanted.recents
        return [catalogue.by_key[key] for key in dict.fromkeys(keys) if key in catalogue.by_key]
    if wanted.filter.startswith(FAMILY):
        family = wanted.filter.removeprefix(FAMILY)
        return [i for i in catalogue.instruments if i.family == family]
    return catalogue.instruments


def _unplayable(catalogue: Catalogue, wanted: Wanted) -> list[Row]:
    asked = fold(wanted.query).split()
    if wanted.filter != ALL:
        return []
    bad = [bundle for bundle in catalogue.bundles if not is_playable(bundle)]
    named = [(bundle, fold(f"{title_of(bundle)} {bundle.name}")) for bundle in bad]
    return [_bundle_row(b, wanted) for b, name in named if all(word in name for word in asked)]


def _bundle_row(bundle: ListedBundle, wanted: Wanted) -> BundleRow:
    playable = is_playable(bundle)
    is_open = playable and str(bundle.folder) not in wanted.closed
    return BundleRow(bundle, is_open, playable and bundle.name == wanted.default_bundle)
