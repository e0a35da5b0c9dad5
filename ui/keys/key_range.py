"""Which keys are in view: all 128, the 88 of a piano, or fewer and wider ones, by zooming and scrolling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WHITE_SEMITONES: Final = (0, 2, 4, 5, 7, 9, 11)
OCTAVE_WHITES: Final = len(WHITE_SEMITONES)
ALL_WHITES: Final = 75  # of the 128 keys of MIDI, C-1 to G9
ZOOMS: Final = (ALL_WHITES, 52, 36, 29, 22, 15)  # white keys in view: 128, 88, 61, 49, 37, 25 keys
NAMES: Final = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
LOWEST_OCTAVE, HIGHEST_OCTAVE = -1, 8  # of the first key of a computer keyboard


def key_name(key: int) -> str:
    """60 is C4."""
    return f"{NAMES[key % 12]}{key // 12 - 1}"


def first_key_of(octave: int) -> int:
    """The C of an octave, 60 for the fourth; held within what a keyboard can play."""
    return 12 * (min(HIGHEST_OCTAVE, max(LOWEST_OCTAVE, octave)) + 1)


def is_black(key: int) -> bool:
    return key % 12 not in WHITE_SEMITONES


def white_key(index: int) -> int:
    """The MIDI key of a white key, counted from C-1."""
    return 12 * (index // OCTAVE_WHITES) + WHITE_SEMITONES[index % OCTAVE_WHITES]


def white_index(key: int) -> int:
    """Which white key a key is, or is right of if it is black."""
    return OCTAVE_WHITES * (key // 12) + sum(semitone <= key % 12 for semitone in WHITE_SEMITONES) - 1


@dataclass(frozen=True, slots=True)
class KeyRange:
    """`whites` white keys from the one of index `first_white` on, with the black ones between them."""

    first_white: int
    whites: int

    @property
    def keys(self) -> range:
        last = white_key(self.first_white + self.whites - 1)
        return range(white_key(self.first_white), last + 1)

    def zoomed(self, steps: int) -> KeyRange:
        """Closer (fewer and wider keys) for positive steps, round the middle."""
        level = min(len(ZOOMS) - 1, max(0, ZOOMS.index(self.whites) + steps))
        whites = ZOOMS[level]
        if whites == PIANO.whites:
            return PIANO
        return _held(self.first_white + (self.whites - whites) // 2, whites)

    def scrolled(self, whites: int) -> KeyRange:
        """To the right for a positive number of white keys, as far as there are keys."""
        return _held(self.first_white + whites, self.whites)

    def showing(self, low_key: int, high_key: int) -> KeyRange:
        """Scrolled as little as shows both keys, or the lower one if there is no room for both."""
        first = self.first_white
        first = max(first, white_index(min(127, high_key)) - self.whites + 1)
        first = min(first, white_index(max(0, low_key)))
        return self if first == self.first_white else _held(first, self.whites)


def _held(first_white: int, whites: int) -> KeyRange:
    return KeyRange(min(ALL_WHITES - whites, max(0, first_white)), whites)


PIANO: Final = KeyRange(white_index(21), 52)  # A0 to C8
