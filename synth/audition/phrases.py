"""What an instrument plays in an audition: a short phrase of its family, in its usual range.

Shapes are written around a root key; a program has a shape and a root. Programs are General MIDI's, which
every bundle's are too; 128 is the drum kit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..channels import MELODIC_BANK_MSB
from ..events import DRUM_CHANNEL, ControlChange, MidiEvent, NoteOff, NoteOn, ProgramChange
from ..midi_file import BANK_MSB, Performance
from ..voices import DRUM_PROGRAM, KEYS

PHRASES_VERSION: Final = 1  # another number with every change of what is played
PHRASE_CHANNEL: Final = 0


class PhraseNote(NamedTuple):
    start_s: float
    length_s: float
    semitones: int  # from the root
    velocity: int


def _run(semitones: str, step_s: float, length_s: float, velocity: int = 88) -> tuple[PhraseNote, ...]:
    """One note after another, the last one as long as two."""
    steps = [int(step) for step in semitones.split()]
    lengths = [length_s] * (len(steps) - 1) + [2.0 * length_s]
    return tuple(
        PhraseNote(index * step_s, length, step, velocity - 2 * (index % 2))
        for index, (step, length) in enumerate(zip(steps, lengths, strict=True))
    )


def _together(semitones: str, spread_s: float, length_s: float, velocity: int = 84) -> tuple[PhraseNote, ...]:
    """A chord, its notes begun `spread_s` apart, from the first one."""
    return tuple(
        PhraseNote(index * spread_s, length_s - index * spread_s, int(step), velocity)
        for index, step in enumerate(semitones.split())
    )


def _then(first: tuple[PhraseNote, ...], second: tuple[PhraseNote, ...]) -> tuple[PhraseNote, ...]:
    """Two chords, the second one when the first has ended."""
    after_s = max(note.start_s + note.length_s for note in first)
    return (*first, *(note._replace(start_s=note.start_s + after_s) for note in second))


SHAPES: Final[dict[str, tuple[PhraseNote, ...]]] = {
    "keys": _then(_together("-12 0 4 7", 0.0, 0.6), _together("-7 0 5 9", 0.0, 0.9)),
    "held": _together("-12 0 7 12 16", 0.0, 1.4),
    "swell": _together("-12 0 7 16", 0.08, 1.8),
    "strum": _together("0 7 12 16 19 24", 0.028, 1.4, 92),
    "fifth": _then(_together("0 7 12", 0.012, 0.35, 100), _together("3 10 15", 0.012, 1.0, 104)),
    "runs": _run("0 4 7 12 16 12", 0.14, 0.16),
    "harp": _run("-12 -8 -5 0 4 7 12 16 19 24", 0.09, 0.5),
    "walk": _run("0 7 9 10 12", 0.22, 0.2, 98),
    "line": _run("0 2 4 7 5 4", 0.2, 0.21),
    "slow": _run("0 4 7", 0.4, 0.42),
    "notes": _run("0 4 7 12", 0.24, 0.2, 100),
    "hits": _run("0 0 -5 0", 0.22, 0.2, 104),
    "once": (PhraseNote(0.0, 1.4, 0, 100),),
}

# Of each family of General MIDI in its order: the shape, or one for each program, and the root of each.
FAMILIES: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("keys", (60, 60, 60, 60, 60, 60, 60, 60)),  # piano
    ("runs", (72, 79, 72, 65, 60, 72, 60, 64)),  # chromatic percussion
    ("held", (60, 60, 60, 60, 60, 60, 67, 60)),  # organ
    ("strum strum strum strum runs fifth fifth slow", (40, 40, 40, 40, 45, 40, 40, 52)),  # guitar
    ("walk", (33, 28, 28, 33, 28, 28, 28, 28)),  # bass
    ("line line slow walk swell notes harp hits", (67, 60, 48, 33, 60, 60, 60, 45)),  # strings
    ("swell swell swell swell swell swell swell once", (60, 60, 60, 60, 60, 60, 60, 60)),  # ensemble
    ("line line walk line line swell keys keys", (65, 53, 34, 65, 55, 58, 58, 58)),  # brass
    ("line", (72, 63, 58, 50, 72, 62, 46, 62)),  # reed
    ("line", (81, 74, 76, 72, 72, 69, 79, 76)),  # pipe
    ("line", (69, 69, 72, 69, 64, 69, 62, 57)),  # synthetic lead
    ("swell", (60, 60, 60, 60, 60, 60, 60, 60)),  # synthetic pad
    ("swell", (60, 60, 60, 60, 60, 60, 60, 60)),  # synthetic effects
    ("notes notes notes notes runs line line line", (55, 57, 57, 60, 67, 69, 67, 70)),  # ethnic
    ("notes notes notes hits hits hits hits once", (76, 72, 67, 72, 50, 50, 50, 60)),  # percussive
    ("once", (60, 60, 60, 60, 60, 60, 60, 60)),  # sound effects
)
KICK, SNARE, CLOSED, OPEN, CRASH = 36, 38, 42, 46, 49
BEAT: Final = tuple(
    PhraseNote(0.2 * eighth, 0.1, key, velocity)
    for key, velocity, eighths in (
        (CRASH, 84, (0,)),
        (KICK, 108, (0, 3, 4)),
        (SNARE, 104, (2, 6)),
        (CLOSED, 76, (1, 2, 3, 4, 5, 6)),
        (OPEN, 80, (7,)),
    )
    for eighth in eighths
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """`notes` lie above `root`; a kit's are keys themselves, with a root of 0."""

    notes: tuple[PhraseNote, ...]
    root: int

    @property
    def length_s(self) -> float:
        return max(note.start_s + note.length_s for note in self.notes)


def phrase_of(program: int) -> Phrase:
    if program == DRUM_PROGRAM:
        return Phrase(BEAT, 0)
    shapes, roots = FAMILIES[program // 8]
    names = shapes.split()
    return Phrase(SHAPES[names[program % 8 % len(names)]], roots[program % 8])


def phrase_performance(program: int, rate_hz: int) -> Performance:
    """The phrase as a performance of its own, ready for the renderer."""
    phrase = phrase_of(program)
    channel = DRUM_CHANNEL if program == DRUM_PROGRAM else PHRASE_CHANNEL
    events: list[MidiEvent] = []
    if program != DRUM_PROGRAM:
        events += [
            ControlChange(0, channel, BANK_MSB, MELODIC_BANK_MSB),
            ProgramChange(0, channel, program),
        ]
    events += sorted(_note_events(phrase, channel, rate_hz), key=lambda event: event.frame)
    return Performance(tuple(events), round(phrase.length_s * rate_hz), ("",), (), f"program {program}")


def _note_events(phrase: Phrase, channel: int, rate_hz: int) -> Iterator[NoteOn | NoteOff]:
    """Releases first, so that a key that is struck again sounds again."""
    ends = [(note.start_s + note.length_s, note) for note in phrase.notes]
    for end_s, note in ends:
        yield NoteOff(round(end_s * rate_hz) - 1, channel, _key(phrase, note))
    for note in phrase.notes:
        yield NoteOn(round(note.start_s * rate_hz), channel, _key(phrase, note), note.velocity)


def _key(phrase: Phrase, note: PhraseNote) -> int:
    return min(KEYS - 1, max(0, phrase.root + note.semitones))
