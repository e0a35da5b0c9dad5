"""Search as you type: words without accents and case, every one of which must be found, best hits first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

# Letters that no decomposition takes apart.
PLAIN: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
# What a word was found in, the best first; a query's rank is the sum over its words.
NAME_BEGINS, NUMBER_IS, WORD_BEGINS, IN_NAME, NUMBER_BEGINS, IN_FAMILY, IN_BUNDLE = range(7)
PHRASE_IS, PHRASE_BEGINS, PHRASE_WORDS = range(3)


@dataclass(frozen=True, slots=True)
class Words:
    """What an entry is found by, folded."""

    name: str
    number: str
    family: str
    bundle: str


class Findable(Protocol):
    @property
    def words(self) -> Words: ...


Found = TypeVar("Found", bound=Findable)


def fold(text: str) -> str:
    """Without case, accents and double spaces: `Flûte  à bec` becomes `flute a bec`. Twice is as once."""
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(PLAIN)
    apart = unicodedata.normalize("NFKD", plain)
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def words_of(name: str, number: str, family: str, bundle: str) -> Words:
    return Words(fold(name), number, fold(family), fold(bundle))


def search(query: str, entries: Iterable[Found]) -> Sequence[Found]:
    """The entries in which every word of the query is found, best first, else in their order.

    An empty query finds everything.
    """
    phrase = fold(query)
    asked = phrase.split()
    ranked = [(rank, entry) for entry in entries if (rank := _rank(phrase, asked, entry.words)) is not None]
    ranked.sort(key=lambda pair: pair[0])  # stable
    return [entry for _, entry in ranked]


def _rank(phrase: str, asked: Sequence[str], words: Words) -> tuple[int, int] | None:
    total = 0
    for word in asked:
        place = _place(word, words)
        if place is None:
            return None
        total += place
    if words.name == phrase:
        return PHRASE_IS, total
    return (PHRASE_BEGINS if words.name.startswith(phrase) else PHRASE_WORDS), total


def _place(word: str, words: Words) -> int | None:
    """The best place in which a word is found."""
    if words.name.startswith(word):
        return NAME_BEGINS
    if words.number == word:
        return NUMBER_IS
    if word in words.name:
        return WORD_BEGINS if f" {word}" in words.name or f"({word}" in words.name else IN_NAME
    if words.number.startswith(word):
        return NUMBER_BEGINS
    if word in words.family:
        return IN_FAMILY
    return IN_BUNDLE if word in words.bundle else None
