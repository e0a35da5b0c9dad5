"""Which notes of a performance stand free: where tuning, flutter and onset times can be read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neume.synth.events import DRUM_CHANNEL, ControlChange, MidiEvent, NoteOff, NoteOn, PitchBend

RATE_HZ: Final = 48_000
ATTACK_SAMPLES: Final = int(0.08 * RATE_HZ)  # left out of a held note
RING_SAMPLES: Final = int(0.15 * RATE_HZ)  # a note is still heard this long after its end
LEAST_HELD_SAMPLES: Final = int(0.3 * RATE_HZ)
MOST_HELD_SAMPLES: Final = int(1.5 * RATE_HZ)
CLEAR_BEFORE: Final = int(0.06 * RATE_HZ)  # no other onset this close to an isolated one
CLEAR_AFTER: Final = int(0.1 * RATE_HZ)
PEDAL, MODULATION = 64, 1


@dataclass(frozen=True, slots=True)
class NoteSpan:
    """A note from its onset to its release, by key or pedal, in samples."""

    channel: int
    key: int
    velocity: int
    onset: int
    end: int


@dataclass(frozen=True, slots=True)
class HeldRegion:
    """A stretch in which one held note sounds alone, its attack left out, in samples."""

    key: int
    start: int
    end: int


def note_spans(events: Sequence[MidiEvent], samples: int) -> list[NoteSpan]:
    """Every note in order of its onset; the pedal holds notes, and what never ends ends at `samples`."""
    spans: list[NoteSpan] = []
    down: dict[tuple[int, int], NoteOn] = {}
    pedalled: dict[tuple[int, int], NoteOn] = {}
    pedal: set[int] = set()

    def close(held: dict[tuple[int, int], NoteOn], place: tuple[int, int], frame: int) -> None:
        if note := held.pop(place, None):
            spans.append(NoteSpan(note.channel, note.key, note.velocity, note.frame, frame))

    for event in events:
        match event:
            case NoteOn():
                place = (event.channel, event.key)
                for held in (down, pedalled):
                    close(held, place, event.frame)
                down[place] = event
            case NoteOff():
                place = (event.channel, event.key)
                if event.channel in pedal and place in down:
                    pedalled[place] = down.pop(place)
                close(down, place, event.frame)
            case ControlChange(controller=64) if event.value >= 64:
                pedal.add(event.channel)
            case ControlChange(controller=64):
                pedal.discard(event.channel)
                for place in [p for p in pedalled if p[0] == event.channel]:
                    close(pedalled, place, event.frame)
    for held in (down, pedalled):
        for place in list(held):
            close(held, place, samples)
    return sorted(spans, key=lambda span: (span.onset, span.channel, span.key))


def isolated_onsets(spans: Sequence[NoteSpan]) -> list[int]:
    """Onsets with no other note's onset from 60 ms before to 100 ms after."""
    onsets = [span.onset for span in spans]  # ascending
    return [
        onset
        for index, onset in enumerate(onsets)
        if (index == 0 or onset - onsets[index - 1] > CLEAR_BEFORE)
        and (index + 1 == len(onsets) or onsets[index + 1] - onset > CLEAR_AFTER)
    ]


def held_regions(events: Sequence[MidiEvent], spans: Sequence[NoteSpan]) -> list[HeldRegion]:
    """For each melodic note the first 0.3 to 1.5 s in which it sounds alone, without bend or vibrato.

    Other notes count as sounding until 150 ms after their end; the first 80 ms of the note are left out.
    """
    moving = _moving(events)
    regions: list[HeldRegion] = []
    for span in spans:
        if span.channel == DRUM_CHANNEL:
            continue
        busy = [(other.onset, other.end + RING_SAMPLES) for other in spans if other is not span]
        free = _first_free(span.onset + ATTACK_SAMPLES, span.end, busy + moving)
        if free is not None:
            regions.append(HeldRegion(span.key, free[0], min(free[1], free[0] + MOST_HELD_SAMPLES)))
    return regions


def _first_free(start: int, end: int, busy: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    for begin, over in sorted(busy):
        if min(begin, end) - start >= LEAST_HELD_SAMPLES:
            return start, min(begin, end)
        start = max(start, over)
    return (start, end) if end - start >= LEAST_HELD_SAMPLES else None


def _moving(events: Sequence[MidiEvent]) -> list[tuple[int, int]]:
    """Stretches in which some channel's bend or modulation is not at rest."""
    since: dict[tuple[int, str], int] = {}
    stretches: list[tuple[int, int]] = []
    for event in events:
        if isinstance(event, PitchBend):
            place = (event.channel, "bend")
        elif isinstance(event, ControlChange) and event.controller == MODULATION:
            place = (event.channel, "modulation")
        else:
            continue
        if event.value:
            since.setdefault(place, event.frame)
        elif place in since:
            stretches.append((since.pop(place), event.frame))
    return stretches + [(start, 1 << 62) for start in since.values()]
